"""A long trace as few points as a screen can show, with every peak kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def visible_points(x: Array, y: Array, start: float, stop: float, n_columns: int) -> tuple[Array, Array]:
    """The part of a curve between two x, as the lowest and highest value in each of up to `n_columns` columns.

    Columns begin at the same samples wherever the part begins, so that a curve does not flicker as it is moved.

    Parameters
    ----------
    x
        (n,) rising.
    y
        (n,); NaN is left out of a column that has other values, and stays NaN where a column has none.
    start, stop
        The part to show; one point on either side of it is kept, so that lines reach the border.
    n_columns
        As wide as the plot in pixels.

    Returns
    -------
    x, y : arrays (m,)
        The points themselves where there are fewer than two a column.
    """
    first = max(0, int(np.searchsorted(x, start)) - 1)
    after = min(len(x), int(np.searchsorted(x, stop, side="right")) + 1)
    if after - first <= 2 * n_columns:
        return x[first:after], y[first:after]
    step = -(-(after - first) // n_columns)
    first -= first % step
    n = -(-(after - first) // step)
    part = y[first : first + n * step]
    columns = np.full((n, step), np.nan)
    columns.reshape(-1)[: len(part)] = part
    ends = np.stack([np.fmin.reduce(columns, axis=1), np.fmax.reduce(columns, axis=1)], axis=1)
    return np.repeat(x[first : first + n * step : step], 2), ends.ravel()


def finite_range(values: Array) -> tuple[float, float] | None:
    """The lowest and highest finite value, or None if there is none."""
    if not values.size:
        return None
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return (low, high) if np.isfinite(low) and np.isfinite(high) else None


def nice_step(size: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 … (and 0.5, 0.2 …) that is not below `size`; 1 for what has no size."""
    if not np.isfinite(size) or size <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(size))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= size * 0.999))
