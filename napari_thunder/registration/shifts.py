"""How far each frame lies from the reference: one shift for the volume, one per plane, or one per block of it."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_thunder.errors import RegistrationError

Space = tuple[int, int, int]
Kind = Literal["rigid", "planes", "piecewise"]
Centers = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Shifts:
    """Displacement of every frame relative to the reference, in voxels.

    A positive shift says that the brain in this frame lies at higher coordinates than in the reference, so that
    ``registered[v] = frame[v + shift]``. (`skimage.registration.phase_cross_correlation(reference, frame)` gives
    minus this.) Between the centres of the blocks the shift is interpolated linearly; beyond the outermost it is
    that of the outermost.

    Parameters
    ----------
    values
        (t, blocks along z, along y, along x, 3), the last axis (z, y, x), float32. A frame that has NaN was not
        estimated: it is invalid wherever it is looked at.
    centers
        Centres of the blocks along z, y and x, in voxels, rising.
    space
        Shape (z, y, x) of the volume.
    path
        Where they are stored, if they are.

    Raises
    ------
    RegistrationError
        If the shapes do not fit together.
    """

    values: NDArray[np.float32] = field(repr=False)
    centers: Centers = field(repr=False)
    space: Space
    path: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        values = np.ascontiguousarray(self.values, np.float32)
        along = tuple(np.asarray(c, np.float32).ravel() for c in self.centers)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "centers", along)
        object.__setattr__(self, "space", tuple(int(n) for n in self.space))
        expected = tuple(len(c) for c in along)
        if len(expected) != 3 or values.ndim != 5 or values.shape[1:] != (*expected, 3):
            raise RegistrationError(
                f"shifts: an array of shape {values.shape} was given; (frames, {', '.join(map(str, expected))}, 3) "
                "is wanted: the blocks along z, y and x, then (z, y, x)."
            )
        if any(len(c) < 1 or (np.diff(c) <= 0).any() or not np.isfinite(c).all() for c in along):
            raise RegistrationError("shifts: the centres of the blocks must rise along each axis.")
        if np.isinf(values).any():
            raise RegistrationError("shifts: some are infinite. Write nan where a frame could not be estimated.")

    @classmethod
    def rigid(cls, values: ArrayLike, space: Sequence[int]) -> Self:
        """One shift (z, y, x) for each frame: `values` (t, 3) in voxels, of volumes of shape `space` (z, y, x)."""
        array = np.asarray(values, np.float32)
        if array.ndim != 2 or array.shape[1] != 3:
            raise RegistrationError(f"shifts: (frames, 3) numbers are wanted, (z, y, x) for each, not {array.shape}.")
        return cls(array[:, None, None, None, :], _middle(space, (0, 1, 2)), _three(space))

    @classmethod
    def of_planes(cls, values: ArrayLike, space: Sequence[int]) -> Self:
        """A shift (y, x) for each plane of each frame: `values` (t, z, 2) in voxels."""
        array = np.asarray(values, np.float32)
        if array.ndim != 3 or array.shape[1:] != (space[0], 2):
            raise RegistrationError(
                f"shifts: (frames, {space[0]} planes, 2) numbers are wanted, (y, x) for each plane, not {array.shape}."
            )
        full = np.concatenate([np.zeros((*array.shape[:2], 1), np.float32), array], axis=2)
        _, y, x = _middle(space, (1, 2))
        planes = np.arange(space[0], dtype=np.float32)
        return cls(full[:, :, None, None, :], (planes, y, x), _three(space))

    @property
    def n_frames(self) -> int:
        """Frames they are of."""
        return len(self.values)

    @property
    def grid(self) -> Space:
        """Blocks along z, y and x."""
        z, y, x = self.values.shape[1:4]
        return z, y, x

    @property
    def kind(self) -> Kind:
        """Whether the volume moves as one, plane by plane, or block by block."""
        if self.grid == (1, 1, 1):
            return "rigid"
        z, y, x = self.grid
        by_plane = z == self.space[0] and (y, x) == (1, 1) and not np.nan_to_num(self.values[..., 0]).any()
        return "planes" if by_plane else "piecewise"

    @cached_property
    def mean(self) -> NDArray[np.float64]:
        """(t, 3) mean over the blocks, in voxels; NaN where a frame was not estimated."""
        mean: NDArray[np.float64] = self.values.mean(axis=(1, 2, 3), dtype=np.float64)
        return mean

    @cached_property
    def estimated(self) -> NDArray[np.bool_]:
        """(t,) True where a frame was estimated."""
        return np.asarray(np.isfinite(self.values).all(axis=(1, 2, 3, 4)))

    @cached_property
    def largest(self) -> tuple[float, float, float]:
        """The largest (z, y, x) of any block of any estimated frame, whatever its sign, in voxels."""
        known = self.values[self.estimated]
        z, y, x = np.abs(known).max(axis=(0, 1, 2, 3)) if len(known) else (0.0, 0.0, 0.0)
        return float(z), float(y), float(x)

    @cached_property
    def digest(self) -> str:
        """A short hash of the numbers."""
        what = hashlib.sha256(repr((self.values.shape, self.space)).encode())
        for array in (self.values, *self.centers):
            what.update(array.tobytes())
        return what.hexdigest()[:16]

    def __eq__(self, other: object) -> bool:
        """Equal if all numbers are."""
        return isinstance(other, Shifts) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def of_frames(self, start: int, stop: int) -> Shifts:
        """Those of the frames from `start` to before `stop`."""
        return Shifts(self.values[start:stop], self.centers, self.space, self.path)


def shifts_to_plain(shifts: Shifts) -> dict[str, Any]:
    """Shifts as JSON can hold them, to the last bit."""
    packed = zlib.compress(np.ascontiguousarray(shifts.values, "<f4").tobytes(), 6)
    return {
        "frames": shifts.n_frames,
        "space": list(shifts.space),
        "centers": [c.tolist() for c in shifts.centers],
        "values": base64.b64encode(packed).decode(),
        "path": shifts.path,
        "digest": shifts.digest,
    }


def shifts_from_plain(stored: Mapping[str, Any]) -> Shifts:
    """The shifts that `shifts_to_plain` was given.

    Raises
    ------
    RegistrationError
        If the record is damaged.
    """
    try:
        z, y, x = (np.asarray(c, np.float32) for c in stored["centers"])
        shape = (int(stored["frames"]), len(z), len(y), len(x), 3)
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(stored["values"], validate=True), 4 * int(np.prod(shape)) + 1)
        values = np.frombuffer(raw, "<f4").reshape(shape)
        found = Shifts(values, (z, y, x), _three(stored["space"]), str(stored.get("path", "")))
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise RegistrationError(f"shifts: the stored record is damaged ({error}).") from error
    if found.digest != stored["digest"]:
        raise RegistrationError("shifts: the stored record is damaged (its numbers are not those that were stored).")
    return found


def _middle(space: Sequence[int], axes: Sequence[int]) -> Centers:
    z, y, x = (np.asarray([(n - 1) / 2 if axis in axes else 0], np.float32) for axis, n in enumerate(space))
    return z, y, x


def _three(space: Sequence[int]) -> Space:
    z, y, x = (int(n) for n in space)
    return z, y, x
