"""Preparing recordings from the window: wishes, plans, runs."""

from napari_thunder.models.preparing.forecast import Forecast
from napari_thunder.models.preparing.preparings import Preparings
from napari_thunder.models.preparing.standing import Place, Standing
from napari_thunder.models.preparing.wish import Keep, Motion, Wish, suggested_path

__all__ = ["Forecast", "Keep", "Motion", "Place", "Preparings", "Standing", "Wish", "suggested_path"]
