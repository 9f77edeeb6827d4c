"""Why traces are missing, with a way to try again."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.trouble_label import TroubleLabel


class TroubleRow(QWidget):
    """A message and Retry; hidden while all is well. `retried` is emitted when someone wants to try again."""

    retried = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.label = TroubleLabel()
        self.retry = QPushButton("Retry")
        self.retry.setToolTip("Read again what could not be read")
        self.retry.clicked.connect(self.retried)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.retry)
        self.hide()

    def show_trouble(self, trouble: Trouble | None, *, can_retry: bool = True) -> None:
        """Show what went wrong, or nothing."""
        self.label.show_trouble(trouble)
        self.retry.setVisible(can_retry)
        self.setVisible(trouble is not None)
