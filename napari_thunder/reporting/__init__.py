"""A registration as one page that is read without the program."""

from napari_thunder.reporting.page import report

__all__ = ["report"]
