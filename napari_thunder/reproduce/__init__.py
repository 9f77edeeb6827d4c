"""A result's provenance as a program: Python, or a command line, that gives the same numbers again."""

from napari_thunder.reproduce.command_line import as_command_line
from napari_thunder.reproduce.need import needs_folder
from napari_thunder.reproduce.python import as_python
from napari_thunder.reproduce.recipe import Recipe

__all__ = ["Recipe", "as_command_line", "as_python", "needs_folder"]
