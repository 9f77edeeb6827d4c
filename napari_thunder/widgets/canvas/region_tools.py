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
    "polygon": Tool(
        "Polygon", "add_polygon", "Draw a polygon: click its corners on the brain, double-click or Esc to close it"
    ),
    "rectangle": Tool("Rectangle", "add_rectangle", "Draw a rectangle: drag from corner to corner"),
    "ellipse": Tool("Ellipse", "add_ellipse", "Draw an ellipse: drag from corner to corner of the box around it"),
    "freehand": Tool("Freehand", "add_polygon_lasso", "Draw freehand: drag around the cells"),
    "paint": Tool("Paint", "paint", "Paint a new 3-D region with a brush, plane by plane or as a ball", paints=True),
    "erase": Tool("Erase", "erase", "Erase voxels of painted regions", paints=True, draws=False),
    "move": Tool("Move", "select", "Choose drawn regions, move and resize them; Del deletes them", draws=False),
    "points": Tool("Points", "direct", "Drag the corners of a drawn region", draws=False),
}
"""By the name that `RegionLayers.use` takes."""
