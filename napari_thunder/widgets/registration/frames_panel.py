"""Frames that stand out, and frames kept out of all that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtpy.QtCore import QItemSelectionModel, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models import Desk
from napari_thunder.models.data.given import frames_text
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why

_FRAME = Qt.ItemDataRole.UserRole
_MOST_ROWS, _MOST_LISTED = 7, 500
_BY_HAND = "excluded by hand"


class FramesPanel(QWidget):
    """A list of frames with reasons: a click goes to one, Delete excludes the chosen ones.

    Parameters
    ----------
    desk
        Whose current recording's frames they are.
    """

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._registration = desk.registration
        self._listed: object = None
        self.summary = QLabel()
        self.list = _List()
        self.rule_button = QPushButton()
        self.chosen_button = QPushButton("Exclude chosen")
        self.restore_button = QPushButton("Restore chosen")
        self.all_button = QPushButton("Restore all")
        self.undo_button = QPushButton("Undo")
        self._set_up()
        self._lay_out()
        found = self._registration
        for signal in (found.changed, found.frames_changed):
            main_thread.connect(signal, self.refresh, newest=True)
        main_thread.connect(found.judged, lambda _: self.refresh(), newest=True)
        main_thread.connect(desk.pointer.moved, self._mark_shown, newest=True)
        self.refresh()

    @property
    def chosen(self) -> tuple[int, ...]:
        """The frames that are chosen in the list."""
        return tuple(frame for item in self.list.selectedItems() for frame in _frames_of(item))

    def next_outlier(self, step: int = 1) -> None:
        """Go to the next frame that stands out, or to the one before."""
        frames, here = [o.frame for o in self._registration.outliers], self._desk.pointer.frame
        ahead = [f for f in frames if f > here] if step > 0 else [f for f in reversed(frames) if f < here]
        if ahead:
            self._desk.pointer.ask(ahead[0])

    def toggle_shown(self) -> None:
        """Exclude the frame that is shown, or take it back in."""
        frame, frames = self._desk.pointer.frame, self._registration.frames
        if frame in frames.excluded:
            frames.restore([frame])
        else:
            frames.exclude([frame])

    def exclude_outliers(self) -> None:
        """Keep all frames that stand out, out of all that follows."""
        self._registration.frames.exclude(outlier.frame for outlier in self._registration.outliers)

    def refresh(self) -> None:
        """Show the frames as they are now."""
        found = self._registration
        outliers, excluded = found.outliers, frozenset(found.frames.excluded)
        if (outliers, excluded) != self._listed:
            self._listed = (outliers, excluded)
            reasons = {outlier.frame: outlier.reason for outlier in outliers}
            self._fill({frame: reasons.get(frame, _BY_HAND) for frame in sorted(reasons.keys() | excluded)}, excluded)
        self._say(len(outliers), excluded)
        self._say_what_can_be_done()

    def _fill(self, reasons: dict[int, str], excluded: frozenset[int]) -> None:
        chosen = set(self.chosen)
        self.list.clear()
        rows = _runs(reasons)
        for first, last, reason in rows[:_MOST_LISTED]:
            frames = str(first) if first == last else f"{first}–{last}"
            item = QTreeWidgetItem(self.list, [frames, "excluded" if first in excluded else "", reason])
            item.setData(0, _FRAME, (first, last))
            item.setToolTip(2, reason)
            item.setSelected(first in chosen)
        if len(rows) > _MOST_LISTED:
            more = QTreeWidgetItem(self.list, ["…", "", f"and {len(rows) - _MOST_LISTED} more"])
            more.setData(0, _FRAME, (0, -1))
            more.setFlags(Qt.ItemFlag.NoItemFlags)
        shown = min(_MOST_ROWS, self.list.topLevelItemCount())
        height = max(18, self.list.sizeHintForRow(0))
        self.list.setFixedHeight(shown * height + self.list.header().height() + 6)
        self.list.setVisible(shown > 0)

    def _say(self, n_outliers: int, excluded: frozenset[int]) -> None:
        found = self._registration
        if found.dataset is None:
            self.summary.setText("Open a recording first.")
            return
        n = found.dataset.recording.shape[0]
        named = f" ({frames_text(sorted(excluded))})" if 0 < len(excluded) <= 12 else ""
        out = f"{len(excluded)} of {n} frames are excluded{named}: nothing that follows uses them."
        judged = found.current is not None and found.current.quality is not None
        stand = (
            f"{_stand_out(n_outliers)} stand{'s' * (n_outliers < 2)} out. "
            if judged
            else "Which frames stand out is known once it was judged. "
        )
        self.summary.setText(stand + (out if excluded else "No frame is excluded."))

    def _say_what_can_be_done(self) -> None:
        found, excluded = self._registration, frozenset(self._registration.frames.excluded)
        left = [outlier.frame for outlier in found.outliers if outlier.frame not in excluded]
        n = len(left)
        count = {0: "outliers", 1: "outlier"}.get(n, f"{n} outliers")
        self.rule_button.setText(f"Exclude the {count}")
        judged = found.current is not None and found.current.quality is not None
        none = (
            "" if n else "All that stand out are excluded, or none does." if judged else "Judge the registration first."
        )
        say_why(self.rule_button, none, "Keep all frames that stand out of all that follows")
        chosen = frozenset(self.chosen)
        choose = "" if chosen else "Choose frames in the list first."
        can_exclude = choose or ("" if chosen - excluded else "These are excluded already.")
        can_restore = choose or ("" if chosen & excluded else "None of these is excluded.")
        say_why(self.chosen_button, can_exclude, "Keep the chosen frames out of all that follows (Del)")
        say_why(self.restore_button, can_restore, "Take the chosen frames back in")
        say_why(self.all_button, "" if excluded else "No frame is excluded.", "Take all frames back in")
        undo = "" if found.frames.can_undo else "There is nothing to undo."
        say_why(self.undo_button, undo, "Undo the last excluding or restoring")

    def _mark_shown(self, frame: int) -> None:
        """Let the list stand at the frame that is shown, if it is in there."""
        if self.list.hasFocus():
            return
        for at in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(at)
            if frame in _frames_of(item):
                select = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
                blocked = self.list.blockSignals(True)
                self.list.setCurrentItem(item, 0, select)
                self.list.blockSignals(blocked)
                self._say_what_can_be_done()
                return

    def _go(self) -> None:
        item = self.list.currentItem()
        if item is not None and item.isSelected():
            self._desk.pointer.ask(_frames_of(item)[0])

    def _set_up(self) -> None:
        frames = self._registration.frames
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.list.itemSelectionChanged.connect(self._say_what_can_be_done)
        self.list.currentItemChanged.connect(lambda *_: self._go())
        self.list.itemClicked.connect(lambda *_: self._go())
        self.list.deleted = lambda: frames.exclude(self.chosen)
        self.rule_button.clicked.connect(lambda *_: self.exclude_outliers())
        self.chosen_button.clicked.connect(lambda *_: frames.exclude(self.chosen))
        self.restore_button.clicked.connect(lambda *_: frames.restore(self.chosen))
        self.all_button.clicked.connect(lambda *_: frames.restore())
        self.undo_button.clicked.connect(lambda *_: frames.undo())

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.addWidget(self.rule_button, 0, 0, 1, 2)
        grid.addWidget(self.undo_button, 0, 2)
        for column, button in enumerate((self.chosen_button, self.restore_button, self.all_button)):
            grid.addWidget(button, 1, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.summary)
        layout.addWidget(self.list)
        layout.addLayout(grid)


def _runs(reasons: Mapping[int, str]) -> list[tuple[int, int, str]]:
    """First and last frame of each row: frames that were excluded by hand and follow each other share one."""
    rows: list[tuple[int, int, str]] = []
    for frame, reason in reasons.items():
        if rows and reason == rows[-1][2] == _BY_HAND and frame == rows[-1][1] + 1:
            rows[-1] = rows[-1][0], frame, reason
        else:
            rows.append((frame, frame, reason))
    return rows


def _frames_of(item: QTreeWidgetItem) -> range:
    first, last = item.data(0, _FRAME)
    return range(first, last + 1)


def _stand_out(n: int) -> str:
    return {0: "No frame", 1: "One frame"}.get(n, f"{n} frames")


class _List(QTreeWidget):
    """Delete takes the chosen ones out."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: Callable[[], None] = lambda: None
        self.setHeaderLabels(["Frame", "State", "Why"])
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Frames that stand out or are excluded")
        self.setToolTip("Click to go to a frame; Delete excludes the chosen ones")
        header = self.header()
        header.setStretchLastSection(True)
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.deleted()
        else:
            super().keyPressEvent(event)
