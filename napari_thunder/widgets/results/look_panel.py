"""Choose what of a result is shown, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QWidget
from superqt import QLabeledDoubleSlider

from napari_thunder.display import LayerSpec, probability_of, significance_title
from napari_thunder.models.results.looks import (
    Look,
    colormaps_of,
    look_at,
    looks_of,
    meaning_of,
    same_picture,
    strength_title,
    strengths_of,
)
from napari_thunder.models.results.painting import found_limits, is_signed, threshold_span
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.widgets.legend_view import LegendView
from napari_thunder.widgets.results.limits_field import LimitsField
from napari_thunder.widgets.results.swatch import SWATCH, colormap_title, swatch
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll


class LookPanel(QWidget):
    """Fields for a `Look`; emits `asked` when a person changed one.

    Parameters
    ----------
    now
        Gives the look as it is now, which may have changed since it was shown.
    """

    asked = Signal()

    def __init__(self, now: Callable[[], Look | None]) -> None:
        super().__init__()
        self.look: Look | None = None
        self._now = now
        self._entry: ResultEntry | None = None
        self._filling = False
        self.picture = self._combo("Shown", "Which picture of this result is shown", self._take_picture)
        self.strength = self._combo("Strength", "What makes a voxel's colour opaque", self._take_strength)
        self.threshold = self._slider("Threshold", self._take_threshold)
        self.significant = QCheckBox()
        self.significant.setAccessibleName("Significant")
        self.significant.clicked.connect(lambda on: self._change(significant=bool(on)))
        self.opacity = self._slider("Opacity", lambda value: self._change(opacity=round(value, 3)))
        self.opacity.setRange(0.0, 1.0)
        self.opacity.setSingleStep(0.05)
        self.opacity.setDecimals(2)
        self.opacity.setToolTip("Of the whole map over what is under it")
        self.limits = LimitsField()
        self.limits.setAccessibleName("Limits")
        self.limits.asked.connect(lambda: self._change(limits=self.limits.limits))
        self.colormap = self._combo(
            "Colours", "romaO and CET_CBTC1 can be read by the colour-blind", self._take_colormap
        )
        self.colormap.setIconSize(SWATCH)
        self.legend = LegendView()
        self.legend_wanted = True
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for widget in (
            self.picture, self.strength, self.threshold, self.significant, self.colormap, self.limits, self.opacity
        ):  # fmt: skip
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
        at = colormaps.index(look.colormap) if look.colormap in colormaps else 0
        if _fill(self.colormap, [colormap_title(name) for name in colormaps], colormaps, at):
            for row, name in enumerate(colormaps):
                self.colormap.setItemIcon(row, swatch(name))
        self._show_significance(entry, look)
        self._show_row(self.colormap, len(colormaps) > 1)

    def _show_significance(self, entry: ResultEntry, look: Look) -> None:
        probability = None if look.components else probability_of(entry.dataset, look.choice)
        self.significant.setText(significance_title(probability))
        self.significant.setChecked(look.significant and probability is not None)
        why_not = "" if probability is not None else "This map has no p."
        say_why(self.significant, why_not, "Show only voxels below this p (FDR: adjusted for testing every voxel)")

    def _show_spec(self, look: Look, spec: LayerSpec) -> None:
        low, high = threshold_span(spec)
        effective = look.threshold if look.threshold is not None else spec.thunder.get("threshold")
        if not self.threshold.isSliderDown():
            self.threshold.setRange(low, high)
            self.threshold.setSingleStep((high - low) / 100)
            self.threshold.setDecimals(3 if high < 10 else 1)
            self.threshold.setValue(effective or 0.0)
        signed, found = is_signed(spec), found_limits(spec)
        self.threshold.setToolTip(
            f"What is weaker{' (in either direction)' if signed else ''} is not shown; in the units of the map. "
            "Acts at once; nothing is computed anew."
        )
        if not self.opacity.isSliderDown():
            self.opacity.setValue(look.opacity)
        self._show_row(self.limits, found is not None)
        if found is not None:
            self.limits.show_limits(look.limits or found, found=look.limits is None, signed=signed)
        self.legend.show_legend(spec.thunder["legend"] if self.legend_wanted else None, effective)

    def _show_row(self, widget: QWidget, shown: bool) -> None:
        widget.setVisible(shown)
        self._form.labelForField(widget).setVisible(shown)

    def _slider(self, name: str, slot: Any) -> Any:
        slider: Any = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(name)
        slider.valueChanged.connect(slot)
        needs_focus_to_scroll(slider)
        return slider

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
        if (look := self._now()) is not None:
            self._take(look_at(self.picture.currentData(), look))

    def _take_strength(self) -> None:
        self._change(strength=self.strength.currentData(), threshold=None)

    def _take_threshold(self, value: float) -> None:
        self._change(threshold=value)

    def _take_colormap(self) -> None:
        self._change(colormap=self.colormap.currentData())

    def _change(self, **changes: Any) -> None:
        if (look := self._now()) is not None:
            self._take(replace(look, **changes))

    def _take(self, look: Look) -> None:
        if not self._filling:
            self.look = look
            self.asked.emit()


def _fill(combo: QComboBox, labels: Sequence[str], data: Sequence[Any], current: int) -> bool:
    """Fill a combo box, unless it holds just that already; says whether it did not."""
    new = [combo.itemText(i) for i in range(combo.count())] != list(labels)
    if new:
        combo.clear()
        for label, value in zip(labels, data, strict=True):
            combo.addItem(label, value)
    combo.setCurrentIndex(current)
    return new
