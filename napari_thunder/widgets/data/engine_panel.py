"""Choose where the work runs, and see whether it is there."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.models.data.facts import bytes_text, cache_line, cores_line, versions_line
from napari_thunder.models.data.history import History
from napari_thunder.models.data.target import is_server, split_token
from napari_thunder.widgets.data.engine_target import EngineTarget
from napari_thunder.widgets.data.status_dot import StatusDot
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

_LOOK_EVERY = {False: 3000, True: 10_000}
"""Milliseconds between two looks at the caches; those of a cluster are asked by a small job."""


class EnginePanel(QWidget):
    """The engine of the desk.

    Parameters
    ----------
    connection
        What it shows and asks to connect.
    history
        The servers that were used before.
    """

    def __init__(self, connection: Connection, main_thread: MainThread, history: History) -> None:
        super().__init__()
        self._connection, self._history = connection, history
        self._state = connection.state
        self.chooser = EngineTarget(history.addresses())
        self.target = self.chooser.target
        self.chooser.wanted.connect(self.connect_engine)
        self.chooser.edited.connect(self._show_button)
        self.button = QPushButton("Connect")
        self.button.clicked.connect(self._click)
        self.dot = StatusDot()
        self.status = _line()
        self.progress = ProgressLine()
        self.progress.setRange(0, 100)
        self.progress.setFixedHeight(6)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How far starting the engine is")
        self.cores, self.memory, self.cache = _line(), _line(), _line()
        self.fill = ProgressLine()
        self.fill.setRange(0, 1000)
        self.fill.setTextVisible(False)
        self.fill.setFixedHeight(6)
        self.fill.setAccessibleName("How full the block cache is")
        self.trouble = TroubleLabel()
        self._lay_out()
        self.setFocusProxy(self.target)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_LOOK_EVERY[False])
        main_thread.connect(connection.changed, self._show, newest=True)
        main_thread.connect(connection.looked, self._show_cache, newest=True)
        self._show()

    def connect_engine(self) -> None:
        """Connect to what is chosen."""
        target, typed = split_token(self.chooser.text())
        if not target:
            return
        token, remember = self.chooser.take_token()
        self.chooser.show_target(target)
        self._connection.connect(target, token or typed, remember=remember)

    def disconnect_engine(self) -> None:
        """Let go of the engine."""
        self._connection.disconnect()

    def _lay_out(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(self.chooser, 1)
        second.addWidget(self.dot)
        second.addWidget(self.status, 1)
        second.addWidget(self.button)
        self._facts = QWidget()
        form = QFormLayout(self._facts)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        cache = QWidget()
        held = QVBoxLayout(cache)
        held.setContentsMargins(0, 0, 0, 0)
        held.addWidget(self.cache)
        held.addWidget(self.fill)
        for name, row in (("Cores", self.cores), ("Memory", self.memory), ("Block cache", cache)):
            form.addRow(name, row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(first)
        layout.addLayout(second)
        for widget in (self.progress, self.trouble, self._facts):
            layout.addWidget(widget)

    def _click(self) -> None:
        if self.button.text() in ("Disconnect", "Stop"):
            self.disconnect_engine()
        elif self.button.text() == "Retry" and not self.chooser.has_token():
            self._connection.retry()
        else:
            self.connect_engine()

    def _look(self) -> None:
        self._timer.setInterval(_LOOK_EVERY[is_server(self._connection.target)])
        if self.isVisible():
            self._connection.look()

    def _show(self) -> None:
        connection = self._connection
        if connection.state is not self._state:
            self._arrive(connection.state)
        self.dot.show_state(connection.state)
        self.status.setText(_status(connection))
        self.trouble.show_trouble(connection.trouble)
        self.progress.setVisible(connection.state is ConnectionState.CONNECTING)
        if connection.job is not None:
            self.progress.setValue(round(100 * connection.job.fraction))
        self._show_facts()
        self._show_cache()
        self._show_button()

    def _arrive(self, state: ConnectionState) -> None:
        self._state = state
        if state in (ConnectionState.CONNECTING, ConnectionState.CONNECTED):
            self.chooser.show_target(self._connection.target)
        if state is ConnectionState.CONNECTED:
            if is_server(self._connection.target):
                self._history.add(self._connection.target)
                self.chooser.offer(self._connection.target)
            self._timer.start(300)

    def _show_facts(self) -> None:
        facts = self._connection.facts
        self._facts.setVisible(facts is not None)
        if facts is not None:
            self.cores.setText(cores_line(facts))
            self.memory.setText("not known" if facts.memory_bytes is None else bytes_text(facts.memory_bytes))
            self.status.setToolTip(versions_line(facts))
            self.cores.setToolTip(versions_line(facts))

    def _show_cache(self) -> None:
        use = self._connection.cache
        self.cache.setText("…" if use is None else cache_line(use))
        self.fill.setValue(0 if use is None else round(1000 * use.used_bytes / max(1, use.bound_bytes)))
        self.fill.setVisible(use is not None)
        tip = "Decoded blocks kept for the next analysis; what was used least recently goes first"
        for widget in (self.cache, self.fill):
            widget.setToolTip(tip)

    def _show_button(self) -> None:
        state, wanted = self._connection.state, split_token(self.chooser.text())[0]
        same = wanted == self._connection.target
        if state is ConnectionState.CONNECTING and same:
            text, tip = "Stop", "Stop trying to reach it"
        elif state is ConnectionState.CONNECTED and same:
            text, tip = "Disconnect", "Let go of this engine; what it holds is freed"
        elif state is ConnectionState.LOST and same:
            text, tip = "Retry", "Try to reach it again"
        else:
            text, tip = "Connect", "Work with this engine from now on (Enter)"
        self.button.setText(text)
        say_why(self.button, "" if wanted else "Choose an engine, or type the address of one.", tip)


def _line() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def _status(connection: Connection) -> str:
    if connection.state is ConnectionState.CONNECTED:
        return f"Connected to {connection.target}"
    return {
        ConnectionState.CONNECTING: f"Connecting to {connection.target} …{_how_far(connection)}",
        ConnectionState.LOST: f"Lost {connection.target}. What is on the screen stays; Retry reconnects.",
    }.get(connection.state, "Not connected: choose an engine and press Connect.")


def _how_far(connection: Connection) -> str:
    said = connection.job.message if connection.job else ""
    return "" if not said or connection.target in said else f" ({said})"
