"""Walking through folders as an engine sees them."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled
from napari_thunder.io.folders import Listing, parent_folder
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble

ListFolder = Callable[[str, Job], Listing]


class Browser:
    """The folder that is looked at, and those looked at before.

    Folders are listed on threads of its own; of several wishes the newest wins. `changed` may be emitted from any
    thread.

    Attributes
    ----------
    listing
        The last folder that could be listed.
    wanted
        The folder that is on its way, or was refused.
    trouble
        Why it was refused.
    asked
        The path that was asked for last, which may be that of a file in the folder.

    Parameters
    ----------
    list_folder
        Lists a folder (the home folder if empty); may block.
    """

    changed = Signal()

    def __init__(self, list_folder: ListFolder) -> None:
        self.listing: Listing | None = None
        self.wanted = ""
        self.asked = ""
        self.trouble: Trouble | None = None
        self._list = list_folder
        self._job: Job | None = None
        self._before: list[str] = []
        self._after: list[str] = []
        self._background = Background("browser")
        self._lock = Lock()

    @property
    def busy(self) -> bool:
        """Whether a folder is being listed."""
        return self._job is not None

    @property
    def can_go_back(self) -> bool:
        """Whether a folder was looked at before this one."""
        return bool(self._before)

    @property
    def can_go_forward(self) -> bool:
        """Whether one has gone back."""
        return bool(self._after)

    def go(self, folder: str) -> None:
        """Look into a folder; returns at once."""
        if self.listing is not None and folder != self.listing.folder:
            self._before.append(self.listing.folder)
            self._after.clear()
        self._start(folder)

    def up(self) -> None:
        """Look into the folder this one is in."""
        above = parent_folder(self.wanted)
        if self.trouble is not None and above != self.wanted:
            self._start(above)
        elif self.listing is not None and self.listing.parent is not None:
            self.go(self.listing.parent)

    def back(self) -> None:
        """Look again into the folder before."""
        self._step(self._before, self._after)

    def forward(self) -> None:
        """Undo `back`."""
        self._step(self._after, self._before)

    def retry(self) -> None:
        """Look again into the folder that was wanted last."""
        self._start(self.wanted)

    def close(self, seconds: float = 0.0) -> None:
        """List no longer; takes no longer than `seconds`."""
        self._cancel()
        self._background.close(seconds)

    def _step(self, off: list[str], onto: list[str]) -> None:
        if off:
            if self.listing is not None:
                onto.append(self.listing.folder)
            self._start(off.pop())

    def _start(self, folder: str) -> None:
        self._cancel()
        job = Job(f"list {folder}")
        with self._lock:
            self._job, self.wanted, self.asked, self.trouble = job, folder, folder, None
        self.changed.emit()
        self._background.start(self._work, folder, job)

    def _cancel(self) -> None:
        job = self._job
        if job is not None:
            job.cancel()

    def _work(self, folder: str, job: Job) -> None:
        listing, trouble = None, None
        try:
            listing = self._list(folder, job)
        except JobCancelled:
            return
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if job is not self._job or self._background.closed:
                return
            self._job, self.trouble = None, trouble
            if listing is not None:
                self.listing, self.wanted = listing, listing.folder
        self.changed.emit()
