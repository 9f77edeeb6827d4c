"""The state behind the windows, without Qt."""

from napari_thunder.models.desk import Desk

__all__ = ["Desk"]
