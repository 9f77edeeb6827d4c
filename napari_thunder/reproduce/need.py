"""Whether a recipe takes files."""

from __future__ import annotations

import xarray as xr

from napari_thunder.reproduce.command_line import as_command_line
from napari_thunder.reproduce.python import as_python
from napari_thunder.reproduce.recipe import NeedsFolderError


def needs_folder(result: xr.Dataset, *, command_line: bool) -> bool:
    """Whether making it again takes files that have to be written somewhere; looks only."""
    try:
        (as_command_line if command_line else as_python)(result)
    except NeedsFolderError:
        return True
    return False
