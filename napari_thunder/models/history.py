"""The paths that were opened before, newest first, kept between sessions."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock

import platformdirs

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

    def paths(self) -> tuple[str, ...]:
        """Newest first."""
        try:
            stored = json.loads(self._file.read_text("utf-8"))
        except (OSError, ValueError):
            return ()
        return tuple(p for p in stored if isinstance(p, str)) if isinstance(stored, list) else ()

    def add(self, path: str) -> None:
        """Put a path first."""
        with self._lock:
            kept = [path, *(p for p in self.paths() if p != path)][:_KEPT]
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                self._file.write_text(json.dumps(kept, indent=1), "utf-8")
            except OSError:
                return
