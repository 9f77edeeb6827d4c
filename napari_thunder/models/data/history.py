"""The paths that were opened before, newest first, kept between sessions."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

import platformdirs

from napari_thunder.models.data.target import is_server, split_token

_KEPT = 20


class History:
    """Paths and addresses used before.

    Parameters
    ----------
    file
        Where they are kept; in the user's state folder when left out. A file that cannot be read or written
        is no reason to trouble anyone.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file or platformdirs.user_state_path("napari-thunder") / "history.json"
        self._lock = Lock()

    @property
    def folder(self) -> Path:
        """Where the user's state is kept."""
        return self._file.parent

    def paths(self) -> tuple[str, ...]:
        """Of recordings, newest first."""
        return tuple(path for path in self._all() if not is_server(path))

    def addresses(self) -> tuple[str, ...]:
        """Of Spark Connect servers, newest first."""
        return tuple(path for path in self._all() if is_server(path))

    def add(self, path: str) -> None:
        """Put a path or an address first; a token in it is left out."""
        path = split_token(path)[0]
        with self._lock:
            kept = [path, *(p for p in self._all() if p != path and is_server(p) == is_server(path))][:_KEPT]
            kept += [p for p in self._all() if is_server(p) != is_server(path)]
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(kept, indent=1), "utf-8")
            except OSError:
                return

    def _all(self) -> tuple[str, ...]:
        try:
            stored = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return ()
        return tuple(p for p in stored if isinstance(p, str)) if isinstance(stored, list) else ()
