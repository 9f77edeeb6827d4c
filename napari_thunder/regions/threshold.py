"""Regions made from a map: the voxels above a threshold that hang together."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions.colors import color_of
from napari_thunder.regions.region import Box, Mask, Region, region_of_mask

Sign = Literal["above", "below", "both"]
"""Values above the threshold, below it, or further from 0 than it on either side."""

Connectivity = Literal[6, 26]


def region_above(
    values: NDArray[Any],
    threshold: float,
    name: str,
    color: str,
    *,
    seed: Box | None = None,
    sign: Sign = "above",
    connectivity: Connectivity = 6,
    minimum: int = 1,
) -> Region:
    """The voxels of a map above a threshold, all of them or those connected to one voxel.

    Parameters
    ----------
    values
        Map (z, y, x); NaN is never above nor below.
    threshold
        In the map's unit; a voxel that is equal to it is not taken.
    seed
        Voxel (z, y, x) that they must be connected to; None for all.
    sign
        `above`, `below`, or `both`: |value| above it, where voxels of opposite signs are not connected.
    connectivity
        Whether voxels must share a face (6), or a corner will do (26).
    minimum
        Voxels that hang together must be this many, or they are left out.

    Raises
    ------
    RegionError
        If no voxel is above the threshold, or the seed is not.
    """
    parts = _sides(values, threshold, sign, name)
    if seed is not None:
        found = _connected(_side_of_seed(values, parts, threshold, sign, seed), seed, connectivity)
        if (n := int(found.sum())) < minimum:
            raise RegionError(f"{name}: only {n} voxels are connected to {_said(seed)}, fewer than {minimum}.")
    else:
        found = np.zeros(values.shape, bool)
        for part in parts:
            found |= _without_specks(part, connectivity, minimum)
    if not found.any():
        raise RegionError(_nothing(values, threshold, sign, name, minimum))
    return region_of_mask(found, name, color)


def regions_above(
    values: NDArray[Any],
    threshold: float,
    name: str,
    *,
    sign: Sign = "above",
    connectivity: Connectivity = 6,
    minimum: int = 10,
    limit: int = 50,
) -> list[Region]:
    """One region for each set of connected voxels above a threshold, the largest first.

    Parameters
    ----------
    values, threshold, sign, connectivity
        As in `region_above`.
    name
        They are called `name 1`, `name 2` ...
    minimum
        Voxels one must have.
    limit
        At most so many.

    Raises
    ------
    RegionError
        If there is none.
    """
    found: list[tuple[int, Box, Mask]] = []
    for part in _sides(values, threshold, sign, name):
        found += components(part, connectivity, minimum, limit)
    found.sort(key=lambda one: (-one[0], one[1]))
    if not found:
        raise RegionError(_nothing(values, threshold, sign, name, minimum))
    z, y, x = values.shape
    return [
        region_of_mask(mask, f"{name} {i + 1}", color_of(i), corner=corner, volume=(z, y, x))
        for i, (_, corner, mask) in enumerate(found[:limit])
    ]


def _sides(values: NDArray[Any], threshold: float, sign: Sign, name: str) -> list[Mask]:
    if values.ndim != 3:
        raise RegionError(f"{name}: a region needs a map (z, y, x), not one of {values.ndim} dimensions.")
    if not np.isfinite(threshold) or (sign == "both" and threshold < 0):
        raise RegionError(f"{name}: {threshold:g} is no threshold for {sign}. Choose a number, for both sides above 0.")
    if sign == "both":
        return [values > threshold, values < -threshold]
    return [values > threshold if sign == "above" else values < threshold]


def _side_of_seed(values: NDArray[Any], parts: list[Mask], threshold: float, sign: Sign, seed: Box) -> Mask:
    if not all(0 <= s < n for s, n in zip(seed, values.shape, strict=True)):
        raise RegionError(f"{_said(seed)} lies outside of the map {values.shape}. Point at a voxel of the brain.")
    for part in parts:
        if part[seed]:
            return part
    value = values[seed]
    what = "has no value" if np.isnan(value) else f"has {value:.3g}"
    raise RegionError(
        f"{_said(seed)} {what}, which is not {_comparison(threshold, sign)}. Point at a voxel that is, or change the "
        "threshold."
    )


def _connected(part: Mask, seed: Box, connectivity: Connectivity) -> Mask:
    labels, _ = _labelled(part, connectivity)
    return np.asarray(labels == labels[seed])


def _without_specks(part: Mask, connectivity: Connectivity, minimum: int) -> Mask:
    if minimum <= 1:
        return part
    labels, _ = _labelled(part, connectivity)
    large = np.bincount(labels[part], minlength=1) >= minimum
    large[0] = False
    return np.asarray(large[labels])


def components(part: Mask, connectivity: Connectivity, minimum: int, limit: int) -> list[tuple[int, Box, Mask]]:
    """Size, corner and mask of each set of voxels that hang together, the largest first."""
    from scipy.ndimage import find_objects

    labels, n = _labelled(part, connectivity)
    sizes = np.bincount(labels[part], minlength=n + 1)[1:]
    order = [int(i) for i in np.argsort(-sizes, kind="stable")[:limit] if sizes[i] >= minimum]
    boxes = find_objects(labels)
    found = []
    for i in order:
        z, y, x = boxes[i]
        found.append((int(sizes[i]), (z.start, y.start, x.start), np.asarray(labels[boxes[i]] == i + 1)))
    return found


def _labelled(part: Mask, connectivity: Connectivity) -> tuple[NDArray[Any], int]:
    from scipy.ndimage import generate_binary_structure, label

    labels, n = label(part, generate_binary_structure(3, 1 if connectivity == 6 else 3))
    return labels, int(n)


def _said(seed: Box) -> str:
    return f"Voxel z {seed[0]}, y {seed[1]}, x {seed[2]}"


def _comparison(threshold: float, sign: Sign) -> str:
    return f"beyond ±{threshold:g}" if sign == "both" else f"{sign} {threshold:g}"


def _nothing(values: NDArray[Any], threshold: float, sign: Sign, name: str, minimum: int) -> str:
    seen = values[np.isfinite(values)]
    span = f"goes from {seen.min():.3g} to {seen.max():.3g}" if len(seen) else "has no values"
    crowd = f" with {minimum} voxels or more together" if minimum > 1 else ""
    return f"{name}: no voxel is {_comparison(threshold, sign)}{crowd}; the map {span}. Change the threshold."
