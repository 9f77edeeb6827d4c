"""The user's own model: a file that was chosen, the function in it, and the form that comes of it."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Lock

from psygnal import Signal

from napari_thunder.analysis.own.model import OwnModel, model_class, model_names
from napari_thunder.analysis.own.model_file import read_model_file
from napari_thunder.models.analyze.draft import Draft, ModelChoice
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble


class OwnModels:
    """Reads and runs the file of a model when the user chose it in this program; never because it was remembered.

    Signals may be emitted from any thread: `changed()` when there is another form, or a trouble.

    Parameters
    ----------
    draft
        Holds which file and function; what it takes over from a session is not run before `load`.

    Attributes
    ----------
    cls
        Of the analysis that the chosen function makes; None while there is none.
    names
        Functions of the file that could be meant.
    trouble
        Why there is none.
    """

    changed = Signal()

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._background = Background("own-models")
        self._lock = Lock()
        self._chosen = ""
        self._stamp: tuple[int, int] | None = None
        self._looking = False
        self.cls: type[OwnModel] | None = None
        self.names: tuple[str, ...] = ()
        self.trouble: Trouble | None = None
        self.busy = False
        draft.changed.connect(self._follow)

    @property
    def choice(self) -> ModelChoice:
        """Which file and function."""
        return self._draft.model

    @property
    def confirmed(self) -> bool:
        """Whether the file was chosen in this program, so that it may be run."""
        return bool(self.choice.path) and self.choice.path == self._chosen

    def why_not_run(self) -> str:
        """What is missing before the model can run, as the next step to take; empty if nothing is."""
        if not self.choice.path:
            return "Choose the Python file of your model above."
        if not self.confirmed:
            return "Your model is remembered but not loaded, as loading runs its code: press Load."
        if self.busy:
            return "Wait until your model is loaded."
        if self.cls is None:
            return self.trouble.message if self.trouble else "Choose a function of your file."
        return ""

    def choose(self, path: str, function: str = "") -> None:
        """Choose a file, and run it; returns at once."""
        if path != self._chosen:
            self.cls, self.names, self.trouble = None, (), None
        self._chosen = path
        self._draft.choose_model(ModelChoice(path, function))
        self._start()

    def load(self) -> None:
        """Run the file that is remembered: the user says so."""
        if self.choice.path:
            self.choose(self.choice.path, self.choice.function)

    def choose_function(self, name: str) -> None:
        """Choose another function of the file."""
        self._draft.choose_model(ModelChoice(self.choice.path, name))
        self._start()

    def look(self) -> None:
        """Read the file again if it was changed; returns at once."""
        if self.confirmed and not self.busy and not self._looking:
            self._looking = True
            self._background.start(self._look)

    def close(self, seconds: float = 0.5) -> None:
        """End; takes no longer than `seconds`, whatever the user's code does."""
        self._background.close(seconds)

    def has(self, text: str) -> bool:
        """Whether this very text is the one the user chose."""
        return self.cls is not None and self.confirmed and self.cls.file.text == text

    def _follow(self) -> None:
        if not self.confirmed and self.cls is not None:
            self.cls, self.names, self.trouble = None, (), None
            self.changed.emit()

    def _start(self) -> None:
        self.busy = True
        self.changed.emit()
        self._background.start(self._work, self.choice)

    def _look(self) -> None:
        try:
            changed = self._stamp != _stamp_of(self.choice.path)
        finally:
            self._looking = False
        if changed:
            self._work(self.choice)

    def _work(self, choice: ModelChoice) -> None:
        stamp, trouble = _stamp_of(choice.path), None
        names: tuple[str, ...] = ()
        cls: type[OwnModel] | None = None
        try:
            file = read_model_file(choice.path)
            names = model_names(file)
            function = choice.function if choice.function in names else ""
            if function or len(names) <= 1:
                cls = model_class(file, function)
        except Exception as error:
            trouble = Trouble.of(error)
        with self._lock:
            if choice != self.choice:
                return
            self._stamp, self.names, self.cls, self.trouble = stamp, names, cls, trouble
            self.busy = False
        if cls is not None and cls.function != choice.function:
            self._draft.choose_model(ModelChoice(choice.path, cls.function))
        self.changed.emit()


def _stamp_of(path: str) -> tuple[int, int] | None:
    with suppress(OSError):
        found = os.stat(path)
        return found.st_mtime_ns, found.st_size
    return None
