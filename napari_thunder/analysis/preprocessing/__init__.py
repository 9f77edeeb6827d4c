"""What is done to the series before an analysis."""

from napari_thunder.analysis.preprocessing.delta_f_over_f import DeltaFOverF
from napari_thunder.analysis.preprocessing.detrend import Detrend
from napari_thunder.analysis.preprocessing.remove_signals import RemoveSignals
from napari_thunder.analysis.preprocessing.squelch import Squelch
from napari_thunder.analysis.preprocessing.temporal_filter import TemporalFilter
from napari_thunder.analysis.preprocessing.z_score import ZScore

__all__ = ["DeltaFOverF", "Detrend", "RemoveSignals", "Squelch", "TemporalFilter", "ZScore"]
