"""Analyses: parameters plus numpy code on one block of time series, shape (t, voxels)."""

from napari_thunder.analysis.correlation import Correlation
from napari_thunder.analysis.event_average import EventAverage
from napari_thunder.analysis.factors import PCA
from napari_thunder.analysis.filtering import RemoveSignals, Squelch, TemporalFilter
from napari_thunder.analysis.preprocessing import DeltaFOverF, Detrend, ZScore
from napari_thunder.analysis.regression import Regression
from napari_thunder.analysis.spectral import BandPower, Fourier
from napari_thunder.analysis.summary import SummaryImages
from napari_thunder.analysis.tuning import DirectionTuning

__all__ = [
    "PCA",
    "BandPower",
    "Correlation",
    "DeltaFOverF",
    "Detrend",
    "DirectionTuning",
    "EventAverage",
    "Fourier",
    "Regression",
    "RemoveSignals",
    "Squelch",
    "SummaryImages",
    "TemporalFilter",
    "ZScore",
]
