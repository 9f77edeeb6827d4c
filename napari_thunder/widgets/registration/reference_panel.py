"""What is registered, and to what."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QMenu, QPushButton, QSpinBox, QWidget

from napari_thunder.models import Desk
from napari_thunder.models.registration import Reference, ReferenceKind
from napari_thunder.widgets.file_dialog import ask_for_file, ask_for_folder
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_KINDS = (
    (ReferenceKind.ROBUST, "robust template", "The frames that resemble each other most, refined"),
    (ReferenceKind.FRAMES, "mean of chosen frames", "The mean of a stretch in which the brain lay still"),
    (ReferenceKind.VIEW, "mean of frames in view", "The mean of the frames around the one that is shown"),
    (
        ReferenceKind.STACK,
        "stack or other recording",
        "A volume of the same voxels, or another recording's mean",
    ),
    (ReferenceKind.CHANNEL, "second channel", "Look for the motion in another channel, and undo it in this one"),
)
_FILES = ["Recordings and volumes (*.tif *.tiff *.npy *.npz *.h5 *.hdf5 *.nwb *.nii *.gz *.nrrd)", "All files (*)"]


class ReferencePanel(QWidget):
    """Chooses the recording, and what its frames are registered to.

    Parameters
    ----------
    desk
        Whose current recording and reference it shows and changes.
    """

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._offered: tuple[object, ...] | None = None
        self.recording = QComboBox()
        self.kind = QComboBox()
        self.first, self.last = QSpinBox(), QSpinBox()
        self.path = QLineEdit()
        self.browse = QPushButton("Browse")
        self._frames, self._file = QWidget(), QWidget()
        self._set_up()
        self._lay_out()
        for signal in (desk.datasets.changed, desk.registration.changed):
            main_thread.connect(signal, self._show, newest=True)
        self._show()

    def commit(self) -> None:
        """Take over what is still being typed."""
        for spin in (self.first, self.last):
            spin.interpretText()
        if self.path.isModified():
            self._choose()

    def _set_up(self) -> None:
        self.recording.setAccessibleName("Recording to register")
        self.recording.setToolTip("The recording that is registered; it is the current one in all tabs")
        self.recording.activated.connect(self._choose_recording)
        self.kind.setAccessibleName("Reference")
        for kind, words, tip in _KINDS:
            self.kind.addItem(words, kind)
            self.kind.setItemData(self.kind.count() - 1, tip, 3)  # Qt.ToolTipRole
        self.kind.activated.connect(lambda _: self._choose())
        for spin, name in ((self.first, "First frame of the reference"), (self.last, "Last frame of the reference")):
            spin.setAccessibleName(name)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(lambda _: self._choose())
        self.path.setPlaceholderText("path of a stack or recording")
        self.path.setAccessibleName("Path of the reference")
        self.path.setToolTip("Its volumes must have as many voxels (z, y, x) as this recording's. Enter applies it.")
        self.path.editingFinished.connect(self._choose)
        self._menu = QMenu(self.browse)
        self.browse.setMenu(self._menu)
        self.browse.setToolTip("Choose a file, a folder, or a recording that is open")
        for combo in (self.recording, self.kind, self.first, self.last):
            needs_focus_to_scroll(combo)
        for combo in (self.recording, self.kind):
            combo.setMinimumContentsLength(12)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def _lay_out(self) -> None:
        frames = QHBoxLayout(self._frames)
        file = QHBoxLayout(self._file)
        for row, widgets in ((frames, (self.first, self.last)), (file, (self.path, self.browse))):
            row.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                row.addWidget(widget, 0 if widget is self.browse else 1)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow("Register", self.recording)
        layout.addRow("To", self.kind)
        layout.addRow("Frames", self._frames)
        layout.addRow("File", self._file)

    def _show(self) -> None:
        datasets, current = self._desk.datasets, self._desk.datasets.current
        offered = tuple((dataset.key, dataset.name, dataset.recording.uri) for dataset in datasets)
        if offered != self._offered:
            self._offered = offered
            self._offer_recordings()
            self._offer_files()
        if current is not None:
            self.recording.setCurrentIndex(self.recording.findData(current.key))
        self._show_reference(1 if current is None else current.recording.shape[0])

    def _show_reference(self, n_frames: int) -> None:
        reference = self._desk.registration.reference
        self.kind.setCurrentIndex([kind for kind, *_ in _KINDS].index(reference.kind))
        self.kind.setToolTip(str(self.kind.currentData(3)))
        for spin, value in ((self.first, reference.frames[0]), (self.last, reference.frames[1] - 1)):
            with QSignalBlocker(spin):
                spin.setRange(0, max(n_frames - 1, value))
                spin.setValue(value)
        if not self.path.hasFocus() and self.path.text() != reference.path:
            self.path.setText(reference.path)
        self._show_row(self._frames, reference.kind is ReferenceKind.FRAMES)
        self._show_row(self._file, reference.kind in (ReferenceKind.STACK, ReferenceKind.CHANNEL))

    def _show_row(self, field: QWidget, shown: bool) -> None:
        label = self.layout().labelForField(field)
        for widget in (label, field):
            widget.setVisible(shown)

    def _offer_recordings(self) -> None:
        self.recording.clear()
        for dataset in self._desk.datasets:
            self.recording.addItem(dataset.name, dataset.key)
        if not self.recording.count():
            self.recording.addItem("none is open: go to Data", None)

    def _offer_files(self) -> None:
        self._menu.clear()
        self._menu.addAction("File…").triggered.connect(
            lambda *_: ask_for_file(self, "What to register to", _FILES, self._take)
        )
        self._menu.addAction("Folder…").triggered.connect(
            lambda *_: ask_for_folder(self, "What to register to", self._take)
        )
        self._menu.addSeparator()
        for dataset in self._desk.datasets:
            action = self._menu.addAction(dataset.name)
            action.triggered.connect(lambda *_, uri=dataset.recording.uri: self._take(uri))

    def _take(self, path: str) -> None:
        self.path.setText(path)
        self._choose()

    def _choose(self) -> None:
        first, last = self.first.value(), self.last.value()
        path = self.path.text().strip()
        wanted = Reference(self.kind.currentData(), (first, max(first, last) + 1), path)
        self._desk.registration.refer(wanted)

    def _choose_recording(self, at: int) -> None:
        key = self.recording.itemData(at)
        if key is None:
            self._desk.attend.emit("data")
        else:
            self._desk.datasets.make_current(key)
