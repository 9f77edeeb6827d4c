"""Widgets beside each other."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QWidget


def row_of(*parts: QWidget) -> QWidget:
    """Widgets in one row, without a frame around them."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)
    return row
