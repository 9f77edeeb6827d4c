"""Reading the movies the field writes."""

from napari_thunder.io.registry import Format, find_format, formats, open_source
from napari_thunder.io.source import Metadata, Source

__all__ = ["Format", "Metadata", "Source", "find_format", "formats", "open_source"]
