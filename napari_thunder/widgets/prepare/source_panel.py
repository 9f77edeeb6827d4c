"""What is prepared: which recording, with which motion undone, and which voxels of it."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models import Desk
from napari_thunder.models.data.facts import motion_line
from napari_thunder.models.preparing import Keep, Motion
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_GONE = "⚠ one that is gone"


class SourcePanel(QWidget):
    """Chooses recording, registration and mask; a button finds the brain.

    Parameters
    ----------
    desk
        Whose recordings are prepared.
    """

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk, self._preparing = desk, desk.preparing
        self._offered: tuple[object, ...] = ()
        self.recording = _combo("Recording to prepare", "The recording that is prepared; the current one in all tabs")
        self.motion = _combo("Registration to prepare with", "Whose motion is undone for good in the store")
        self.keep = _combo(
            "Voxels to keep", "Which voxels the store keeps; outside of them it holds nothing, and costs nothing"
        )
        self.find = QPushButton("Find brain")
        self.excluded = QLabel()
        self._set_up()
        for signal in (desk.preparing.changed, desk.datasets.changed, desk.regions.changed, desk.registration.changed):
            main_thread.connect(signal, self.refresh, newest=True)
        main_thread.connect(desk.preparing.progressed, self._show_finding, newest=True)
        self.refresh()

    def refresh(self) -> None:
        """Look again at what there is to choose from, and what is chosen."""
        recordings = tuple((dataset.key, dataset.name) for dataset in self._desk.datasets)
        motions, kept = self._motions(), self._kept()
        if (recordings, motions, kept) != self._offered:
            self._offered = (recordings, motions, kept)
            with QSignalBlocker(self.recording), QSignalBlocker(self.motion), QSignalBlocker(self.keep):
                _offer(self.recording, recordings or ((None, "no recording is open: go to Data"),))
                _offer(self.motion, motions)
                self._offer_kept(kept)
        self._mark()
        self._show_excluded()
        self._show_finding()

    def _motions(self) -> tuple[tuple[object, str], ...]:
        dataset = self._preparing.dataset
        seen = "" if dataset is None else motion_line(dataset.recording)
        found: list[tuple[object, str]] = [
            ((Motion.AS_SEEN, 0), "as seen now: registered" if seen else "as seen now: as recorded")
        ]
        if seen:
            found.append(((Motion.RAW, 0), "as recorded"))
        found += [((Motion.CHOSEN, entry.key), entry.name) for entry in self._preparing.entries()]
        wish = self._preparing.wish
        if wish.motion is Motion.CHOSEN and (Motion.CHOSEN, wish.entry) not in [key for key, _ in found]:
            found.append(((Motion.CHOSEN, wish.entry), _GONE))
        return tuple(found)

    def _kept(self) -> tuple[tuple[object, str, str], ...]:
        dataset, wish = self._preparing.dataset, self._preparing.wish
        mask = None if dataset is None else dataset.recording.mask
        known = "everything" if mask is None else f"mask of the recording: {mask.name}"
        found: list[tuple[object, str, str]] = [((Keep.KNOWN, 0), known, "")]
        if mask is not None:
            found.append(((Keep.EVERYTHING, 0), "everything", ""))
        found.append(((Keep.AUTOMATIC, 0), "brain, found when it runs", ""))
        regions = self._preparing.fitting_regions()
        found += [((Keep.REGION, region.key), region.name, region.color) for region in regions]
        if wish.keep is Keep.REGION and wish.region not in {region.key for region in regions}:
            found.append(((Keep.REGION, wish.region), _GONE, ""))
        return tuple(found)

    def _offer_kept(self, kept: tuple[tuple[object, str, str], ...]) -> None:
        self.keep.clear()
        for key, text, color in kept:
            swatch = QPixmap(12, 12)
            swatch.fill(QColor(color or "transparent"))
            self.keep.addItem(QIcon(swatch) if color else QIcon(), text, key)

    def _mark(self) -> None:
        wish, dataset = self._preparing.wish, self._preparing.dataset
        keep = Keep.KNOWN if wish.keep is Keep.EVERYTHING and _nothing_known(self) else wish.keep
        with QSignalBlocker(self.recording), QSignalBlocker(self.motion), QSignalBlocker(self.keep):
            if dataset is not None:
                _choose(self.recording, dataset.key)
            entry = wish.entry if wish.motion is Motion.CHOSEN else 0
            _choose(self.motion, (wish.motion, entry))
            _choose(self.keep, (keep, wish.region if keep is Keep.REGION else 0))
        for combo in (self.motion, self.keep):
            combo.setEnabled(dataset is not None)

    def _show_excluded(self) -> None:
        dataset = self._preparing.dataset
        n = 0 if dataset is None else len(dataset.recording.exclude_frames)
        self.excluded.setVisible(n > 0)
        frames = "1 excluded frame stays" if n == 1 else f"{n:,} excluded frames stay"
        self.excluded.setText(f"{frames} excluded in the store.")

    def _show_finding(self) -> None:
        finding, why_not = self._preparing.finding, self._preparing.why_not_plan()
        busy = "The brain is being found." if finding is not None else ""
        self.find.setText("Finding…" if finding is not None else "Find brain")
        say_why(self.find, busy or why_not, "Find the brain in the mean image and show it as an ROI that you can edit")

    def _choose_recording(self, at: int) -> None:
        key = self.recording.itemData(at)
        if key is None:
            self._desk.attend.emit("data")
        else:
            self._desk.datasets.make_current(key)

    def _choose_motion(self, at: int) -> None:
        motion, entry = self.motion.itemData(at)
        self._preparing.configure(motion=Motion(motion), entry=entry)

    def _choose_keep(self, at: int) -> None:
        keep, region = self.keep.itemData(at)
        self._preparing.configure(keep=Keep(keep), region=region)

    def _set_up(self) -> None:
        self.recording.activated.connect(self._choose_recording)
        self.motion.activated.connect(self._choose_motion)
        self.keep.activated.connect(self._choose_keep)
        self.find.clicked.connect(lambda *_: self._preparing.find_brain())
        self.excluded.setWordWrap(True)
        self.excluded.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        kept = QHBoxLayout()
        kept.addWidget(self.keep, 1)
        kept.addWidget(self.find)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Recording", self.recording)
        form.addRow("Motion", self.motion)
        form.addRow("Keep", kept)
        form.labelForField(kept).setBuddy(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.excluded)


def _nothing_known(panel: SourcePanel) -> bool:
    dataset = panel._preparing.dataset
    return dataset is None or dataset.recording.mask is None


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    combo.setMinimumContentsLength(8)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    needs_focus_to_scroll(combo)
    return combo


def _offer(combo: QComboBox, offers: tuple[tuple[object, str], ...]) -> None:
    combo.clear()
    for key, text in offers:
        combo.addItem(text, key)


def _choose(combo: QComboBox, key: object) -> None:
    """By equality in Python: Qt's `findData` does not compare tuples."""
    found = (at for at in range(combo.count()) if combo.itemData(at) == key)
    combo.setCurrentIndex(next(found, 0))
