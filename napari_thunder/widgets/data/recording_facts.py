"""What is known of a recording, and fields for what is not."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.errors import ThunderError
from napari_thunder.models.facts import duration_line, events_line, signals_line, size_line
from napari_thunder.models.given import numbers_of, positive_number_of
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.widgets.trouble_label import TroubleLabel

_EMPTY = "No recording is open. Type the path of one above, drop it on the window, or try File ▸ Open Sample ▸ Thunder."


class RecordingFacts(QWidget):
    """Shows a recording's facts; emits `given` with what was filled in, by keyword of `with_known`."""

    given = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._recording: Recording | None = None
        self._empty = _line(_EMPTY)
        self._size = _line()
        self._format = _line()
        self.rate = self._number_line("rate", "Hz", "Frames per second")
        self.voxel = self._number_line("voxel", "µm", "Size of a voxel (z, y, x) in micrometres, with commas between")
        self._events, events = self._file_line("events", "Events")
        self._signals, signals = self._file_line("signals", "Signals")
        self.trouble = TroubleLabel()
        self._facts = QWidget()
        form = QFormLayout(self._facts)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, row in (
            ("Size", self._size),
            ("Read as", self._format),
            ("Frame rate", _beside(self.rate, "Hz")),
            ("Voxel size", _beside(self.voxel, "µm")),
            ("Events", events),
            ("Signals", signals),
        ):
            form.addRow(name, row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for part in (self._empty, self._facts, self.trouble):
            layout.addWidget(part)

    def show_recording(self, recording: Recording | None, opening: tuple[str, ...] = ()) -> None:
        """Show these facts, or what to do when there is none."""
        same = recording is self._recording
        self._recording = recording
        self._empty.setText("\n".join(f"Opening {uri} …" for uri in opening) or _EMPTY)
        self._empty.setVisible(bool(opening) or recording is None)
        self._facts.setVisible(recording is not None)
        if recording is None or same:
            return
        self.trouble.show_trouble(None)
        duration = duration_line(recording)
        self._size.setText(size_line(recording) + (f", {duration}" if duration else ""))
        self._format.setText(recording.source.format)
        self._format.setToolTip(recording.uri)
        self.rate.setText("" if recording.frame_rate is None else f"{recording.frame_rate:.6g}")
        self.voxel.setText("" if recording.voxel_size is None else ", ".join(f"{s:g}" for s in recording.voxel_size))
        self._events.setText(events_line(recording) or "none")
        self._signals.setText(_may_break(signals_line(recording)) or "none")

    def _number_line(self, name: str, unit: str, tip: str) -> QLineEdit:
        line = QLineEdit()
        line.setPlaceholderText("not known: give it")
        line.setToolTip(f"{tip}. Enter applies it.")
        line.setAccessibleName(f"{tip} ({unit})")
        line.editingFinished.connect(getattr(self, f"_give_{name}"))
        return line

    def _file_line(self, name: str, title: str) -> tuple[QLabel, QWidget]:
        said = _line()
        button = QPushButton("Choose…")
        button.setToolTip(f"Read the {name} from a file")
        button.setAccessibleName(f"Choose a file of {name}")
        button.clicked.connect(lambda: self._choose(name, title))
        return said, _beside(said, button)

    def _give_rate(self) -> None:
        known = None if self._recording is None else self._recording.frame_rate
        if self.rate.isModified() and self.rate.text().strip() != ("" if known is None else f"{known:.6g}"):
            self._give("frame_rate", lambda: positive_number_of(self.rate.text(), "Frame rate", "Hz"))
        self.rate.setModified(False)

    def _give_voxel(self) -> None:
        if self.voxel.isModified():
            self._give("voxel_size", lambda: numbers_of(self.voxel.text(), 3, "Voxel size", "(z, y, x) in µm"))
        self.voxel.setModified(False)

    def _give(self, name: str, read: Any) -> None:
        try:
            value = read()
        except ThunderError as error:
            self.trouble.show_trouble(Trouble(str(error)))
            return
        self.trouble.show_trouble(None)
        self.given.emit({name: value})

    def _choose(self, name: str, title: str) -> None:
        kinds = "Tables (*.csv *.tsv *.txt *.npz *.mat *.json);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, f"{title} of this recording", "", kinds)
        if path:
            self.given.emit({name: path})


def _line(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _beside(widget: QWidget, right: QWidget | str) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(widget, 1)
    layout.addWidget(QLabel(right) if isinstance(right, str) else right)
    return row


def _may_break(text: str) -> str:
    """Text whose long names may go on in the next line after an underscore."""
    return text.replace("_", "_\u200b")
