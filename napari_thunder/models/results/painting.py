"""A result under a look becomes a layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display import (
    Bar,
    LayerSpec,
    Overlay,
    layer_for_direction,
    layer_for_factors,
    layer_for_labels,
    layer_for_map,
    probability_of,
    significant,
)
from napari_thunder.display.colormaps import fades, napari_colormap
from napari_thunder.display.maps import role_of
from napari_thunder.models.results.looks import Look, colormaps_of
from napari_thunder.models.results.results import ResultEntry


def paint(entry: ResultEntry, look: Look) -> LayerSpec:
    """The layer of a result under a look."""
    dataset = entry.dataset
    coloured: dict[str, Any] = {"colormap": look.colormap} if look.colormap else {}
    if look.choice is not None and role_of(dataset, look.choice.variable) is Role.LABEL:
        spec = layer_for_labels(dataset, look.choice, strength=look.strength or None, threshold=look.threshold)
        return restyle(_if_significant(spec, entry, look), look)
    if look.choice is not None:
        spec = _with_colormap(layer_for_map(dataset, look.choice), entry, look)
        return restyle(_with_threshold(_if_significant(spec, entry, look), look), look)
    if look.components:
        spec = layer_for_factors(dataset, look.components, threshold=look.threshold, **coloured)
    else:
        spec = layer_for_direction(dataset, strength=look.strength or None, threshold=look.threshold, **coloured)
    return restyle(_if_significant(spec, entry, look), look)


def repaint(spec: LayerSpec, threshold: float | None) -> LayerSpec | None:
    """The same layer above another threshold, without mixing its colours anew; None if it has to be painted."""
    overlay = spec.thunder.get("overlay")
    if not isinstance(overlay, Overlay) or threshold is None:
        return None
    said = spec.thunder | {"threshold": threshold}
    return LayerSpec(overlay.rgba(threshold), {**spec.kwargs, "metadata": {"thunder": said}}, spec.layer_type)


def restyle(spec: LayerSpec, look: Look) -> LayerSpec:
    """The same voxels with the opacity and the limits of a look."""
    kwargs = {**spec.kwargs, "opacity": look.opacity}
    legend = spec.thunder["legend"]
    if isinstance(legend, Bar):
        found = spec.thunder.get("found_limits", legend.limits)
        limits = look.limits or found
        kwargs["contrast_limits"] = limits
        said = {"legend": replace(legend, limits=limits), "found_limits": found}
        kwargs["metadata"] = {"thunder": spec.thunder | said}
    return replace(spec, kwargs=kwargs)


def threshold_span(spec: LayerSpec) -> tuple[float, float]:
    """Least and largest threshold that make a difference."""
    overlay = spec.thunder.get("overlay")
    if isinstance(overlay, Overlay):
        low, high = overlay.span
    else:
        low, high = spec.thunder.get("found_limits", (0.0, 1.0))
    high = max(abs(low), abs(high))
    return 0.0, high if np.isfinite(high) and high > 0 else 1.0


def found_limits(spec: LayerSpec) -> tuple[float, float] | None:
    """The limits of the colours as the map gives them; None if they are not of one map."""
    limits: tuple[float, float] | None = spec.thunder.get("found_limits")
    return limits


def is_signed(spec: LayerSpec) -> bool:
    """Whether a map diverges around 0, so that its limits are symmetric and its threshold is two-sided."""
    return spec.thunder.get("role") in (Role.SIGNED, Role.FACTOR)


def look_of_layer(said: dict[str, Any]) -> Look | None:
    """How a layer of maps is looked at, from what its metadata say of it."""
    if said.get("kind") == "map":
        return Look(said["choice"], strength=said.get("strength") or "", threshold=said.get("threshold"))
    coloured = {"threshold": said.get("threshold"), "colormap": said.get("colormap", "")}
    if said.get("kind") == "factors":
        return Look(components=tuple(said["components"]), **coloured)
    if said.get("kind") == "direction":
        return Look(strength=said.get("strength") or "", **coloured)
    return None


def _with_colormap(spec: LayerSpec, entry: ResultEntry, look: Look) -> LayerSpec:
    offered = colormaps_of(entry.dataset, look)
    legend = spec.thunder["legend"]
    if not look.colormap or look.colormap == offered[0] or not isinstance(legend, Bar):
        return spec
    colormap = napari_colormap(look.colormap, fades="middle" if legend.signed else "low")
    said = spec.thunder | {"legend": replace(legend, colormap=colormap)}
    return replace(spec, kwargs={**spec.kwargs, "colormap": colormap, "metadata": {"thunder": said}})


def _with_threshold(spec: LayerSpec, look: Look) -> LayerSpec:
    if not look.threshold or spec.layer_type != "image":
        return spec
    said = spec.thunder | {"threshold": look.threshold}
    shown = (np.abs(spec.data) if is_signed(spec) else spec.data) >= look.threshold
    return _only_where(shown, replace(spec, kwargs={**spec.kwargs, "metadata": {"thunder": said}}))


def _only_where(shown: NDArray[np.bool_], spec: LayerSpec) -> LayerSpec:
    """Hide the other voxels of a map: as its lower limit, or 0 if it is signed, where its colours are transparent."""
    legend = spec.thunder["legend"]
    kwargs = spec.kwargs
    if not fades(kwargs["colormap"]):
        colormap = napari_colormap(str(kwargs["colormap"]), fades="low")
        said = spec.thunder | {"legend": replace(legend, colormap=colormap)}
        kwargs = {**kwargs, "colormap": colormap, "metadata": {"thunder": said}}
    nothing = np.float32(0 if legend.signed else legend.limits[0])
    return replace(spec, data=np.where(shown, spec.data, nothing), kwargs=kwargs)


def _if_significant(spec: LayerSpec, entry: ResultEntry, look: Look) -> LayerSpec:
    """Hide what is not significant, if the look asks for it and the result can tell."""
    probability = probability_of(entry.dataset, look.choice) if look.significant else None
    if probability is None:
        return spec
    shown = significant(entry.dataset, probability)
    overlay = spec.thunder.get("overlay")
    if isinstance(overlay, Overlay):
        kept = replace(overlay, strength=np.where(shown, overlay.strength, np.float32(-np.inf)))
        said = spec.thunder | {"overlay": kept}
        data = kept.rgba(spec.thunder.get("threshold"))
        return replace(spec, data=data, kwargs={**spec.kwargs, "metadata": {"thunder": said}})
    if spec.layer_type == "image":
        return _only_where(shown, spec)
    return spec
