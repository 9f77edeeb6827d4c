"""What voxels chosen at random tell of the whole brain, with intervals of 95 %."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Values = NDArray[np.float64]

_Z = 1.959964
_ALPHA = 0.05
_MOST_MEANS = 4
_MOST_LEVELS = 6
_LEAST_VOXELS = 20
_SPACE = ("z", "y", "x")
GROUPS = 8
"""Of voxels, each left out once to see how much a number depends on which were chosen."""


def estimates_of(result: xr.Dataset, share: float) -> list[str]:
    """What can be said of the brain, in sentences: shares of significant voxels, then means of maps.

    Parameters
    ----------
    result
        Its maps hold voxels that were chosen at random, one by one, and NaN elsewhere.
    share
        Of the brain's voxels that were chosen: where it is 1 nothing is uncertain, and n voxels of few tell as much as
        n / (1 − share) of many.
    """
    maps = [v for v in result.data_vars.values() if v.dims[-3:] == _SPACE]
    return [*_significant(maps, share), *_means(maps, share)]


def wilson(seen: float, n: float) -> tuple[float, float]:
    """Interval of 95 % of a share that was seen among n (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    z2 = _Z**2
    middle = (seen + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * np.sqrt(seen * (1 - seen) / n + z2 / (4 * n * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def mean_interval(values: Values, share: float) -> tuple[float, float, float]:
    """Mean and interval of 95 % of the mean of a population of which this share was chosen."""
    n = len(values)
    half = _Z * values.std(ddof=1) / np.sqrt(n) * np.sqrt(max(0.0, 1 - share))
    return float(values.mean()), float(values.mean() - half), float(values.mean() + half)


def explained(result: xr.Dataset, without: Callable[[int], xr.Dataset]) -> str:
    """Share of the variance that all components explain together, by leaving out one group of voxels at a time.

    Parameters
    ----------
    result
        With `explained_variance_ratio`.
    without
        The same of all voxels but those of a group, 0 to `GROUPS` − 1.
    """
    seen = float(result["explained_variance_ratio"].sum())
    left = np.array([float(without(group)["explained_variance_ratio"].sum()) for group in range(GROUPS)])
    half = 2.364624 * np.sqrt((GROUPS - 1) / GROUPS * np.square(left - left.mean()).sum())
    return f"explained variance: {_percent(seen, max(0.0, seen - half), min(1.0, seen + half))}"


def _significant(maps: list[xr.DataArray], share: float) -> Iterator[str]:
    probabilities = {str(m.name): m for m in maps if m.attrs.get("role") == "probability"}
    chosen = "p_fdr" if "p_fdr" in probabilities else "p" if "p" in probabilities else None
    if chosen is None or probabilities[chosen].ndim > 4:
        return
    p = probabilities[chosen]
    levels = p.values.reshape(-1, int(np.prod(p.shape[-3:])))
    names = [""] if p.ndim == 3 else [f"{level}: " for level in np.atleast_1d(p[p.dims[0]].values)]
    for name, values in list(zip(names, levels, strict=True))[:_MOST_LEVELS]:
        tested = values[np.isfinite(values)]
        if len(tested) >= _LEAST_VOXELS:
            seen = float((tested <= _ALPHA).mean())
            low, high = (seen, seen) if share >= 1 else wilson(seen, len(tested) / (1 - share))
            yield f"{name}{chosen} ≤ {_ALPHA:g}: {_percent(seen, low, high)} of the voxels that can be tested"


def _means(maps: list[xr.DataArray], share: float) -> Iterator[str]:
    shown = 0
    for m in maps:
        values = m.values[np.isfinite(m.values)].astype(np.float64)
        if m.ndim > 3 or m.attrs.get("role") not in ("value", "signed", "fraction") or len(values) < _LEAST_VOXELS:
            continue
        mean, low, high = mean_interval(values, share)
        yield f"{m.attrs.get('long_name', m.name)}: mean {mean:.3g} ({low:.3g} to {high:.3g})"
        shown += 1
        if shown == _MOST_MEANS:
            return


def _percent(seen: float, low: float, high: float) -> str:
    return f"{100 * seen:.3g} % ({100 * low:.3g} to {100 * high:.3g})"
