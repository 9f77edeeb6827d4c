"""The desk kept safe while it is worked on, so that a crash costs little."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs
from psygnal import Signal

from napari_thunder.engine.file_lock import try_lock
from napari_thunder.errors import SessionError
from napari_thunder.models.background import Background
from napari_thunder.models.session.parts import Restored
from napari_thunder.models.session.session import Session
from napari_thunder.models.session.session_file import SUFFIX, read_session
from napari_thunder.models.trouble import Trouble

_FILE = f"desk{SUFFIX}"
_ALIVE = "alive"
_ENDED = "ended"
_MOST_CRASHES = 5


@dataclass(frozen=True, slots=True)
class LastSession:
    """A desk that was left behind by a program that has ended.

    Parameters
    ----------
    path
        Its session file.
    saved
        When it was written, local time.
    recordings, results, regions
        How many it holds.
    clean
        Whether the program ended as it should.
    """

    path: Path
    saved: datetime
    recordings: int
    results: int
    regions: int
    clean: bool

    def __str__(self) -> str:
        counts = ((self.recordings, "recording"), (self.results, "result"), (self.regions, "ROI"))
        held = ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in counts if n)
        return f"{held} from {self.saved:%d %B, %H:%M}"


@dataclass(frozen=True, slots=True)
class _Note:
    """The desk at one moment: what writes it, and the desks left by others that it holds whole."""

    write: Callable[[], None]
    taken_up: frozenset[Path]


class Autosave:
    """Writes a session of its own whenever the desk has changed, and finds those that others left.

    Nothing here blocks but `left`. `changed()` is emitted, from any thread, when `trouble` did.

    Parameters
    ----------
    session
        Whose desk is kept.
    place
        The folder where such sessions are kept; in the user's state folder when left out.
    """

    changed = Signal()

    def __init__(self, session: Session, place: Path | None = None) -> None:
        self.trouble: Trouble | None = None
        self._session = session
        self._place = place or platformdirs.user_state_path("napari-thunder") / "autosave"
        self._folder: Path | None = None
        self._alive: int | None = None
        self._background = Background("autosave")
        self._taken_up: set[Path] = set()
        self._noted: _Note | None = None
        self._writing = False
        self._changed = False
        session.restored.connect(self._on_restored)

    def touch(self, *_: object) -> None:
        """Say that something on the desk changed."""
        self._changed = True

    def note(self) -> None:
        """Take the desk down as it is, for the next `keep`, whatever becomes of it until then; fast."""
        self._noted = _Note(self._session.keeper(self._file()), frozenset(self._taken_up))

    def keep(self) -> None:
        """Write down what was noted, or the desk if it changed since the last time; returns at once."""
        if self._writing or not (self._changed or self._noted):
            return
        if self._noted is None:
            self.note()
        note, self._noted = self._noted, None
        self._writing, self._changed = True, False
        self._background.start(self._write, note)

    def left(self) -> list[LastSession]:
        """The desks that ended programs left, if they hold anything, the newest first; blocks for a look at the disk.

        Of those that ended as they should only the newest is among them; of crashes, the last few.
        """
        found = sorted(self._left(), key=lambda last: last.saved, reverse=True)
        crashed = [last for last in found if not last.clean][:_MOST_CRASHES]
        return [last for last in found if last is found[0] or last in crashed]

    def end(self, seconds: float = 1.0) -> None:
        """Stop, after keeping what changed if that takes no longer than `seconds`; what was kept can be restored."""
        self.keep()
        self._background.close(seconds)
        self._session.restored.disconnect(self._on_restored, missing_ok=True)
        if self._alive is not None and self._folder is not None:
            with suppress(OSError):
                (self._folder / _ENDED).touch()
            os.close(self._alive)
            self._alive = None

    def _file(self) -> Path:
        if self._folder is None:
            self._folder = self._place / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        return self._folder / _FILE

    def _write(self, note: _Note) -> None:
        try:
            self._claim()
            note.write()
            self._let_go(note.taken_up)
            self._tell(None)
        except Exception as error:
            self._noted = self._noted or note
            self._tell(Trouble.of(error))
        finally:
            self._writing = False

    def _tell(self, trouble: Trouble | None) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self.changed.emit()

    def _on_restored(self, restored: Restored) -> None:
        """A desk that was left is let go when all that it held is kept safe here."""
        if restored.path.parent.parent == self._place.absolute() and not restored.problems:
            self._taken_up.add(restored.path.parent)

    def _let_go(self, taken_up: frozenset[Path]) -> None:
        for folder in taken_up:
            with suppress(OSError):
                (folder / _ENDED).touch()
        self._taken_up -= taken_up

    def _claim(self) -> None:
        """Make the folder and hold its lock, which says that this program lives; sweep what is older than the last."""
        if self._alive is not None:
            return
        folder = self._file().parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._alive = try_lock(folder / _ALIVE)
        except OSError as error:
            raise SessionError(f"{folder}: the desk cannot be kept safe there ({error.strerror}).") from error
        self._sweep()

    def _sweep(self) -> None:
        kept = {last.path.parent for last in self.left()} | self._taken_up
        for folder in self._dead():
            if folder not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def _left(self) -> Iterator[LastSession]:
        for folder in self._dead():
            with suppress(SessionError, OSError, ValueError, TypeError, KeyError):
                last = _read(folder / _FILE)
                if last.recordings or last.results or last.regions:
                    yield last

    def _dead(self) -> Iterator[Path]:
        with suppress(OSError):
            for folder in self._place.iterdir():
                if folder != self._folder and folder.is_dir() and _ended(folder):
                    yield folder


def _ended(folder: Path) -> bool:
    """Whether the program that kept this folder is gone; one that is just being made counts as alive."""
    try:
        if time.time() - folder.stat().st_mtime < 5 and not (folder / _FILE).exists():
            return False
        alive = try_lock(folder / _ALIVE)
    except OSError:
        return False
    if alive is None:
        return False
    os.close(alive)
    return True


def _read(path: Path) -> LastSession:
    held = read_session(path)
    saved = datetime.fromisoformat(held["saved"]).astimezone()
    recordings, results, regions = (len(held[name]) for name in ("recordings", "results", "regions"))
    return LastSession(path, saved, recordings, results, regions, clean=(path.parent / _ENDED).exists())
