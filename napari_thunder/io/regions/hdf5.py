"""Cells in HDF5 files of other programs: CaImAn's results, and the `PlaneSegmentation` of NWB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_thunder.errors import RecordingError, RegionError
from napari_thunder.io.hdf5_file import open_hdf5
from napari_thunder.io.regions import caiman, nwb
from napari_thunder.regions import Box, Region

if TYPE_CHECKING:
    import h5py


def read(path: Path, volume: Box, plane: int | None, say: Callable[[str], None]) -> list[Region]:
    """Read the cells of whichever program wrote the file."""
    with opened(path) as file:
        if caiman.is_caiman(file):
            return caiman.regions_in(file, path, volume, plane, say)
        if nwb.segmentations(file):
            return nwb.regions_in(file, path, volume, plane, say)
    raise RegionError(f"{path}: holds neither cells of CaImAn (estimates/A) nor a PlaneSegmentation of NWB.")


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """An HDF5 file, with what goes wrong in it as RegionError."""
    try:
        with open_hdf5(path) as file:
            yield file
    except RecordingError as error:
        raise RegionError(str(error)) from error
    except (OSError, KeyError) as error:
        raise RegionError(f"{path}: is damaged, or not as its program writes it ({error}).") from error
