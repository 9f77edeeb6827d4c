"""Whole-brain functional recordings: opened lazily, analysed on threads or Spark, shown in napari.

The public names are imported when they are first used, so that `import napari_thunder` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "analysis": (
        "WeightedSums",
        "FrameSimilarity",
        "Projection",
        "RasterOrder",
        "PopulationDecoding",
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
        "DirectionTuning",
        "TuningMoments",
        "GaussianTuning",
        "VonMisesTuning",
        "Downsample",
        "EventAverage",
        "FactorAnalysis",
        "FeatureTuning",
        "Fourier",
        "HierarchicalClustering",
        "KMeans",
        "LocalCorrelation",
        "MeanRegression",
        "MotionShare",
        "OrientationTuning",
        "PanelAverage",
        "ReducedRankRegression",
        "Regression",
        "RegressionWithPCA",
        "RemoveGlobalSignal",
        "RidgeRegression",
        "SeedCorrelation",
        "SelectFrames",
        "SpatialSmoothing",
        "Subsample",
        "SummaryImages",
        "Trajectories",
        "TuningReliability",
        "TwoConditions",
        "VoxelDecoding",
    ),
    "analysis.preprocessing": (
        "DeltaFOverF",
        "Detrend",
        "RemoveSignals",
        "Squelch",
        "TemporalFilter",
        "ZScore",
    ),
    "analysis.own.model": ("OwnModel", "own_model"),
    "analysis.own.notes": ("model",),
    "analysis.registry": ("analyses",),
    "chaining": ("maps_as_recording",),
    "differences": ("difference",),
    "display.maps": ("MapChoice",),
    "engine": ("Engine", "Job", "connect"),
    "errors": ("ThunderError",),
    "export": ("export_csv", "export_npz", "export_ome_zarr", "export_tiff"),
    "io.slice_timed": ("SliceTiming",),
    "judging": ("Quality", "Verdict", "judge", "verdict_of"),
    "pipeline": ("run", "stream"),
    "preparing": ("Preparation", "PreparationPlan", "Verification", "plan_preparation", "prepare", "verify"),
    "recording": ("Recording", "open"),
    "registering": ("register", "shifts_of", "stream_registration"),
    "registration.settings": ("Registration",),
    "registration.shift_files": ("read_shifts", "write_shifts"),
    "registration.slice_timing": ("shifts_of_planes",),
    "reporting": ("report",),
    "reproduce": ("as_command_line", "as_python"),
    "result": ("load_result", "rerun", "save_result"),
    "simulation": ("Motion", "ground_truth", "simulate"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

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
    "Engine",
    "EventAverage",
    "FactorAnalysis",
    "FeatureTuning",
    "Fourier",
    "FrameSimilarity",
    "GaussianTuning",
    "HierarchicalClustering",
    "Job",
    "KMeans",
    "LocalCorrelation",
    "MapChoice",
    "MeanRegression",
    "Motion",
    "MotionShare",
    "OrientationTuning",
    "OwnModel",
    "PanelAverage",
    "PopulationDecoding",
    "Preparation",
    "PreparationPlan",
    "Projection",
    "Quality",
    "RasterOrder",
    "Recording",
    "ReducedRankRegression",
    "Registration",
    "Regression",
    "RegressionWithPCA",
    "RemoveGlobalSignal",
    "RemoveSignals",
    "RidgeRegression",
    "SeedCorrelation",
    "SelectFrames",
    "SliceTiming",
    "SpatialSmoothing",
    "Squelch",
    "Subsample",
    "SummaryImages",
    "TemporalFilter",
    "ThunderError",
    "Trajectories",
    "TuningMoments",
    "TuningReliability",
    "TwoConditions",
    "Verdict",
    "Verification",
    "VonMisesTuning",
    "VoxelDecoding",
    "WeightedSums",
    "ZScore",
    "__version__",
    "analyses",
    "as_command_line",
    "as_python",
    "connect",
    "difference",
    "export_csv",
    "export_npz",
    "export_ome_zarr",
    "export_tiff",
    "ground_truth",
    "judge",
    "load_result",
    "maps_as_recording",
    "model",
    "open",
    "own_model",
    "plan_preparation",
    "prepare",
    "read_shifts",
    "register",
    "report",
    "rerun",
    "run",
    "save_result",
    "shifts_of",
    "shifts_of_planes",
    "simulate",
    "stream",
    "stream_registration",
    "verdict_of",
    "verify",
    "write_shifts",
]

if TYPE_CHECKING:
    from napari_thunder.analysis import (
        ICA,
        JPCA,
        NMF,
        PCA,
        AveragePanels,
        AverageTrials,
        BandPower,
        Baseline,
        BehaviourModulation,
        BilinearRegression,
        ConditionStatistics,
        Convolve,
        Correlation,
        CorrelationMatrix,
        CutTrials,
        DirectionTuning,
        Downsample,
        EventAverage,
        FactorAnalysis,
        FeatureTuning,
        Fourier,
        FrameSimilarity,
        GaussianTuning,
        HierarchicalClustering,
        KMeans,
        LocalCorrelation,
        MeanRegression,
        MotionShare,
        OrientationTuning,
        PanelAverage,
        PopulationDecoding,
        Projection,
        RasterOrder,
        ReducedRankRegression,
        Regression,
        RegressionWithPCA,
        RemoveGlobalSignal,
        RidgeRegression,
        SeedCorrelation,
        SelectFrames,
        SpatialSmoothing,
        Subsample,
        SummaryImages,
        Trajectories,
        TuningMoments,
        TuningReliability,
        TwoConditions,
        VonMisesTuning,
        VoxelDecoding,
        WeightedSums,
    )
    from napari_thunder.analysis.own.model import OwnModel, own_model
    from napari_thunder.analysis.own.notes import model
    from napari_thunder.analysis.preprocessing import (
        DeltaFOverF,
        Detrend,
        RemoveSignals,
        Squelch,
        TemporalFilter,
        ZScore,
    )
    from napari_thunder.analysis.registry import analyses
    from napari_thunder.chaining import maps_as_recording
    from napari_thunder.differences import difference
    from napari_thunder.display.maps import MapChoice
    from napari_thunder.engine import Engine, Job, connect
    from napari_thunder.errors import ThunderError
    from napari_thunder.export import export_csv, export_npz, export_ome_zarr, export_tiff
    from napari_thunder.io.slice_timed import SliceTiming
    from napari_thunder.judging import Quality, Verdict, judge, verdict_of
    from napari_thunder.pipeline import run, stream
    from napari_thunder.preparing import (
        Preparation,
        PreparationPlan,
        Verification,
        plan_preparation,
        prepare,
        verify,
    )
    from napari_thunder.recording import Recording, open
    from napari_thunder.registering import register, shifts_of, stream_registration
    from napari_thunder.registration.settings import Registration
    from napari_thunder.registration.shift_files import read_shifts, write_shifts
    from napari_thunder.registration.slice_timing import shifts_of_planes
    from napari_thunder.reporting import report
    from napari_thunder.reproduce import as_command_line, as_python
    from napari_thunder.result import load_result, rerun, save_result
    from napari_thunder.simulation import Motion, ground_truth, simulate


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
