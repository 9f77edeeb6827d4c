"""What is done to the series before an analysis."""

from napari_thunder.analysis.preprocessing.convolve import Convolve
from napari_thunder.analysis.preprocessing.delta_f_over_f import DeltaFOverF
from napari_thunder.analysis.preprocessing.detrend import Detrend
from napari_thunder.analysis.preprocessing.downsample import Downsample
from napari_thunder.analysis.preprocessing.global_signal import RemoveGlobalSignal
from napari_thunder.analysis.preprocessing.remove_signals import RemoveSignals
from napari_thunder.analysis.preprocessing.spatial_smoothing import SpatialSmoothing
from napari_thunder.analysis.preprocessing.squelch import Squelch
from napari_thunder.analysis.preprocessing.subsample import Subsample
from napari_thunder.analysis.preprocessing.temporal_filter import TemporalFilter
from napari_thunder.analysis.preprocessing.z_score import ZScore

__all__ = [
    "Convolve",
    "DeltaFOverF",
    "Detrend",
    "Downsample",
    "RemoveGlobalSignal",
    "RemoveSignals",
    "SpatialSmoothing",
    "Squelch",
    "Subsample",
    "TemporalFilter",
    "ZScore",
]
