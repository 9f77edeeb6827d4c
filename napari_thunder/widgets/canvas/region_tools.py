"""The tools that regions are drawn and changed with on the canvas."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Parameters
    ----------
    title
        As a button says it.
    mode
        Of napari's layer.
    tip
        How to use it.
    paints
        Whether it works on the layer of labels, else on that of shapes.
    draws
        Whether it makes new regions.
    """

    title: str
    mode: str
    tip: str
    paints: bool = False
    draws: bool = True


TOOLS = {
    "polygon": Tool("Polygon", "add_polygon", "click its corners on the brain, double-click or Esc to close it"),
    "rectangle": Tool("Rectangle", "add_rectangle", "drag from corner to corner"),
    "ellipse": Tool("Ellipse", "add_ellipse", "drag from corner to corner of the box around it"),
    "freehand": Tool("Freehand", "add_polygon_lasso", "drag around the cells"),
    "paint": Tool("Paint", "paint", "brush a new 3-D region onto the brain, plane by plane or as a ball", paints=True),
    "erase": Tool("Erase", "erase", "take voxels away from painted regions", paints=True, draws=False),
    "move": Tool("Move", "select", "choose drawn regions, move and resize them; Del deletes them", draws=False),
    "points": Tool("Points", "direct", "click a drawn region, then drag its corners", draws=False),
}
"""By the name that `RegionLayers.use` takes."""
