"""A first look within two seconds: the analysis of few voxels, or of few blocks where it needs neighbours."""

from napari_thunder.preview.few_voxels import MOST_VOXELS, grid_of, scattered
from napari_thunder.preview.looking import look, preview

__all__ = ["MOST_VOXELS", "grid_of", "look", "preview", "scattered"]
