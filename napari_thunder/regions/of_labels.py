"""Regions made from a map of labels: one for each cluster, or for each set of its voxels that hang together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions.colors import color_of
from napari_thunder.regions.region import Box, Region, region_of_mask
from napari_thunder.regions.threshold import Connectivity, components


def regions_of_labels(
    labels: NDArray[Any],
    name: str,
    *,
    names: Sequence[str] = (),
    colors: Sequence[str] = (),
    pieces: bool = False,
    connectivity: Connectivity = 6,
    minimum: int = 1,
    limit: int = 200,
) -> list[Region]:
    """One region for each label of a map such as clusters, or one for each of its pieces.

    Parameters
    ----------
    labels
        (z, y, x) whole numbers from 1; 0 and NaN are none.
    name
        They are called `name 1`, `name 2` ... by their label, where `names` has no name for them.
    names, colors
        Of the labels 1, 2 ...; colours as `#rrggbb`, which begin again after the last; our own when left out.
    pieces
        Whether the voxels of a label that do not hang together are regions of their own: `name 2.1`, the largest first.
    connectivity
        Whether the voxels of a piece share a face (6), or a corner will do (26).
    minimum
        Voxels that a region must have.
    limit
        At most so many, the largest ones.

    Returns
    -------
    list of Region
        In the order of their labels.

    Raises
    ------
    RegionError
        If none has voxels enough.
    """
    found = list(_parts(labels, pieces, connectivity, minimum, limit))
    if not found:
        raise RegionError(_nothing(labels, name, pieces, minimum))
    least = sorted((size for size, *_ in found), reverse=True)[:limit][-1]
    z, y, x = labels.shape
    made: list[Region] = []
    for size, label, part, corner, mask in found:
        if size >= least and len(made) < limit:
            called = names[label - 1] if label <= len(names) else f"{name} {label}"
            color = colors[(label - 1) % len(colors)] if colors else color_of(label - 1)
            full_name = f"{called}.{part}" if part else called
            made.append(region_of_mask(mask, full_name, color, corner=corner, volume=(z, y, x)))
    return made


def _parts(
    labels: NDArray[Any], pieces: bool, connectivity: Connectivity, minimum: int, limit: int
) -> Iterator[tuple[int, int, int, Box, NDArray[np.bool_]]]:
    """Size, label, number among the pieces (0 for the whole), corner and mask of each that is large enough."""
    from scipy.ndimage import find_objects

    if labels.ndim != 3:
        raise RegionError(f"A region needs a map (z, y, x) of labels, not one of {labels.ndim} dimensions.")
    numbers = np.where(np.isfinite(labels) & (labels > 0), labels, 0).astype(np.int32)
    boxes: list[Any] = find_objects(numbers)  # None where a number is not there
    for label, box in enumerate(boxes, 1):
        if box is None:
            continue
        mask = numbers[box] == label
        z, y, x = (along.start for along in box)
        if not pieces and (size := int(mask.sum())) >= minimum:
            yield size, label, 0, (z, y, x), mask
        elif pieces:
            for part, (size, (a, b, c), piece) in enumerate(components(mask, connectivity, minimum, limit), 1):
                yield size, label, part, (z + a, y + b, x + c), piece


def _nothing(labels: NDArray[Any], name: str, pieces: bool, minimum: int) -> str:
    if not (np.isfinite(labels) & (labels > 0)).any():
        return f"{name}: the map has no labels. Choose another map."
    return f"{name}: none has {minimum} voxels{' that hang together' if pieces else ''}. Ask for smaller ones."
