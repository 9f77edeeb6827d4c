"""The top of a browse dialog: where one is, and ways to go elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QShortcut, QStyle, QToolButton, QVBoxLayout, QWidget

from napari_thunder.io.folders import Listing
from napari_thunder.models.data.browser import Browser
from napari_thunder.widgets.data.breadcrumbs import Breadcrumbs

_RECENT = 6


class FolderBar(QWidget):
    """Back, forward, up, reload, the path to type or click, and places to start from.

    Parameters
    ----------
    browser
        What it steers.
    recent
        Paths of recordings that were opened before, whose folders are offered.
    """

    def __init__(self, browser: Browser, recent: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._browser = browser
        self._shown: Listing | None = None
        self._recent = list(
            dict.fromkeys(path.rsplit("/", 1)[0] for path in recent if path.startswith(("/", "s3://", "gs://")))
        )[:_RECENT]
        pixmap = QStyle.StandardPixmap
        self.back = self._tool(pixmap.SP_ArrowBack, "Back", "Alt+Left", browser.back)
        self.forward = self._tool(pixmap.SP_ArrowForward, "Forward", "Alt+Right", browser.forward)
        self.up = self._tool(pixmap.SP_ArrowUp, "Up to the folder this one is in", "Alt+Up", browser.up)
        self.reload = self._tool(pixmap.SP_BrowserReload, "Look again", "F5", browser.retry)
        self.path = QLineEdit()
        self.path.setAccessibleName("Folder")
        self.path.setPlaceholderText("path or address of a folder or file")
        self.path.setToolTip("Type the path of a folder, or s3://bucket/…, and press Enter (Ctrl+L)")
        self.path.returnPressed.connect(self._go)
        QShortcut(QKeySequence("Ctrl+L"), self, activated=self._edit_path)
        self.places = QComboBox()
        self.places.setAccessibleName("Places to start from")
        self.places.setToolTip("Home, disks, and folders of recordings that were opened before")
        self.places.setFixedWidth(130)
        self.places.view().setMinimumWidth(260)
        self.places.activated.connect(lambda at: browser.go(self.places.itemData(at)))
        self.crumbs = Breadcrumbs()
        self.crumbs.chosen.connect(browser.go)
        row, layout = QHBoxLayout(), QVBoxLayout(self)
        for widget in (self.back, self.forward, self.up, self.reload):
            row.addWidget(widget)
        row.addWidget(self.path, 1)
        row.addWidget(self.places)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.crumbs)

    def show_state(self) -> None:
        """Follow the browser."""
        browser, listing = self._browser, self._browser.listing
        self.back.setEnabled(browser.can_go_back)
        self.forward.setEnabled(browser.can_go_forward)
        if listing is None or listing is self._shown:
            return
        if self._shown is None or self._shown.places != listing.places:
            self._offer(listing)
        self._shown = listing
        if not (self.path.hasFocus() or self.path.isModified()):  # a folder that comes late takes no typing away
            self.path.setText(listing.folder)
        self.crumbs.show_path(listing.folder)
        self.up.setEnabled(listing.parent is not None)

    def _offer(self, listing: Listing) -> None:
        self.places.clear()
        self.places.setPlaceholderText("Places")
        for name, path in [*((p.name, p.path) for p in listing.places), *((p, p) for p in self._recent)]:
            self.places.addItem(name, path)
        self.places.setCurrentIndex(-1)

    def _go(self) -> None:
        self.path.setModified(False)
        self._browser.go(self.path.text().strip())

    def _edit_path(self) -> None:
        self.path.setFocus()
        self.path.selectAll()

    def _tool(self, icon: QStyle.StandardPixmap, tip: str, key: str, do: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setIcon(self.style().standardIcon(icon))
        button.setAutoRaise(True)
        button.setToolTip(f"{tip} ({key})")
        button.setAccessibleName(tip)
        button.setShortcut(QKeySequence(key))
        button.clicked.connect(do)
        return button
