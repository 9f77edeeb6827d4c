"""A tab that is made when it is first looked at or asked for."""

from __future__ import annotations

from typing import Generic, TypeVar

from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_thunder.widgets.tab import Tab
from napari_thunder.widgets.workplace import Workplace

Kind = TypeVar("Kind", bound=Tab)


class LateTab(QWidget, Generic[Kind]):
    """The place of a tab; as a tab shows the desk as it finds it, one that nobody looked at yet need not follow it.

    Parameters
    ----------
    kind
        Of tab that comes here.
    workplace
        Whose desk and viewer it is made for.
    """

    def __init__(self, kind: type[Kind], workplace: Workplace) -> None:
        super().__init__()
        self.name = kind.name
        self.title = kind.title
        self._kind = kind
        self._workplace = workplace
        self._tab: Kind | None = None
        QVBoxLayout(self).setContentsMargins(0, 0, 0, 0)

    def tab(self) -> Kind:
        """The tab, made now if it was not yet."""
        if self._tab is None:
            self._tab = self._kind(self._workplace.viewer)
            self.layout().addWidget(self._tab)
            self._tab.show()  # or Qt would wait for the next turn of the event loop
        return self._tab
