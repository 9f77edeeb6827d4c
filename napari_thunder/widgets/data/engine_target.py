"""Where an engine is chosen: by name, or by the address of a server and the token it asks for."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QCompleter, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.data.target import is_server
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_TIP = Qt.ItemDataRole.ToolTipRole

_CHOICES = (
    ("threads", "The processors of this computer: starts at once"),
    ("spark", "A Spark of our own on this computer: takes a few seconds to start"),
    ("sc://localhost:15002", "A Spark cluster: type the address of its Spark Connect server"),
)


class EngineTarget(QWidget):
    """Emits `wanted` on Enter, `edited` when something else is chosen.

    Parameters
    ----------
    addresses
        Of servers that were used before, newest first.
    """

    wanted = Signal()
    edited = Signal()

    def __init__(self, addresses: tuple[str, ...]) -> None:
        super().__init__()
        self.target = self._make_target()
        for address in addresses:
            self.offer(address)
        self.target.setCurrentText(_CHOICES[0][0])
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("token, if the server asks for one")
        self.token.setAccessibleName("Token of the server")
        self.token.setToolTip(
            "Used for this connection only. Without one, NAPARI_THUNDER_TOKEN or this computer's keyring is asked."
        )
        self.token.returnPressed.connect(self.wanted.emit)
        self.remember = QCheckBox("Keep in keyring")
        self.remember.setToolTip("Keep the token in this computer's keyring once the server took it; never in a file")
        row, layout = QHBoxLayout(), QVBoxLayout(self)
        row.addWidget(self.token, 1)
        row.addWidget(self.remember)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.target)
        layout.addLayout(row)
        self.target.editTextChanged.connect(lambda _: self._edit())
        self._edit()

    def text(self) -> str:
        """What is chosen or typed."""
        return self.target.currentText().strip()

    def show_target(self, target: str) -> None:
        """Show this one as chosen."""
        self.target.setCurrentText(target)

    def offer(self, address: str) -> None:
        """Have this address in the list from now on."""
        if self.target.findText(address) < 0:
            self.target.addItem(address)
            self.target.setItemData(self.target.count() - 1, "A server that was used before", _TIP)

    def has_token(self) -> bool:
        """Whether a token was typed."""
        return bool(self.token.text())

    def take_token(self) -> tuple[str, bool]:
        """What was typed and whether to keep it; the field is empty afterwards."""
        taken = self.token.text().strip(), self.remember.isChecked()
        self.token.clear()
        return taken

    def _make_target(self) -> QComboBox:
        target = QComboBox()
        target.setEditable(True)
        target.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for name, tip in _CHOICES:
            target.addItem(name)
            target.setItemData(target.count() - 1, tip, _TIP)
        target.setAccessibleName("Engine")
        target.setToolTip("\n".join(f"{name}: {tip[0].lower()}{tip[1:]}" for name, tip in _CHOICES))
        target.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        target.completer().setCompletionMode(
            QCompleter.CompletionMode.PopupCompletion
        )  # never fills in what was not typed
        target.lineEdit().returnPressed.connect(self.wanted.emit)
        needs_focus_to_scroll(target)
        return target

    def _edit(self) -> None:
        for widget in (self.token, self.remember):
            widget.setVisible(is_server(self.text()))
        self.edited.emit()
