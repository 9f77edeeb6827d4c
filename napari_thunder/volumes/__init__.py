"""The array behind a layer: newest-wins fetching, prefetch, bounded cache."""

from napari_thunder.volumes.array import VolumeArray
from napari_thunder.volumes.contrast import contrast_limits
from napari_thunder.volumes.reader import DirectReader, EngineReader, VolumeReader

__all__ = ["DirectReader", "EngineReader", "VolumeArray", "VolumeReader", "contrast_limits"]
