"""Analyses: parameters plus numpy code on one block of time series, shape (t, voxels)."""

from napari_thunder.analysis.clusters.hierarchical import HierarchicalClustering
from napari_thunder.analysis.clusters.k_means import KMeans
from napari_thunder.analysis.correlation.local import LocalCorrelation
from napari_thunder.analysis.correlation.matrix import CorrelationMatrix
from napari_thunder.analysis.correlation.seed import SeedCorrelation
from napari_thunder.analysis.correlation.signals import Correlation
from napari_thunder.analysis.decoding.population import PopulationDecoding
from napari_thunder.analysis.decoding.two_conditions import TwoConditions
from napari_thunder.analysis.decoding.voxels import VoxelDecoding
from napari_thunder.analysis.events.average import EventAverage
from napari_thunder.analysis.events.conditions import ConditionStatistics
from napari_thunder.analysis.events.panels import AveragePanels, PanelAverage
from napari_thunder.analysis.events.select_frames import SelectFrames
from napari_thunder.analysis.events.trial_steps import AverageTrials, CutTrials
from napari_thunder.analysis.factors.factor_analysis import FactorAnalysis
from napari_thunder.analysis.factors.ica import ICA
from napari_thunder.analysis.factors.nmf import NMF
from napari_thunder.analysis.factors.pca import PCA
from napari_thunder.analysis.population.jpca import JPCA
from napari_thunder.analysis.population.raster import RasterOrder
from napari_thunder.analysis.population.trajectories import Trajectories
from napari_thunder.analysis.preprocessing import (
    Convolve,
    DeltaFOverF,
    Detrend,
    Downsample,
    RemoveGlobalSignal,
    RemoveSignals,
    SpatialSmoothing,
    Squelch,
    Subsample,
    TemporalFilter,
    ZScore,
)
from napari_thunder.analysis.regression.bilinear import BilinearRegression
from napari_thunder.analysis.regression.condition_means import MeanRegression
from napari_thunder.analysis.regression.ordinary import Regression
from napari_thunder.analysis.regression.reduced_rank import ReducedRankRegression
from napari_thunder.analysis.regression.ridge import RidgeRegression
from napari_thunder.analysis.regression.with_pca import RegressionWithPCA
from napari_thunder.analysis.spectral.fourier import BandPower, Fourier
from napari_thunder.analysis.summary.baseline import Baseline
from napari_thunder.analysis.summary.frames import FrameSimilarity
from napari_thunder.analysis.summary.images import SummaryImages
from napari_thunder.analysis.summary.motion import MotionShare
from napari_thunder.analysis.summary.projections import Projection
from napari_thunder.analysis.summary.weighted_sums import WeightedSums
from napari_thunder.analysis.tuning.behaviour import BehaviourModulation
from napari_thunder.analysis.tuning.direction import DirectionTuning
from napari_thunder.analysis.tuning.features import FeatureTuning
from napari_thunder.analysis.tuning.gaussian import GaussianTuning
from napari_thunder.analysis.tuning.moments import TuningMoments
from napari_thunder.analysis.tuning.orientation import OrientationTuning
from napari_thunder.analysis.tuning.reliability import TuningReliability
from napari_thunder.analysis.tuning.von_mises import VonMisesTuning

__all__ = [
    "ICA",
    "JPCA",
    "NMF",
    "PCA",
    "AveragePanels",
    "AverageTrials",
    "BandPower",
    "Baseline",
    "BehaviourModulation",
    "BilinearRegression",
    "ConditionStatistics",
    "Convolve",
    "Correlation",
    "CorrelationMatrix",
    "CutTrials",
    "DeltaFOverF",
    "Detrend",
    "DirectionTuning",
    "Downsample",
    "EventAverage",
    "FactorAnalysis",
    "FeatureTuning",
    "Fourier",
    "FrameSimilarity",
    "GaussianTuning",
    "HierarchicalClustering",
    "KMeans",
    "LocalCorrelation",
    "MeanRegression",
    "MotionShare",
    "OrientationTuning",
    "PanelAverage",
    "PopulationDecoding",
    "Projection",
    "RasterOrder",
    "ReducedRankRegression",
    "Regression",
    "RegressionWithPCA",
    "RemoveGlobalSignal",
    "RemoveSignals",
    "RidgeRegression",
    "SeedCorrelation",
    "SelectFrames",
    "SpatialSmoothing",
    "Squelch",
    "Subsample",
    "SummaryImages",
    "TemporalFilter",
    "Trajectories",
    "TuningMoments",
    "TuningReliability",
    "TwoConditions",
    "VonMisesTuning",
    "VoxelDecoding",
    "WeightedSums",
    "ZScore",
]
