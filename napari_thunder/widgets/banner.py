"""A line at the top of a dock that says what is wrong with the whole of it, and mends it."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.trouble_label import TroubleLabel

_CHECK_EVERY = 5000
"""Milliseconds between two looks whether the engine is still there."""


class Banner(QFrame):
    """Says that the engine is lost, until it is back or let go; hidden else.

    Parameters
    ----------
    connection
        Whose engine it watches.
    """

    def __init__(self, connection: Connection, main_thread: MainThread) -> None:
        super().__init__()
        self._connection = connection
        self._was_lost = False
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.retry = QPushButton("Retry")
        self.retry.setToolTip("Try to reach the engine again")
        self.retry.clicked.connect(connection.retry)
        self.leave = QPushButton("Dismiss")
        self.leave.setToolTip("Go on without an engine; what has arrived stays on the screen")
        self.leave.clicked.connect(connection.disconnect)
        self.trouble = TroubleLabel()
        column = QVBoxLayout(self)
        row = QHBoxLayout()
        column.addLayout(row)
        column.addWidget(self.trouble)
        row.addWidget(self.text, 1)
        row.addWidget(self.retry)
        row.addWidget(self.leave)
        self._timer = QTimer(self)
        self._timer.timeout.connect(lambda: connection.look(cache=False))
        self._timer.start(_CHECK_EVERY)
        main_thread.connect(connection.changed, self._show, newest=True)
        self._show()

    def _show(self) -> None:
        connection, state = self._connection, self._connection.state
        if state is ConnectionState.LOST:
            self._was_lost = True
        elif state is ConnectionState.CONNECTED or (
            state is ConnectionState.DISCONNECTED and connection.trouble is None
        ):
            self._was_lost = False
        self.setVisible(self._was_lost)
        trying = state is ConnectionState.CONNECTING
        self.retry.setEnabled(not trying)
        self.leave.setText("Stop" if trying else "Dismiss")
        if trying:
            self.text.setText(f"Connecting to {connection.target} again …")
        else:
            reason = "" if connection.trouble is None else connection.trouble.message.removeprefix(connection.target)
            self.text.setText(f"⚠ Lost {connection.target}{reason or '.'} What has arrived stays on the screen.")
