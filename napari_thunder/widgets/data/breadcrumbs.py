"""A path whose parts can be clicked."""

from __future__ import annotations

from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSizePolicy

_SHOWN = 5
"""Parts at the end of a long path that stay in sight."""


class Breadcrumbs(QLabel):
    """Shows a folder's path; emits `chosen(folder)` when a part is clicked or chosen with Tab and Enter."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._folders: list[str] = []
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Folders above this one")
        self.linkActivated.connect(lambda at: self.chosen.emit(self._folders[int(at)]))

    def show_path(self, folder: str) -> None:
        """Show the parts of a path, of either kind of slash."""
        scheme, found, rest = folder.partition("://")
        if found:
            names = [name for name in rest.split("/") if name]
            self._folders = [f"{scheme}://" + "/".join(names[: n + 1]) for n in range(len(names))]
            self._show_names([f"{scheme}://{names[0]}" if names else folder, *names[1:]])
            return
        slash = "\\" if "\\" in folder and not folder.startswith("/") else "/"
        names = [name for name in folder.split(slash) if name]
        top = "/" if folder.startswith("/") else ""
        self._folders = [top] if top else []
        self._folders += [top + slash.join(names[: n + 1]) + ("" if top or n else slash) for n in range(len(names))]
        self._show_names([*(["/"] if top else []), *names])

    def _show_names(self, shown: list[str]) -> None:
        links = [self._link(n, name) for n, name in enumerate(shown)]
        if len(links) > _SHOWN + 1:
            links = [links[0], "…", *links[-_SHOWN:]]
        self.setText(" › ".join(links))

    def _link(self, number: int, name: str) -> str:
        color = self.palette().windowText().color().name()
        return f'<a href="{number}" style="color: {color}; text-decoration: none">{escape(name)}</a>'
