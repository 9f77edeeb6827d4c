"""What a voxel may be."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError


def check_voxel_type(dtype: np.dtype[Any], where: str) -> np.dtype[Any]:
    """The type in native byte order, if it is a real number.

    Raises
    ------
    RecordingError
        If it is not; `where` names the file.
    """
    if dtype.hasobject:
        raise RecordingError(
            f"{where}: it holds Python objects (pickled), which are not read for safety. Save plain numbers."
        )
    if dtype.kind not in "uifb":
        hint = " Save its real part or its magnitude." if dtype.kind == "c" else ""
        raise RecordingError(f"{where}: voxels must be real numbers, but it holds {dtype}.{hint}")
    return dtype.newbyteorder("=")
