"""A result under a look becomes a layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from napari_thunder.display import LayerSpec, Overlay, layer_for_direction, layer_for_factors, layer_for_map
from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.models.looks import Look, colormaps_of
from napari_thunder.models.results import ResultEntry


def paint(entry: ResultEntry, look: Look) -> LayerSpec:
    """The layer of a result under a look."""
    dataset, owner = entry.dataset, None
    coloured: dict[str, Any] = {"colormap": look.colormap} if look.colormap else {}
    if look.choice is not None:
        return _with_threshold(_with_colormap(layer_for_map(dataset, look.choice, recording=owner), entry, look), look)
    if look.components:
        return layer_for_factors(dataset, look.components, threshold=look.threshold, **coloured)
    return layer_for_direction(dataset, strength=look.strength or None, threshold=look.threshold, **coloured)


def repaint(spec: LayerSpec, threshold: float | None) -> LayerSpec | None:
    """The same layer above another threshold, without mixing its colours anew; None if it has to be painted."""
    overlay = spec.thunder.get("overlay")
    if not isinstance(overlay, Overlay) or threshold is None:
        return None
    said = spec.thunder | {"threshold": threshold}
    return LayerSpec(overlay.rgba(threshold), {**spec.kwargs, "metadata": {"thunder": said}}, spec.layer_type)


def threshold_span(spec: LayerSpec) -> tuple[float, float]:
    """Least and largest threshold that make a difference."""
    overlay = spec.thunder.get("overlay")
    low, high = overlay.span if isinstance(overlay, Overlay) else spec.kwargs.get("contrast_limits", (0.0, 1.0))
    high = max(abs(low), abs(high))
    return 0.0, high if np.isfinite(high) and high > 0 else 1.0


def _with_colormap(spec: LayerSpec, entry: ResultEntry, look: Look) -> LayerSpec:
    offered = colormaps_of(entry.dataset, look)
    if not look.colormap or look.colormap == offered[0]:
        return spec
    low = spec.kwargs["contrast_limits"][0]
    colormap = napari_colormap(look.colormap, fades="middle" if low < 0 else "low")
    return replace(spec, kwargs={**spec.kwargs, "colormap": colormap})


def _with_threshold(spec: LayerSpec, look: Look) -> LayerSpec:
    if not look.threshold or spec.layer_type != "image":
        return spec
    hidden = np.abs(spec.data) < look.threshold
    return replace(spec, data=np.where(hidden, np.float32(np.nan), spec.data))
