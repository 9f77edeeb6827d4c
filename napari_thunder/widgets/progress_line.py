"""A thin bar of progress that is painted when the window is painted anyway."""

from __future__ import annotations

from qtpy.QtWidgets import QProgressBar


class ProgressLine(QProgressBar):
    """Qt's own paints at once at every step, and with it all that lies in the window, the canvas in OpenGL too."""

    def setValue(self, value: int) -> None:
        if value == self.value():
            return
        self.setUpdatesEnabled(False)
        super().setValue(value)
        self.setUpdatesEnabled(True)
