"""A titled part of a dock."""

from __future__ import annotations

from qtpy.QtWidgets import QGroupBox, QVBoxLayout, QWidget


class Section(QGroupBox):
    """A title and what stands under it."""

    def __init__(self, title: str, *content: QWidget) -> None:
        super().__init__(title)
        layout = QVBoxLayout(self)
        for widget in content:
            layout.addWidget(widget)


def say_why(widget: QWidget, why_not: str, otherwise: str) -> None:
    """Enable a widget, or disable it with the reason as its tooltip."""
    widget.setEnabled(not why_not)
    widget.setToolTip(why_not or otherwise)
