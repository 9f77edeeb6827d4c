"""The keys, in a window of their own."""

from __future__ import annotations

from itertools import groupby

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from napari_thunder.widgets.actions import ACTIONS

MOUSE = (
    ("Shift + move the mouse", "Trace of the voxel under it"),
    ("Shift + click", "Keep that voxel's trace"),
    ("Click or drag in Traces", "Go to that time"),
    ("Esc in Analyze", "Cancel what is running"),
)


def show_shortcuts(parent: QWidget) -> None:
    """Show the keys; stays open beside the window."""
    ShortcutHelp(parent).show()


class ShortcutHelp(QDialog):
    """Every action that has a key, and what the mouse does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys of Thunder")
        layout = QVBoxLayout(self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        layout.addLayout(grid)
        row = 0
        for group, members in groupby((a for a in ACTIONS.values() if a.keys), key=lambda a: a.group):
            row = _add_group(grid, row, group, [(a.shown_keys, a.title) for a in members])
        _add_group(grid, row, "Mouse", MOUSE)
        layout.addWidget(QLabel("Everything is in the command palette too: Ctrl+Shift+P, then type “Thunder”."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)


def _add_group(
    grid: QGridLayout, row: int, title: str, lines: list[tuple[str, str]] | tuple[tuple[str, str], ...]
) -> int:
    grid.addWidget(QLabel(f"<b>{title}</b>"), row, 0, 1, 2)
    for n, (keys, what) in enumerate(lines, row + 1):
        grid.addWidget(QLabel(keys), n, 0)
        grid.addWidget(QLabel(what), n, 1)
    return row + len(lines) + 1
