"""Which format a file of regions is in, by its ending."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from napari_thunder.errors import RecordingError, RegionError
from napari_thunder.io.regions.suite2p import planes_of
from napari_thunder.io.uri import local_path
from napari_thunder.io.whole import written_whole
from napari_thunder.regions import Box, Region

log = logging.getLogger(__name__)

Say = Callable[[str], None]
VoxelSize = tuple[float, float, float]

MOST_REGIONS = 10_000


@dataclass(frozen=True, slots=True)
class RegionFormat:
    """A format that regions are read from and written to.

    Parameters
    ----------
    name
        As a person calls it.
    suffixes
        Endings of its files, the usual one first.
    module
        Where its `read(path, volume, plane, say)` and `write(regions, path, voxel_size)` are.
    is_written
        Whether this program writes it too.
    may_be_pickled
        Whether its `read` takes `allow_pickle`.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    is_written: bool = True
    may_be_pickled: bool = False

    def read(self, path: Path, volume: Box, plane: int | None, say: Say, *, allow_pickle: bool = False) -> list[Region]:
        """The regions in a file."""
        more = {"allow_pickle": allow_pickle} if self.may_be_pickled else {}
        found: list[Region] = import_module(self.module).read(path, volume, plane, say, **more)
        return found

    def write(self, regions: Sequence[Region], path: Path, voxel_size: VoxelSize | None) -> None:
        """Write regions to a file that is not there yet."""
        import_module(self.module).write(regions, path, voxel_size)


def region_formats() -> tuple[RegionFormat, ...]:
    """The formats that are read and written, for dialogs."""
    return tuple(format for format in _FORMATS if format.is_written)


def read_region_formats() -> tuple[RegionFormat, ...]:
    """All formats that are read, for dialogs."""
    return _FORMATS


def read_regions(
    path: str | Path, volume: Box, plane: int | None = None, *, say: Say = log.warning, allow_pickle: bool = False
) -> list[Region]:
    """Read regions from GeoJSON, ImageJ's `.roi` or `.zip`, label images in TIFF or OME-Zarr, or other programs' cells.

    Those are folders of suite2p (`suite2p`, `plane0`, or `stat.npy` in it), CaImAn's HDF5, and the PlaneSegmentation of
    NWB files.

    Parameters
    ----------
    volume
        Shape (z, y, x) of the recording they are for, in voxels. A label image must have it; what lies outside
        otherwise is cut off, and said.
    plane
        z for what does not say its own; a label image (y, x) goes there.
    say
        Told in a sentence what is left out and why.
    allow_pickle
        Read suite2p's `stat.npy`, which is a pickle, because you trust whoever made it; plain numbers are taken from it
        and no code of it is run.

    Raises
    ------
    PickledError
        If it is a pickle and `allow_pickle` is not given.
    RegionError
        If the file cannot be read, is of no known format, does not fit, or holds no region.
    """
    path = _local(path)
    if not path.exists():
        raise RegionError(f"{path}: there is no such file.")
    if plane is not None and not 0 <= plane < volume[0]:
        raise RegionError(f"{path}: there is no plane z {plane} in a volume of {volume[0]} planes.")
    format = _format_of(path)
    try:
        found = format.read(path, volume, plane, say, allow_pickle=allow_pickle)
    except OSError as error:
        raise RegionError(f"{path}: cannot be read ({error.strerror or error}).") from error
    if not found:
        raise RegionError(f"{path}: there is no region in it that lies in this recording.")
    if len(found) > MOST_REGIONS:
        raise RegionError(f"{path}: it holds {len(found)} regions; this program takes at most {MOST_REGIONS}.")
    return found


def write_regions(regions: Sequence[Region], path: str | Path, voxel_size: VoxelSize | None = None) -> Path:
    """Write regions in the format that the ending of `path` stands for, whole or not at all.

    A file of regions that is there is replaced.

    Parameters
    ----------
    regions
        Of one volume.
    voxel_size
        (z, y, x) in µm, for formats that keep it.

    Raises
    ------
    RegionError
        If there is none, they do not fit into the format, or the file cannot be written.
    """
    path = Path(path).expanduser().absolute()
    format = _format_of(path)
    if not format.is_written:
        endings = ", ".join(known.suffixes[0] for known in region_formats())
        raise RegionError(f"{path}: {format.name} is read only. Give a name that ends in one of {endings}.")
    if not regions:
        raise RegionError(f"{path}: there is no region to write. Choose one or more.")
    for region in regions:
        if reason := region.why_unfit(regions[0].volume):
            raise RegionError(f"{path}: regions of one recording only go into one file. {reason}")
    if path.is_dir() and not _holds_labels_only(path):
        raise RegionError(f"{path}: this is something else than a file of regions, and is kept. Choose another name.")
    with written_whole(path, RegionError) as draft:
        format.write(regions, draft, voxel_size)
    return path


def _format_of(path: Path) -> RegionFormat:
    name = path.name.lower()
    for format in _FORMATS:
        if name.endswith(tuple(s.lower() for s in format.suffixes)) or (path.is_dir() and _is_folder_of(format, path)):
            return format
    endings = ", ".join(suffix for format in _FORMATS for suffix in format.suffixes)
    raise RegionError(f"{path}: not a file of regions by its name. Those end in {endings}; or give a suite2p folder.")


def _local(path: str | Path) -> Path:
    try:
        return local_path(path)
    except RecordingError as error:
        raise RegionError(str(error)) from None


def _is_folder_of(format: RegionFormat, path: Path) -> bool:
    if format.may_be_pickled:
        return bool(planes_of(path))
    return format.module.endswith("zarr") and _is_zarr(path)


def _is_zarr(path: Path) -> bool:
    return any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))


def _holds_labels_only(path: Path) -> bool:
    try:
        ome = json.loads((path / "zarr.json").read_text("utf-8"))["attributes"]["ome"]
        return "labels" in ome and "multiscales" not in ome
    except (OSError, ValueError, KeyError, TypeError):
        return False


_HERE = __name__.rpartition(".")[0]
_FORMATS = (
    RegionFormat("GeoJSON", (".geojson", ".json"), f"{_HERE}.geojson"),
    RegionFormat("ImageJ ROIs", (".zip", ".roi"), f"{_HERE}.imagej"),
    RegionFormat("Label TIFF", (".tif", ".tiff"), f"{_HERE}.label_tiff"),
    RegionFormat("Label OME-Zarr", (".zarr",), f"{_HERE}.label_zarr"),
    RegionFormat("suite2p", ("stat.npy", "Fall.mat"), f"{_HERE}.suite2p", is_written=False, may_be_pickled=True),
    RegionFormat("CaImAn or NWB", (".hdf5", ".h5", ".nwb"), f"{_HERE}.hdf5", is_written=False),
)
