"""What is known of a recording, and fields for what can be given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.data.facts import (
    bytes_text,
    duration_line,
    excluded_line,
    mask_line,
    motion_line,
    where_line,
)
from napari_thunder.models.data.given import frames_of, frames_text, numbers_of, positive_number_of
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording
from napari_thunder.widgets.data.given_field import GivenField
from napari_thunder.widgets.data.taken_row import TakenRow

_EMPTY = "No recording is open. Type the path of one above, drop it here, or try File ▸ Open Sample ▸ Thunder."
_MISSING = "not known: give it"
_FIELDS = {"rate": "frame_rate", "voxel": "voxel_size", "frames": "exclude_frames"}


class RecordingFacts(QWidget):
    """Shows a recording's facts; emits `given` with what was filled in, by keyword of `with_known`."""

    given = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._recording: Recording | None = None
        self._empty = _line(_EMPTY)
        self._size, self._time, self._format, self._where = (_line() for _ in range(4))
        self.fields = {
            "rate": GivenField("Frame rate", "Hz", "Frames (whole volumes) per second", _MISSING, _rate),
            "voxel": GivenField("Voxel size z, y, x", "µm", "Size of a voxel (z, y, x) in µm", "z, y, x", _voxel),
            "frames": GivenField(
                "Excluded frames", "", "Frames no analysis uses", "none, or such as 0-9, 57", frames_of
            ),
        }
        for name, field in self.fields.items():
            field.given.connect(self._giver(name))
        self.taken = {
            "shifts": TakenRow(
                "Motion", "Show raw", "Read the recording as it was recorded; Registration brings it back"
            ),
            "mask": TakenRow("Mask", "Use all voxels", "Let analyses that are given no ROI use the whole volume"),
        }
        for keyword, taken in self.taken.items():
            taken.taken.connect(self._taker(keyword))
        self._facts = QWidget()
        form = self._form = QFormLayout(self._facts)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, row in (
            ("Size", self._size),
            ("Duration", self._time),
            ("Format", self._format),
            ("Read from", self._where),
            ("Frame &rate", self.fields["rate"]),
            ("&Voxel size", self.fields["voxel"]),
            ("E&xclude", self.fields["frames"]),
            ("Motion", self.taken["shifts"]),
            ("Mask", self.taken["mask"]),
        ):
            label = QLabel(name)
            label.setBuddy(
                row.edit if isinstance(row, GivenField) else row.button if isinstance(row, TakenRow) else row
            )
            form.addRow(label, row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(self._facts)

    @property
    def rate(self) -> Any:
        """The field of the frame rate."""
        return self.fields["rate"].edit

    @property
    def voxel(self) -> Any:
        """The field of the voxel size."""
        return self.fields["voxel"].edit

    @property
    def excluded(self) -> Any:
        """The field of the excluded frames."""
        return self.fields["frames"].edit

    def show_recording(self, recording: Recording | None, opening: bool = False) -> None:
        """Show these facts, or what to do when there is none."""
        same = recording is self._recording
        self._recording = recording
        self._empty.setVisible(recording is None and not opening)
        self._facts.setVisible(recording is not None)
        if recording is None or same:
            return
        t, z, y, x = recording.shape
        frames = "features" if recording.features else "frames"
        self._size.setText(f"{t:,} {frames} of {z} × {y} × {x} voxels, {bytes_text(recording.nbytes)}")
        self._time.setText(duration_line(recording) or "not known until the frame rate is given")
        self._format.setText(f"{recording.source.format}, {recording.dtype}")
        self._where.setText(where_line(recording))
        self._where.setToolTip(recording.uri)
        rate, voxel = recording.frame_rate, recording.voxel_size
        self.fields["rate"].show_known("" if rate is None else f"{rate:.6g}")
        self.fields["voxel"].show_known("" if voxel is None else ", ".join(f"{s:g}" for s in voxel))
        self.fields["frames"].show_known(frames_text(recording.exclude_frames))
        excluded = excluded_line(recording)
        self.fields["frames"].edit.setToolTip(
            f"Frames no analysis uses, such as 0-9, 57; now {excluded}. Enter applies."
        )

        for keyword, line in (("shifts", motion_line(recording)), ("mask", mask_line(recording))):
            self.taken[keyword].text.setText(line)
            for part in (self.taken[keyword], self._form.labelForField(self.taken[keyword])):
                part.setVisible(bool(line))

    def show_refused(self, names: tuple[str, ...], trouble: Trouble | None) -> None:
        """Say beside its field why something that was given does not fit."""
        for field, keyword in _FIELDS.items():
            if keyword in names:
                self.fields[field].trouble.show_trouble(trouble)

    def _taker(self, keyword: str) -> Callable[[], None]:
        return lambda: self.given.emit({keyword: None})

    def _giver(self, field: str) -> Callable[[Any], None]:
        return lambda value: self.given.emit({_FIELDS[field]: value})


def _rate(text: str) -> float:
    return positive_number_of(text, "Frame rate", "Hz")


def _voxel(text: str) -> tuple[float, ...]:
    return numbers_of(text, 3, "Voxel size", "(z, y, x) in µm")


def _line(text: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
