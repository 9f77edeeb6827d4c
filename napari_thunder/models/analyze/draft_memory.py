"""What was prepared last, kept between sessions."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from threading import Lock

from napari_thunder.models.analyze.draft import Draft
from napari_thunder.models.background import Background


class DraftMemory:
    """Remembers a draft's analysis, parameters and preprocessing in a file of the user's.

    Parameters
    ----------
    draft
        What is remembered; filled from the file at once, and kept in it whenever it changes.
    file
        A file that cannot be read or written is no reason to trouble anyone.
    """

    def __init__(self, draft: Draft, file: Path) -> None:
        self._draft = draft
        self._file = file
        self._background = Background("draft")
        self._lock, self._writing = Lock(), Lock()
        self._asked = False
        with contextlib.suppress(OSError, ValueError):
            draft.from_plain(json.loads(file.read_text("utf-8")))
            draft.restrict(None)
        draft.changed.connect(self._keep)

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return self._asked

    def close(self, seconds: float = 0.5) -> None:
        """Stop remembering; takes no longer than `seconds` even if a file system hangs."""
        self._draft.changed.disconnect(self._keep, missing_ok=True)
        self._background.close(seconds)

    def _keep(self) -> None:
        with self._lock:
            first, self._asked = not self._asked, True
        if first:
            self._background.start(self._write)

    def _write(self) -> None:
        part = self._file.with_suffix(".part")
        with contextlib.suppress(OSError, TypeError), self._writing:
            while self._asked:
                self._asked = False
                text = json.dumps(self._draft.to_plain(), indent=1)
                self._file.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(text, "utf-8")
                os.replace(part, self._file)
