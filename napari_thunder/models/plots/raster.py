"""A large heat map as few numbers as a screen can show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SAMPLE = 200_000
_TAIL = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A part of a heat map, averaged to the pixels it is shown on.

    Parameters
    ----------
    values
        (rows, columns) means.
    rows, columns
        First and behind the last of the whole map that it shows.
    """

    values: Array = field(repr=False)
    rows: tuple[int, int]
    columns: tuple[int, int]


def part_of(values: Array, rows: tuple[float, float], columns: tuple[float, float], most: tuple[int, int]) -> Part:
    """The part of a map (n, t) from a row and column to another, in at most `most` means (rows, columns) without NaN.

    Cells of means begin at multiples of their size, so that the picture does not flicker as it is moved.
    """
    (top, bottom, high), (left, right, wide) = (
        _cells(span, n, limit) for span, n, limit in zip((rows, columns), values.shape, most, strict=True)
    )
    return Part(_means(values[top:bottom, left:right], high, wide), (top, bottom), (left, right))


def limits_of(values: Array, *, signed: bool) -> tuple[float, float]:
    """Values at the ends of the colours: all but the outermost hundredth; around 0 if it is the middle."""
    sample = values.ravel()[:: max(1, values.size // _SAMPLE)].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return (-1.0, 1.0) if signed else (0.0, 1.0)
    if signed:
        top = float(np.percentile(np.abs(sample), 100 - _TAIL)) or float(np.abs(sample).max()) or 1.0
        return -top, top
    low, high = (float(v) for v in np.percentile(sample, [_TAIL, 100 - _TAIL]))
    return (low, high) if high > low else (float(sample.min()), float(sample.max()) or 1.0)


def _cells(span: tuple[float, float], n: int, most: int) -> tuple[int, int, int]:
    """First and behind the last of what is shown of n, and how many of them are one cell."""
    first, last = (int(np.clip(np.floor(v), 0, n)) for v in (span[0], span[1] + 1))
    first, last = (first, last) if last > first else (0, n)
    size = max(1, -(-(last - first) // max(1, most)))
    return first - first % size, min(n, last + -last % size), size


def _means(part: Array, high: int, wide: int) -> Array:
    if high == wide == 1:
        return part
    known = np.isfinite(part)
    counts, sums = (
        _sums(_sums(a, high, 0), wide, 1)
        for a in (known.astype(np.float32), np.where(known, part, 0).astype(np.float32, copy=False))
    )
    with np.errstate(all="ignore"):
        means: Array = sums / counts
    return means


def _sums(values: Array, size: int, axis: int) -> Array:
    if size == 1:
        return values
    sums: Array = np.add.reduceat(values, np.arange(0, values.shape[axis], size), axis=axis)
    return sums
