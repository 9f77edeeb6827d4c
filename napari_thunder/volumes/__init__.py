"""The array behind a layer: newest-wins fetching, prefetch, bounded cache; and what views of a recording it brings."""

from napari_thunder.volumes.array import VolumeArray
from napari_thunder.volumes.baseline import baseline_volume
from napari_thunder.volumes.contrast import contrast_limits
from napari_thunder.volumes.reader import DirectReader, EngineReader, VolumeReader
from napari_thunder.volumes.views import MovieView, Sight, ViewKind, sight_of

__all__ = [
    "DirectReader",
    "EngineReader",
    "MovieView",
    "Sight",
    "ViewKind",
    "VolumeArray",
    "VolumeReader",
    "baseline_volume",
    "contrast_limits",
    "sight_of",
]
