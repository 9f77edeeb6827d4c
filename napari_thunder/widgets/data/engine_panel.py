"""Choose where the work runs, and see whether it is there."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.connection import Connection, ConnectionState
from napari_thunder.models.facts import engine_line
from napari_thunder.widgets.data.status_dot import StatusDot
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_CHOICES = (
    ("threads", "The processors of this computer: starts at once"),
    ("spark", "A Spark of our own on this computer: takes a few seconds to start"),
    ("sc://localhost:15002", "A Spark cluster: type the address of its Spark Connect server"),
)


class EnginePanel(QWidget):
    """The engine of the desk.

    Parameters
    ----------
    connection
        What it shows and asks to connect.
    """

    def __init__(self, connection: Connection, main_thread: MainThread) -> None:
        super().__init__()
        self._connection = connection
        self.target = self._make_target()
        self.button = QPushButton("Connect")
        self.button.clicked.connect(self._click)
        self.dot = StatusDot()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.trouble = TroubleLabel()
        self._lay_out()
        main_thread.connect(connection.changed, self._show, newest=True)
        self._show()

    def _make_target(self) -> QComboBox:
        target = QComboBox()
        target.setEditable(True)
        target.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for name, tip in _CHOICES:
            target.addItem(name)
            target.setItemData(target.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        target.setAccessibleName("Engine")
        target.setToolTip("\n".join(f"{name}: {tip[0].lower()}{tip[1:]}" for name, tip in _CHOICES))
        target.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        target.editTextChanged.connect(lambda _: self._show_button())
        target.lineEdit().returnPressed.connect(self._connect)
        needs_focus_to_scroll(target)
        return target

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.target, 1)
        first.addWidget(self.button)
        second.addWidget(self.dot)
        second.addWidget(self.status, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addLayout(second)
        layout.addWidget(self.trouble)

    def _wanted(self) -> str:
        return self.target.currentText().strip()

    def _connect(self) -> None:
        if self._wanted():
            self._connection.connect(self._wanted())

    def _click(self) -> None:
        if self.button.text() in ("Disconnect", "Stop"):
            self._connection.disconnect()
        else:
            self._connect()

    def _show(self) -> None:
        connection = self._connection
        if connection.state is ConnectionState.CONNECTING:
            self.target.setCurrentText(connection.target)
        self.dot.show_state(connection.state)
        self.status.setText(_status(connection))
        self.trouble.show_trouble(connection.trouble)
        self._show_button()

    def _show_button(self) -> None:
        state, same = self._connection.state, self._wanted() == self._connection.target
        if state is ConnectionState.CONNECTING and same:
            text, tip = "Stop", "Stop trying to reach it"
        elif state is ConnectionState.CONNECTED and same:
            text, tip = "Disconnect", "Let go of this engine; what it holds is freed"
        elif state is ConnectionState.LOST and same:
            text, tip = "Retry", "Try to reach it again"
        else:
            text, tip = "Connect", "Work with this engine from now on (Enter)"
        self.button.setText(text)
        say_why(self.button, "" if self._wanted() else "Choose an engine, or type the address of one.", tip)


def _status(connection: Connection) -> str:
    if connection.state is ConnectionState.CONNECTED and connection.facts is not None:
        return f"Ready: {connection.facts.name}, {engine_line(connection.facts)}"
    return {
        ConnectionState.CONNECTING: f"Connecting to {connection.target}: {_how_far(connection)} …",
        ConnectionState.LOST: f"Lost {connection.target}. What is on the screen stays; Retry reconnects.",
    }.get(connection.state, "Not connected: choose an engine and press Connect.")


def _how_far(connection: Connection) -> str:
    return (connection.job.message if connection.job else "") or "on the way"
