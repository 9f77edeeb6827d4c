"""Buttons that do what an action or a menu does."""

from __future__ import annotations

from qtpy.QtWidgets import QAction, QMenu, QPushButton, QSizePolicy


class ActionButton(QPushButton):
    """A button that follows an action: its words, whether it can be done, and why not."""

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self._action = action
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda *_: action.trigger())
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setAccessibleName(self._action.text())
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())


class MenuButton(QPushButton):
    """A button that opens a menu."""

    def __init__(self, menu: QMenu) -> None:
        super().__init__(f"{menu.title()} ▾")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(menu.title())
        self.setToolTip(menu.toolTip())
        self.clicked.connect(lambda *_: menu.popup(self.mapToGlobal(self.rect().bottomLeft())))
