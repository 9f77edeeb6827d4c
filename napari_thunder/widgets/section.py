"""A titled part of a dock."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QGroupBox, QVBoxLayout, QWidget


class Section(QGroupBox):
    """A title and what stands under it."""

    def __init__(self, title: str, *content: QWidget) -> None:
        super().__init__(title)
        layout = QVBoxLayout(self)
        for widget in content:
            layout.addWidget(widget)


def align_labels(*parts: QWidget) -> None:
    """Give the labels of several forms that lie below each other one width."""
    forms = [form for part in parts for form in (part.layout(), *part.findChildren(QFormLayout))]
    forms = [form for form in forms if isinstance(form, QFormLayout)]
    labels = [form.itemAt(row, QFormLayout.ItemRole.LabelRole) for form in forms for row in range(form.rowCount())]
    found = [item.widget() for item in labels if item is not None and item.widget() is not None]
    width = max((label.sizeHint().width() for label in found), default=0)
    for label in found:
        label.setMinimumWidth(width)


def say_why(widget: QWidget, why_not: str, otherwise: str) -> None:
    """Enable a widget, or disable it with the reason as its tooltip."""
    widget.setEnabled(not why_not)
    widget.setToolTip(why_not or otherwise)
