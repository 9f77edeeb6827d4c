"""The same work without a window: `napari-thunder COMMAND`; one command a module."""

from napari_thunder.cli.main import FAILED, INTERRUPTED, OK, USAGE, main

__all__ = ["FAILED", "INTERRUPTED", "OK", "USAGE", "main"]
