"""What is written about an analysis, to read without a network."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from napari_thunder.models.analyze.docs import docs_html


class DocsDialog(QDialog):
    """The formulas, parameters, maps and sources of an analysis or a step."""

    def __init__(self, cls: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(getattr(cls, "title", cls.__name__))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.text.setAccessibleName("Documentation")
        self.text.setHtml(docs_html(cls))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.resize(640, 700)
