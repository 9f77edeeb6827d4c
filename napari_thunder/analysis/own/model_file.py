"""A Python file of the user's: read, compiled under its own name, never imported."""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

from napari_thunder.errors import ModelError

Function = Callable[..., Any]

LARGEST_FILE = 10 * 2**20

_loading = RLock()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The text of a file with models, as it was read.

    Parameters
    ----------
    path
        Where it was read; what tracebacks point to.
    text
        What stood there.
    """

    path: str
    text: str

    @property
    def digest(self) -> str:
        """A hash of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return Path(self.path).name

    def line(self, number: int) -> str:
        """What stands in a line, from 1."""
        lines = self.text.splitlines()
        return lines[number - 1].strip() if 0 < number <= len(lines) else ""

    def at(self, number: int) -> str:
        """`my_model.py:12`, with the whole path."""
        return f"{self.path}:{number}"


def read_model_file(path: str | Path) -> ModelFile:
    """Read a Python file; runs nothing.

    Raises
    ------
    ModelError
        If there is none, or it is not text.
    """
    place = Path(path).expanduser().absolute()
    if place.suffix != ".py":
        raise ModelError(f"{place}: a model of your own is a Python file, whose name ends in .py.")
    try:
        if place.stat().st_size > LARGEST_FILE:
            raise ModelError(f"{place}: too large to be a Python file that a person wrote.")
        return ModelFile(str(place), place.read_text("utf-8"))
    except UnicodeDecodeError:
        raise ModelError(f"{place}: not a text file in UTF-8.") from None
    except OSError as error:
        raise ModelError(f"{place}: cannot be read: {error.strerror or error}.") from error


def load_functions(file: ModelFile) -> Mapping[str, Function]:
    """Run a file as if it were imported, and give the functions it defines; the same file is run once.

    Raises
    ------
    ModelError
        If it is not Python, or goes wrong as it is run; with file, line and what stands there.
    """
    with _loading:
        return _load(file)


@lru_cache(32)
def _load(file: ModelFile) -> Mapping[str, Function]:
    remember_lines(file)
    module = types.ModuleType(f"napari_thunder_own_{file.digest}")
    module.__file__ = file.path
    sys.modules[module.__name__] = module  # dataclasses and type hints of the file look for their module
    try:
        with _beside(file.path):
            exec(compile(file.text, file.path, "exec", dont_inherit=True), vars(module))
    except SyntaxError as error:
        raise _unreadable(file, error) from error
    except (Exception, SystemExit) as error:
        raise explained(file, error) from error
    return {
        name: thing
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__
    }


def remember_lines(file: ModelFile) -> None:
    """Let tracebacks quote the file where it does not lie: on a worker."""
    lines = file.text.splitlines(keepends=True)
    linecache.cache[file.path] = (len(file.text), None, lines, file.path)


def explained(file: ModelFile, error: BaseException) -> ModelError:
    """What went wrong in a file of the user's: where, what stands there, and what Python says."""
    if isinstance(error, ModelError):
        return error
    said = f"{type(error).__name__}: {error}".rstrip(": ")
    number = _line_of(file, error)
    if number == 0:
        return ModelError(f"{file.path}: {said}")
    hint = ""
    if isinstance(error, ModuleNotFoundError) and error.name:
        hint = (
            f"\nThe Python that computes here, {sys.executable}, has no {error.name}. Install it there, or put what "
            "you need of it into the file."
        )
    return ModelError(f"{file.at(number)}: {said}\n    {file.line(number)}{hint}")


def _line_of(file: ModelFile, error: BaseException) -> int:
    """The innermost line of the file that an error came through; 0 if none."""
    number, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file.path:
            number = trace.tb_lineno
        trace = trace.tb_next
    return number


def _unreadable(file: ModelFile, error: SyntaxError) -> ModelError:
    if error.filename != file.path:
        return explained(file, error)
    number = error.lineno or 1
    return ModelError(f"{file.at(number)}: not valid Python: {error.msg}\n    {file.line(number)}")


@contextmanager
def _beside(path: str) -> Iterator[None]:
    """Let a file import those that lie beside it."""
    folder = str(Path(path).parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(folder)
