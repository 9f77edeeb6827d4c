"""Layers of recordings and results, as napari takes them, without importing napari."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.appearance import appearance_of, drawn_values
from napari_thunder.display.colormaps import CYCLIC, fades
from napari_thunder.display.direction import DIRECTION_PERIOD, ORIENTATION_PERIOD, direction_overlay
from napari_thunder.display.factors import factor_overlay
from napari_thunder.display.labels import label_colours, label_legend, label_overlay, label_strengths
from napari_thunder.display.legend import COMPASS, HALF_COMPASS, Bar, Legend, Wheel, palette_legend, rgb_legend
from napari_thunder.display.maps import (
    MapChoice,
    direction_of,
    factors_of,
    first_choices,
    label_at,
    role_of,
    strengths,
    symbol_of,
)
from napari_thunder.display.overlay import Overlay, strength_limits
from napari_thunder.display.space import about_recording, space_of_maps, space_of_recording
from napari_thunder.recording import Recording

Array = NDArray[Any]

_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class LayerSpec:
    """A layer to be.

    Parameters
    ----------
    data
        What the layer shows.
    kwargs
        Keywords of the layer. `kwargs["metadata"]["thunder"]` is a dict that says what it shows; see `thunder`.
    layer_type
        `image`.
    """

    data: Any
    kwargs: dict[str, Any]
    layer_type: str = "image"

    @property
    def name(self) -> str:
        """Of the layer."""
        return str(self.kwargs["name"])

    @property
    def thunder(self) -> dict[str, Any]:
        """What it shows.

        `kind` is `recording`, `map`, `direction` or `factors`. Maps, directions and factors have `recording`,
        `analysis`, `dataset` (the result they are of) and `legend` (`Wheel`, `Swatches` or `Bar`); a map its `choice`
        (`MapChoice`) and `role`; directions, factors and labels an `overlay` (`Overlay`), its `threshold`, and the
        names they were made from; a recording its `array`.
        """
        said: dict[str, Any] = self.kwargs["metadata"]["thunder"]
        return said

    def as_tuple(self) -> tuple[Any, dict[str, Any], str]:
        """As `napari.layers.Layer.create(*…)` and readers take it."""
        return self.data, self.kwargs, self.layer_type

    def shown(self, visible: bool) -> LayerSpec:
        """The same layer, visible or not."""
        return replace(self, kwargs={**self.kwargs, "visible": visible})


def layer_for_recording(
    recording: Recording, data: Any, *, contrast_limits: tuple[float, float] | None = None, visible: bool = False
) -> LayerSpec:
    """The movie as a 4-D image layer.

    Parameters
    ----------
    recording
        Gives name, scale and units.
    data
        The array behind the layer, as `VolumeArray(recording)`.
    contrast_limits
        From `contrast_limits(recording)`; the range of the dtype (0 to 1 for floats) until that is known.
    visible
        Hidden by default: napari reads the first frame and then the shown one unless a layer is added hidden.
    """
    about = {"kind": "recording", "recording": recording.name, "array": data, "legend": None}
    return LayerSpec(
        data,
        {
            "name": recording.name,
            **space_of_recording(recording).kwargs(),
            "contrast_limits": contrast_limits or _dtype_limits(recording.dtype),
            "colormap": "gray",
            "rgb": False,
            "multiscale": False,
            "projection_mode": "none",
            "visible": visible,
            "metadata": {"thunder": about},
        },
    )


def layers_for_result(
    dataset: xr.Dataset, *, recording: str | None = None, colormap: str = CYCLIC[0], strength: str | None = None
) -> list[LayerSpec]:
    """The layers to add when a result arrives: one that is visible, and a few hidden ones.

    A direction map or the first two factors come as one coloured layer; then `first_choices`. For anything else the
    result holds there is `layer_for_map`.

    Parameters
    ----------
    dataset
        From `run`, `stream` (still filling) or `load_result`.
    recording
        Name of the recording; from the provenance when left out.
    colormap
        One of `CYCLIC`.
    strength
        One of `strengths(dataset)`; the first when left out.

    Returns
    -------
    list of LayerSpec
        In the order in which to add them: the visible one is last, so that it lies on top and is selected.
    """
    specs = [layer_for_map(dataset, choice, recording=recording) for choice in first_choices(dataset)]
    if direction_of(dataset):
        specs.insert(0, layer_for_direction(dataset, recording=recording, colormap=colormap, strength=strength))
    factors = factors_of(dataset)
    if factors and dataset[factors].shape[0] > 1:
        specs.insert(0, layer_for_factors(dataset, recording=recording, colormap=colormap))
    return [spec.shown(i == 0) for i, spec in enumerate(specs)][::-1]


def layer_for_map(dataset: xr.Dataset, choice: MapChoice, *, recording: str | None = None) -> LayerSpec:
    """One map, coloured by what it means; NaN is transparent. A probability is shown as −log10 p.

    In a colormap that is transparent at 0, NaN is drawn as 0: napari's volumes in 3-D know no colour for NaN.
    """
    role = role_of(dataset, choice.variable)
    if role in (Role.DIRECTION, Role.ORIENTATION):
        return layer_for_direction(dataset, recording=recording)
    if role is Role.LABEL:
        return layer_for_labels(dataset, choice, recording=recording)
    drawn = drawn_values(choice.values(dataset), role)
    look = appearance_of(drawn, role)
    quantity = look.quantity.format(choice.title(dataset))
    units = str(dataset[choice.variable].attrs.get("units", "1")).removesuffix("1")
    signed = role in (Role.SIGNED, Role.FACTOR) and look.limits[0] < 0
    legend = Bar(quantity, units, look.limits, look.colormap, signed)
    about = {"kind": "map", "choice": choice, "role": str(role), "legend": legend}
    title = f"{_title(dataset)} · {look.quantity.format(choice.title(dataset))}"
    kwargs = _kwargs(dataset, title, recording, about)
    limits = {"contrast_limits": look.limits, "colormap": look.colormap, "rgb": False, "multiscale": False}
    if fades(look.colormap):
        drawn = np.where(np.isnan(drawn), np.float32(0), drawn)
    return LayerSpec(drawn, {**kwargs, **limits, **_OVER_ANATOMY})


def layer_for_direction(
    dataset: xr.Dataset,
    *,
    recording: str | None = None,
    colormap: str = CYCLIC[0],
    strength: str | None = None,
    threshold: float | None = None,
) -> LayerSpec:
    """The direction map: hue is the direction, opacity the strength; see `direction_overlay`.

    Parameters
    ----------
    dataset
        With a map of role `direction` or `orientation`.
    recording, colormap, strength
        As in `layers_for_result`.
    threshold
        Least strength that is drawn; `significant_threshold` when left out.
    """
    direction = direction_of(dataset)
    if direction is None:
        raise ValueError("this result has no map of directions")
    half = role_of(dataset, direction) is Role.ORIENTATION
    period = ORIENTATION_PERIOD if half else DIRECTION_PERIOD
    strength = strength or next(iter(strengths(dataset)), None)
    values = _strength_values(dataset, direction, strength)
    significant = significant_threshold(dataset, values)
    limits = strength_limits(values, significant)
    overlay = direction_overlay(dataset[direction].values, values, colormap=colormap, period=period, limits=limits)
    legend = Wheel(
        str(dataset[direction].attrs.get("long_name", direction)),
        _strength_title(dataset, strength),
        overlay.limits,
        colormap,
        period,
        HALF_COMPASS if half else COMPASS,
    )
    chosen = significant if threshold is None else threshold
    about = {"kind": "direction", "direction": direction, "strength": strength, "colormap": colormap}
    return _overlay_layer(dataset, _title(dataset), recording, overlay, chosen, about | {"legend": legend})


def layer_for_labels(
    dataset: xr.Dataset,
    choice: MapChoice,
    *,
    recording: str | None = None,
    strength: str | None = None,
    threshold: float | None = None,
) -> LayerSpec:
    """A label map: colour is the label, opacity the map it names, such as its similarity; see `label_overlay`.

    Parameters
    ----------
    dataset
        With a map of role `label`.
    choice
        Which map.
    recording
        As in `layers_for_result`.
    strength
        One of `label_strengths`; the first when left out.
    threshold
        Least strength that is drawn.
    """
    offered = label_strengths(dataset, choice.variable)
    strength = strength if strength in offered else next(iter(offered), None)
    alpha = None if strength is None else dataset[strength].values
    overlay = label_overlay(choice.values(dataset), alpha, label_colours(dataset, choice.variable))
    about = {"kind": "map", "choice": choice, "role": str(Role.LABEL), "strength": strength}
    about["legend"] = label_legend(dataset, choice, strength)
    return _overlay_layer(dataset, f"{_title(dataset)} · {choice.title(dataset)}", recording, overlay, threshold, about)


def layer_for_factors(
    dataset: xr.Dataset,
    components: Sequence[int] = (0, 1),
    *,
    recording: str | None = None,
    colormap: str = CYCLIC[0],
    threshold: float | None = None,
) -> LayerSpec:
    """Several factor maps in one picture; two keep their signs; see `factor_overlay`.

    Parameters
    ----------
    dataset
        With a map of role `factor`.
    components
        Which, by index; two or more.
    recording, colormap
        As in `layers_for_result`.
    threshold
        Least strength that is drawn.
    """
    name = factors_of(dataset)
    if name is None:
        raise ValueError("this result has no maps of factors")
    overlay = factor_overlay(dataset[name].values[list(components)], colormap=colormap)
    (dim,) = (str(d) for d in dataset[name].dims[:1])
    words = tuple(label_at(dataset, dim, i) for i in components)
    short = tuple(word.removeprefix(f"{dim} ") for word in words)
    title = f"{_title(dataset)} · {dim}s {', '.join(short)}"
    about = {
        "kind": "factors",
        "factors": name,
        "components": tuple(components),
        "colormap": colormap,
        "legend": _factor_legend(f"{dim}s {', '.join(short)}", short if len(words) == 2 else words, overlay, colormap),
    }
    return _overlay_layer(dataset, title, recording, overlay, threshold, about)


def significant_threshold(dataset: xr.Dataset, strength: Array) -> float | None:
    """The least strength of a voxel whose adjusted p is below 0.05, or None if there is no such voxel or no p."""
    name = "p_fdr" if "p_fdr" in dataset else "p"
    if name not in dataset or dataset[name].shape != strength.shape:
        return None
    significant = strength[dataset[name].values < _SIGNIFICANT]
    significant = significant[np.isfinite(significant)]
    return float(significant.min()) if significant.size else None


_OVER_ANATOMY = {
    "blending": "translucent_no_depth",
    "rendering": "translucent",
    "projection_mode": "none",
}


def _overlay_layer(
    dataset: xr.Dataset,
    title: str,
    recording: str | None,
    overlay: Overlay,
    threshold: float | None,
    about: dict[str, Any],
) -> LayerSpec:
    kwargs = _kwargs(dataset, title, recording, about | {"overlay": overlay, "threshold": threshold})
    return LayerSpec(overlay.rgba(threshold), {**kwargs, "rgb": True, "multiscale": False, **_OVER_ANATOMY})


def _kwargs(dataset: xr.Dataset, title: str, recording: str | None, about: dict[str, Any]) -> dict[str, Any]:
    owner = recording or _recording_name(dataset)
    said = {"recording": owner, "analysis": dataset.attrs.get("analysis", ""), "dataset": dataset, **about}
    return {
        "name": f"{owner} · {title}" if owner else title,
        **space_of_maps(dataset).kwargs(),
        "metadata": {"thunder": said},
    }


def _recording_name(dataset: xr.Dataset) -> str:
    uri = str(about_recording(dataset).get("uri", ""))
    return uri.rstrip("/").rsplit("/", 1)[-1].removeprefix("memory:")


def _title(dataset: xr.Dataset) -> str:
    return str(dataset.attrs.get("title", "result")).lower()


def _strength_values(dataset: xr.Dataset, direction: str, strength: str | None) -> Array:
    if strength is None:
        return np.where(np.isnan(dataset[direction].values), np.nan, 1.0).astype(np.float32)
    return drawn_values(dataset[strength].values, role_of(dataset, strength))


def _strength_title(dataset: xr.Dataset, strength: str | None) -> str:
    if strength is None:
        return ""
    name = symbol_of(strength)
    return f"−log10 {name}" if role_of(dataset, strength) is Role.PROBABILITY else name


def _factor_legend(title: str, words: tuple[str, ...], overlay: Overlay, colormap: str) -> Legend:
    if len(words) == 2:
        first, second = (word.rsplit(" ", 1)[-1] for word in words)  # there is little room beside a wheel
        ticks = ((0.0, f"+{first}"), (90.0, f"+{second}"), (180.0, f"−{first}"), (270.0, f"−{second}"))
        return Wheel(title, "size", overlay.limits, colormap, DIRECTION_PERIOD, ticks)
    return rgb_legend(title, words) if len(words) == 3 else palette_legend(title, words)


def _dtype_limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind not in "ui":
        return 0.0, 1.0
    info = np.iinfo(dtype)
    return float(max(info.min, 0)), float(min(info.max, 65535))
