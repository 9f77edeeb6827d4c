"""Label maps: colour says which cluster a voxel is in, opacity how well it fits there."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.colormaps import colours_from, palette
from napari_thunder.display.legend import Swatches
from napari_thunder.display.maps import MapChoice, map_names, symbol_of
from napari_thunder.display.overlay import Overlay, as_strength, strength_limits

Array = NDArray[Any]


def label_overlay(labels: Array, alpha: Array | None, colours: NDArray[np.uint8]) -> Overlay:
    """Colours of a label map.

    Parameters
    ----------
    labels
        (z, y, x) whole numbers from 1; NaN is transparent.
    alpha
        (z, y, x) strengths, such as the similarity to a cluster; NaN is transparent. None: all are opaque.
    colours
        (k, 3) of the labels 1 to k; they begin again after the last.
    """
    number = np.nan_to_num(np.asarray(labels, np.float32), nan=1.0).astype(np.intp)
    rgb = colours[(number - 1) % len(colours)]
    if alpha is None:
        return Overlay(rgb, as_strength(np.ones(labels.shape, np.float32), labels), (0.0, 1.0))
    seen = as_strength(alpha, labels)
    return Overlay(rgb, seen, strength_limits(seen))


def label_colours(dataset: xr.Dataset, variable: str) -> NDArray[np.uint8]:
    """Colours (k, 3) of a label map: its own palette, or that of the result, or one that tells things apart."""
    given = dataset[variable].attrs.get("palette") or dataset.attrs.get("palette")
    if given:
        return colours_from(tuple(map(str, given)))
    values = dataset[variable].values
    finite = values[np.isfinite(values)]
    return palette(max(1, int(finite.max(initial=1))))


def label_strengths(dataset: xr.Dataset, variable: str) -> list[str]:
    """Maps that can be the opacity of a label map, the one it names first; none if it names none."""
    own = str(dataset[variable].attrs.get("alpha", ""))
    found = [name for name in map_names(dataset, Role.FRACTION) if dataset[name].dims == dataset[variable].dims]
    return [own, *(name for name in found if name != own)] if own in dataset else []


def label_legend(dataset: xr.Dataset, choice: MapChoice, strength: str | None) -> Swatches:
    """The clusters with their colours and how many voxels each has."""
    labels = choice.values(dataset)
    numbers, counts = np.unique(labels[np.isfinite(labels)].astype(np.intp), return_counts=True)
    colours = label_colours(dataset, choice.variable)
    names = dataset[choice.variable].attrs.get("names", ())
    entries = tuple(
        (_entry(names, number, count), _rgb(colours[(number - 1) % len(colours)]))
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
    )
    title = choice.long_title(dataset)
    return Swatches(f"{title} (opacity: {symbol_of(strength)})" if strength else title, entries)


def _entry(names: Any, number: int, count: int) -> str:
    name = names[number - 1] if 0 < number <= len(names) else number
    return f"{name} · {count:,} voxel{'' if count == 1 else 's'}".replace(",", "\N{THIN SPACE}")


def _rgb(colour: NDArray[np.uint8]) -> tuple[int, int, int]:
    red, green, blue = (int(c) for c in colour)
    return red, green, blue
