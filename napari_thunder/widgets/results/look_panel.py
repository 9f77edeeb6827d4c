"""Choose what of a result is shown, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget
from superqt import QLabeledDoubleSlider

from napari_thunder.display import LayerSpec
from napari_thunder.models.looks import (
    Look,
    colormaps_of,
    look_at,
    looks_of,
    meaning_of,
    same_picture,
    strength_title,
    strengths_of,
)
from napari_thunder.models.painting import threshold_span
from napari_thunder.models.results import ResultEntry
from napari_thunder.widgets.legend_view import LegendView
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll


class LookPanel(QWidget):
    """Fields for a `Look`; emits `asked` when a person changed one."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.look: Look | None = None
        self._entry: ResultEntry | None = None
        self._filling = False
        self.picture = self._combo("Shown", "Which picture of this result is shown", self._take_picture)
        self.strength = self._combo("Strength", "What makes a voxel's colour opaque", self._take_strength)
        self.threshold: Any = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        self.threshold.setAccessibleName("Threshold")
        self.threshold.setToolTip("What is weaker is not shown. Acts at once; nothing is computed anew.")
        self.threshold.valueChanged.connect(self._take_threshold)
        needs_focus_to_scroll(self.threshold)
        self.colormap = self._combo(
            "Colours", "romaO and CET_CBTC1 can be read by the colour-blind", self._take_colormap
        )
        self.legend = LegendView()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for widget in (self.picture, self.strength, self.threshold, self.colormap):
            self._form.addRow(widget.accessibleName(), widget)
        self._form.addRow(self.legend)

    def show_look(self, entry: ResultEntry | None, look: Look | None, spec: LayerSpec | None) -> None:
        """Show how a result is looked at; hidden while there is none."""
        self._entry, self.look = entry, look
        self.setVisible(entry is not None and look is not None)
        if entry is None or look is None:
            return
        self._filling = True
        self._show_choices(entry, look)
        if spec is not None:
            self._show_spec(look, spec)
        self._filling = False

    def _show_choices(self, entry: ResultEntry, look: Look) -> None:
        looks = looks_of(entry.dataset)
        at = next((i for i, (_, other) in enumerate(looks) if same_picture(other, look)), 0)
        _fill(self.picture, [title for title, _ in looks], [look for _, look in looks], at)
        self.picture.setToolTip(meaning_of(entry.dataset, look) or "Which picture of this result is shown")
        names = strengths_of(entry.dataset, look)
        _fill(
            self.strength,
            [strength_title(entry.dataset, name) for name in names],
            names,
            names.index(look.strength) if look.strength in names else 0,
        )
        self._show_row(self.strength, bool(names))
        colormaps = colormaps_of(entry.dataset, look)
        _fill(self.colormap, colormaps, colormaps, colormaps.index(look.colormap) if look.colormap in colormaps else 0)
        self._show_row(self.colormap, len(colormaps) > 1)

    def _show_spec(self, look: Look, spec: LayerSpec) -> None:
        low, high = threshold_span(spec)
        effective = look.threshold if look.threshold is not None else spec.thunder.get("threshold")
        if not self.threshold.isSliderDown():
            self.threshold.setRange(low, high)
            self.threshold.setSingleStep((high - low) / 100)
            self.threshold.setDecimals(3 if high < 10 else 1)
            self.threshold.setValue(effective or 0.0)
        self.legend.show_legend(spec.thunder["legend"], effective)

    def _show_row(self, widget: QWidget, shown: bool) -> None:
        widget.setVisible(shown)
        self._form.labelForField(widget).setVisible(shown)

    def _combo(self, name: str, tip: str, slot: Any) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setToolTip(tip)
        combo.setMinimumContentsLength(8)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.activated.connect(slot)
        needs_focus_to_scroll(combo)
        return combo

    def _take_picture(self) -> None:
        if self.look is not None:
            self._take(look_at(self.picture.currentData(), self.look))

    def _take_strength(self) -> None:
        self._change(strength=self.strength.currentData(), threshold=None)

    def _take_threshold(self, value: float) -> None:
        self._change(threshold=value)

    def _take_colormap(self) -> None:
        self._change(colormap=self.colormap.currentData())

    def _change(self, **changes: Any) -> None:
        if self.look is not None:
            self._take(replace(self.look, **changes))

    def _take(self, look: Look) -> None:
        if not self._filling:
            self.look = look
            self.asked.emit()


def _fill(combo: QComboBox, labels: Sequence[str], data: Sequence[Any], current: int) -> None:
    """Fill a combo box, unless it holds just that already."""
    held = [combo.itemText(i) for i in range(combo.count())]
    if held != list(labels):
        combo.clear()
        for label, value in zip(labels, data, strict=True):
            combo.addItem(label, value)
    combo.setCurrentIndex(current)
