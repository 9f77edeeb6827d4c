"""Plots on which an area can be drawn around what is to be chosen."""

from __future__ import annotations

from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.picture import Picture


class AreaPicture(Picture):
    """A plot of places in a plane: rectangles and lassos choose, the wheel zooms both ways."""

    along = False

    def __init__(self) -> None:
        super().__init__()
        self._tool = Tool.RECTANGLE

    def tool(self) -> Tool:
        return self._tool if self.tied else Tool.ZOOM

    def use_tool(self, tool: Tool) -> None:
        """Choose with this tool from now on."""
        self._tool = tool
        self.brush.use(self.tool(), along=False)
