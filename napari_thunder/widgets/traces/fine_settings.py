"""The numbers behind the traces that are seldom changed, in a small window that opens from the toolbar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QPoint, Qt, Signal
from qtpy.QtGui import QHideEvent
from qtpy.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from napari_thunder.models.analyze.form import Field, form_fields
from napari_thunder.parameters import values
from napari_thunder.traces.settings import TraceSettings
from napari_thunder.widgets.analyze.parameter_form import ParameterForm
from napari_thunder.widgets.section import Section

_LABELS = {
    "neuropil_factor": "Neuropil factor",
    "baseline_percentile": "ΔF/F baseline percentile (%)",
    "baseline": "Baseline before events (s)",
}


class FineSettings(QDialog):
    """Neuropil factor and baselines; `configured(changes)` when one is changed. A click elsewhere or Esc closes it."""

    configured = Signal(dict)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName("Settings of the traces")
        self.form = ParameterForm(_fields())
        self.defaults = QPushButton("Defaults")
        self.defaults.setAutoDefault(False)
        self.defaults.setToolTip("Back to the values at first")
        self._settings = TraceSettings()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(Section("Traces", self.form, self.defaults))
        self.form.changed.connect(self._take)
        self.defaults.clicked.connect(lambda _: self._fill_in(TraceSettings()))

    def show_settings(self, settings: TraceSettings) -> None:
        """Show how traces are measured."""
        self._settings = settings
        self.form.fill(_chosen(settings))

    def open_at(self, button: QWidget) -> None:
        """Open below a button, or above it where there is no room."""
        self.adjustSize()
        place, screen = button.mapToGlobal(button.rect().bottomLeft()), button.screen().availableGeometry()
        if place.y() + self.height() > screen.bottom():
            place = button.mapToGlobal(QPoint(0, -self.height()))
        place.setX(min(place.x(), screen.right() - self.width()))
        self.move(place)
        self.show()
        self.form.focus_first()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was typed counts without Enter, too."""
        super().hideEvent(event)
        self._take()

    def _fill_in(self, settings: TraceSettings) -> None:
        self.form.fill(_chosen(settings))
        self._take()

    def _take(self) -> None:
        given = self.form.given()
        if given != _chosen(self._settings):
            self.configured.emit(given)


def _fields() -> tuple[Field, ...]:
    known = {field.name: field for field in form_fields(TraceSettings)}
    return tuple(replace(known[name], label=label) for name, label in _LABELS.items())


def _chosen(settings: TraceSettings) -> dict[str, Any]:
    return {name: value for name, value in values(settings).items() if name in _LABELS}
