"""What can be set and done with the traces, in one row above them."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from napari_thunder.traces.settings import Measure, TraceSettings
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.traces.fine_settings import FineSettings
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_MEASURES = ((Measure.RAW, "raw"), (Measure.DFF, "ΔF/F"), (Measure.ZSCORE, "z-score"))

_EXPORTS = (
    ("Traces as CSV…", "csv"),
    ("Traces as SVG…", "traces.svg"),
    ("Traces as PNG…", "traces.png"),
    ("Average and tuning as SVG…", "response.svg"),
    ("Average and tuning as PNG…", "response.png"),
)
_COPIES = (
    ("Numbers of the traces", "numbers"),
    ("Picture of the traces", "traces"),
    ("Picture of average and tuning", "response"),
)


class Toolbar(QWidget):
    """Signals: `configured(changes)` for settings; `stacked(on)`; `all_asked`; `signals_chosen(names)`;
    `exported(what)` and `copied(what)` for menus.
    """

    configured = Signal(dict)
    stacked = Signal(bool)
    all_asked = Signal()
    signals_chosen = Signal(list)
    exported = Signal(str)
    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.measure = QComboBox()
        self.neuropil = QCheckBox("Neuropil")
        self.settings = _button("⚙", "Settings: neuropil factor, baseline of ΔF/F and of the average around events")
        self.settings.setAccessibleName("Settings of the traces")
        self.fine = FineSettings(self)
        self.stack = _button("Stack", "Draw each trace above the next, instead of all over each other")
        self.all = _button("All", "Show all of the time (Home, or a double click in the plot)")
        self.signals = _button("Behaviour", "")
        self.copy = _button("Copy", "")
        self.export = _button("Export", "")
        self.moment = QLabel()
        self._fill_measures()
        self._connect()
        self._lay_out()

    def show_settings(self, settings: TraceSettings) -> None:
        """Show how traces are measured."""
        with QSignalBlocker(self.measure), QSignalBlocker(self.neuropil):
            self.measure.setCurrentIndex([m for m, _ in _MEASURES].index(Measure(settings.measure)))
            self.neuropil.setChecked(settings.neuropil)
        factor = f"times {settings.neuropil_factor:g}; see ⚙"
        self.neuropil.setToolTip(f"Subtract the light of a ring around each ROI or voxel, {factor}")
        self.fine.show_settings(settings)

    def show_signals(self, names: Sequence[str], shown: Sequence[str], why_not: str) -> None:
        """Offer these behaviour signals, with those that are shown checked."""
        menu = self.signals.menu()
        if [action.text() for action in menu.actions()] != list(names):
            menu.clear()
            for name in names:
                menu.addAction(name).setCheckable(True)
        for action in menu.actions():
            action.setChecked(action.text() in shown)
        say_why(self.signals, why_not, "Choose the behaviour signals to show below the traces")

    def show_possible(self, why_no_traces: str, why_no_response: str) -> None:
        """Disable what cannot be done, with the reason."""
        say_why(self.export, why_no_traces, "Save the numbers or a picture of what is shown")
        say_why(self.copy, why_no_traces, "Copy the numbers or a picture of what is shown")
        for button in (self.copy, self.export):
            for action in button.menu().actions():
                if str(action.data()).startswith("response"):
                    action.setEnabled(not why_no_response)
                    action.setToolTip(why_no_response)

    def show_moment(self, words: str) -> None:
        """Say what the cursor stands at."""
        self.moment.setText(words)

    def _fill_measures(self) -> None:
        for measure, word in _MEASURES:
            self.measure.addItem(word, measure)
        self.measure.setAccessibleName("Measure")
        self.measure.setToolTip("What is shown of each trace: raw values, change relative to baseline, or z-score")
        needs_focus_to_scroll(self.measure)

    def _connect(self) -> None:
        self.measure.activated.connect(
            lambda _: self.configured.emit(
                {"measure": self.measure.currentData(), "neuropil": self.neuropil.isChecked()}
            )
        )
        self.neuropil.toggled.connect(lambda on: self.configured.emit({"neuropil": on}))
        self.settings.clicked.connect(lambda _: self.fine.open_at(self.settings))
        self.fine.configured.connect(self.configured)
        self.stack.setCheckable(True)
        self.stack.toggled.connect(self.stacked)
        self.all.clicked.connect(self.all_asked)
        menu = _menu_of(self.signals)
        menu.triggered.connect(lambda _: self.signals_chosen.emit(self._checked()))
        for button, entries, signal in ((self.copy, _COPIES, self.copied), (self.export, _EXPORTS, self.exported)):
            menu = _menu_of(button)
            menu.setToolTipsVisible(True)
            for text, what in entries:
                menu.addAction(text).setData(what)
            menu.triggered.connect(lambda action, signal=signal: signal.emit(action.data()))

    def _checked(self) -> list[str]:
        return [action.text() for action in self.signals.menu().actions() if action.isChecked()]

    def _lay_out(self) -> None:
        self.moment.setAccessibleName("Moment shown")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.measure, self.neuropil, self.settings, self.stack, self.signals, self.all):
            layout.addWidget(widget)
        layout.addSpacing(12)
        self.moment.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # gives way first
        layout.addWidget(self.moment, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.export)


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    return button


def _menu_of(button: QPushButton) -> QMenu:
    menu = QMenu(button)
    button.setMenu(menu)
    return menu
