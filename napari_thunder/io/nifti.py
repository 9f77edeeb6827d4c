"""NIfTI-1 and NIfTI-2 (`.nii`, `.nii.gz`): volumes (x, y, z) and movies (x, y, z, t).

A volume is a movie of one frame. The voxel size is the length of the affine's steps and the frame interval that of the
header, where the header gives their units. Voxels stay in the order of the file; which way they lie in the body is not
looked at. Scaled integers become float32. What is compressed is decoded whole, in each process.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.io.axes import Shape
from napari_thunder.io.compressed import CompressedArray
from napari_thunder.io.file_names import fingerprint_of
from napari_thunder.io.file_source import FileSource, StoredArray, file_source
from napari_thunder.io.mapped import MappedArray, file_size, truncated
from napari_thunder.io.source import Metadata
from napari_thunder.io.spacing import spacing
from napari_thunder.io.voxel_type import check_voxel_type

_AXES = {3: "zyx", 4: "tzyx", 5: "ctzyx"}


@dataclass(frozen=True, slots=True)
class ScaledArray:
    """Stored numbers times `slope` plus `intercept`, as float32."""

    stored: StoredArray
    slope: float
    intercept: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def chunks(self) -> tuple[int, ...]:
        return self.stored.chunks

    def view(self) -> ScaledArray:
        return self

    def __getitem__(self, selection: tuple[slice, ...]) -> NDArray[np.float32]:
        exact: NDArray[np.float64] = self.stored.view()[selection].astype(np.float64) * self.slope + self.intercept
        return exact.astype(np.float32)


@dataclass(frozen=True)
class NiftiFormat:
    """NIfTI files."""

    name: str = "NIfTI"
    patterns: tuple[str, ...] = ("*.nii", "*.nii.gz")
    options: tuple[str, ...] = ("channel",)

    def matches(self, path: Path) -> bool:
        return path.name.lower().endswith(self._suffixes) and path.is_file()

    @property
    def _suffixes(self) -> tuple[str, ...]:
        return tuple(pattern.removeprefix("*") for pattern in self.patterns)

    def open(self, path: Path, channel: int | None = None, **_: Any) -> FileSource:
        image = _image(path)
        stored = image.dataobj
        check_voxel_type(stored.dtype, str(path))
        array = _array(path, tuple(int(n) for n in stored.shape[::-1]), stored.dtype, int(stored.offset))
        if (stored.slope, stored.inter) != (1, 0):
            array = ScaledArray(array, float(stored.slope), float(stored.inter))
        names = _AXES.get(len(array.shape))
        source = file_source(path, self.name, array, names, {"channel": channel})
        return replace(source, metadata=_metadata(image, source.shape))


FORMAT = NiftiFormat()


def _image(path: Path) -> Any:
    from nibabel.filebasedimages import ImageFileError
    from nibabel.nifti1 import Nifti1Image
    from nibabel.nifti2 import Nifti2Image
    from nibabel.spatialimages import HeaderDataError

    for kind in (Nifti1Image, Nifti2Image):
        try:
            if kind.path_maybe_image(path)[0]:
                return kind.from_filename(path)
        except (ImageFileError, HeaderDataError, EOFError, zlib.error, ValueError) as error:
            raise RecordingError(f"{path}: not a whole NIfTI file: {error}. Copy or save it again.") from error
    raise RecordingError(f"{path}: it is called {path.suffix}, but is no NIfTI file. Copy or save it again.")


def _array(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any], offset: int) -> StoredArray:
    if path.suffix.lower() == ".gz":
        return CompressedArray(str(path), shape, dtype, fingerprint_of([path]), offset=offset)
    size = file_size(path)
    array = MappedArray(str(path), shape, dtype, offset, size)
    if size < offset + array.nbytes:
        raise truncated(path, offset + array.nbytes, size)
    return array


def _metadata(image: Any, shape: Shape) -> Metadata:
    from nibabel.affines import voxel_sizes

    of_space, of_time = image.header.get_xyzt_units()
    steps = (*voxel_sizes(image.affine), *image.header.get_zooms()[3:4])  # type: ignore[no-untyped-call]
    return spacing("xyzt", steps, (of_space, of_space, of_space, of_time), shape)
