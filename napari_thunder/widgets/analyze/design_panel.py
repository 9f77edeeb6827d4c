"""The design matrix of the analysis that is prepared, as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QRectF, Qt
from qtpy.QtWidgets import QLabel, QSizePolicy

from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.models.analyze.shown_design import DesignPicture, ShownDesigns
from napari_thunder.models.plots.axis import PlotAxis
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.plots.axes import PlotAxisItem
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours, colours_of

_HEIGHT = 210
_VIF_HEIGHT = 44
_LEFT = 52
_HIGH_VIF = 5.0
_FINE, _HIGH = "#56b4e9", "#e69f00"
_SHARE = 0.7


class DesignPanel(Section):
    """Columns are regressors, rows are frames from the top; above them their variance inflation.

    It is hidden where the analysis has no design, and says what is missing where there is none yet.

    Parameters
    ----------
    designs
        What it shows.
    viewer
        Whose theme it follows.
    main_thread
        To hear of changes.
    """

    def __init__(self, designs: ShownDesigns, viewer: Any, main_thread: MainThread) -> None:
        self.graphics = pg.GraphicsLayoutWidget()
        self.said = QLabel()
        self.warnings = QLabel()
        super().__init__("Design", self.graphics, self.said, self.warnings)
        self._designs, self._viewer = designs, viewer
        self._picture: DesignPicture | None = None
        self.vif_axis, self.time_axis = PlotAxisItem("left"), PlotAxisItem("left")
        self.name_axis = PlotAxisItem("bottom")
        self.vif = self.graphics.addPlot(row=0, col=0, enableMenu=False, axisItems={"left": self.vif_axis})
        self.matrix = self.graphics.addPlot(
            row=1, col=0, enableMenu=False, axisItems={"left": self.time_axis, "bottom": self.name_axis}
        )
        self.image = pg.ImageItem(axisOrder="row-major")
        self.bars = pg.BarGraphItem(x=[0], height=[0], width=_SHARE)
        self._limit = pg.InfiniteLine(_HIGH_VIF, angle=0)
        self._lay_out()
        main_thread.connect(designs.changed, self.refresh, newest=True)
        self._follow_theme()
        designs.look_again()
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """Follow napari's theme, which changes the style sheet."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_limit"):
            self._follow_theme()

    def refresh(self) -> None:
        """Show the design that is prepared now."""
        picture, trouble = self._designs.picture, self._designs.trouble
        there = self._designs.has_design and (picture is not None or bool(trouble))
        self.setVisible(there)
        self.graphics.setVisible(picture is not None)
        self.warnings.setVisible(picture is not None and bool(picture.design.warnings))
        self.said.setText(trouble if picture is None else picture.summary)
        if picture is not None and picture is not self._picture:
            self._draw(picture)
        self._picture = picture

    def words_at(self, x: float, y: float) -> str:
        """What stands at a place of the picture."""
        picture, row, column = self._picture, round(y), round(x)
        if picture is None or not 0 <= column < picture.shades.shape[1]:
            return ""
        return picture.words_at(min(max(row, 0), len(picture.shades) - 1), column)

    def _draw(self, picture: DesignPicture) -> None:
        design = picture.design
        n_rows, n = picture.shades.shape
        signed = bool((picture.shades < 0).any())
        self.image.setImage(picture.shades, autoLevels=False, levels=(-1.0 if signed else 0.0, 1.0))
        self.image.setLookupTable(_table("vik" if signed else "gray"))
        self.image.setRect(QRectF(-0.5, -0.5, n, n_rows))
        at = np.arange(0, len(design.frames), picture.frames_per_row)
        places = design.frames[at] if design.frame_times is None else design.frame_times[at]
        self.time_axis.show_columns(PlotAxis(places.astype(np.float64), ""))
        self.matrix.setLabel("left", "frame" if design.frame_times is None else "time (s)")
        self.name_axis.show_names([_short(name) for name in design.names])
        self.matrix.setRange(xRange=(-0.5, n - 0.5), yRange=(-0.5, n_rows - 0.5), padding=0)
        self._draw_vif(np.nan_to_num(design.vif, nan=0.0))
        self.warnings.setText("\n".join(f"⚠ {text}" for text in design.warnings))

    def _draw_vif(self, vif: Any) -> None:
        colors = [_HIGH if value > _HIGH_VIF else _FINE for value in vif]
        self.bars.setOpts(x=np.arange(len(vif)), height=vif, width=_SHARE, brushes=colors, pens=[None] * len(vif))
        top = max(float(vif.max(initial=0.0)) * 1.1, 2.0)
        self.vif.setYRange(0, top, padding=0)
        self.vif_axis.setTicks([[(0, "0"), (top / 1.1, f"{top / 1.1:.2g}")]])
        self._limit.setVisible(top > _HIGH_VIF)

    def _lay_out(self) -> None:
        self.graphics.setFixedHeight(_HEIGHT)
        self.graphics.setAccessibleName("Design matrix: columns are regressors, rows are frames")
        self.graphics.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.graphics.ci.layout.setContentsMargins(0, 2, 4, 0)
        self.graphics.ci.layout.setVerticalSpacing(0)
        self.vif.setFixedHeight(_VIF_HEIGHT)
        self.vif.setLabel("left", "VIF")
        self.vif.hideAxis("bottom")
        self.vif.setXLink(self.matrix)
        self.matrix.getViewBox().invertY(True)
        for plot in (self.vif, self.matrix):
            plot.hideButtons()
            plot.setMouseEnabled(x=False, y=False)
            plot.getAxis("left").setWidth(_LEFT)
        self.matrix.addItem(self.image)
        for item in (self.bars, self._limit):
            self.vif.addItem(item, ignoreBounds=True)
        for label in (self.said, self.warnings):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.graphics.scene().sigMouseMoved.connect(self._on_move)

    def _on_move(self, position: Any) -> None:
        at = self.matrix.getViewBox().mapSceneToView(position)
        self.graphics.setToolTip(self.words_at(at.x(), at.y()))

    def _follow_theme(self) -> None:
        colours: Colours = colours_of(self._viewer)
        self.graphics.setBackground(colours.background)
        for axis in (self.vif_axis, self.time_axis, self.name_axis):
            axis.setPen(pg.mkPen(colours.text))
            axis.setTextPen(pg.mkPen(colours.text))
        self._limit.setPen(pg.mkPen(colours.text, style=Qt.PenStyle.DashLine))
        self.warnings.setStyleSheet(f"color: {colours.cursor}")


def _short(name: str) -> str:
    """`30` for `direction=30`, where one column tells events apart; the whole name is said under the mouse."""
    return name if name.count("=") != 1 else name.partition("=")[2]


def _table(name: str) -> Any:
    return np.round(np.asarray(napari_colormap(name)["colors"]) * 255).astype(np.uint8)
