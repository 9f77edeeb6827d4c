"""Numbers, texts, lists and arrays in a pickle (`.npy` of objects), and nothing else: no code of the file is run.

A pickle names functions to be called when it is read. Here only the names that numpy writes for an array, a type or a
number are known, and they mean functions of this module, which check what they are given; any other name is refused.
"""

from __future__ import annotations

import datetime
import io
import math
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from napari_thunder.errors import PickledError, RegionError


def load_pickled(path: Path) -> Any:
    """What a `.npy` file of objects holds: dictionaries, lists, texts, numbers and arrays of numbers.

    Call it only after a person has said that the file is to be trusted.

    Raises
    ------
    RegionError
        If the file is damaged, or holds anything else.
    """
    try:
        with path.open("rb") as file:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            _, _, dtype = read(file)
            if not dtype.hasobject:
                raise RegionError(f"{path}: it holds plain numbers, where a list of ROIs is wanted.")
            found = _plain(_Plain(io.BytesIO(file.read())).load())
    except RegionError:
        raise
    except OSError as error:
        raise RegionError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except pickle.UnpicklingError as error:
        raise RegionError(f"{path}: {error}") from None
    except Exception as error:  # whatever a damaged pickle raises
        raise RegionError(f"{path}: damaged, or not a file of numpy ({type(error).__name__}: {error}).") from error
    return found


def refuse(path: Path, instead: str = "") -> PickledError:
    """The error that asks a person for trust before a pickle is read."""
    return PickledError(
        f"{path}: it is a pickle, and a pickle can hold a program that runs when it is opened. Only plain numbers are "
        f"read from it; but do so only if you trust whoever made it: allow_pickle=True, or --allow-pickle.{instead}",
        path,
    )


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        known = _KNOWN.get((module.replace("numpy._core", "numpy.core"), name))
        if known is None:
            raise pickle.UnpicklingError(
                f"holds {module}.{name}, which is neither a number nor an array of numbers. It was not read: such a "
                "file may do harm."
            )
        return known

    def persistent_load(self, _: Any) -> Any:
        raise pickle.UnpicklingError("refers to something outside of it. It was not read.")


class _Type:
    """Stands for `numpy.dtype` while a pickle is read."""

    def __init__(self, code: Any = "", *_: Any) -> None:
        if not isinstance(code, str) or code[:1] not in "biufcOSUVmM?" or code[:1] in "VmM":
            raise pickle.UnpicklingError(f"holds numbers of an unknown kind ({str(code)[:20]!r}).")
        self.is_object = code[0] == "O"
        self.dtype = np.dtype("u1" if self.is_object else code)

    def __setstate__(self, state: Any) -> None:
        order = state[1]
        if order in ("<", ">") and not self.is_object:
            self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands for an array while a pickle is read."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] = (0,)
        self.type = _Type("u1")
        self.fortran = False
        self.content: Any = b""

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, content = state
        self.shape, self.type, self.fortran, self.content = tuple(shape), kind, bool(fortran), content

    def plain(self, seen: dict[int, Any]) -> Any:
        if not isinstance(self.type, _Type) or not all(type(n) is int and n >= 0 for n in self.shape):
            raise pickle.UnpicklingError("holds an array that is none.")
        if self.type.is_object:
            return self._objects(seen)
        content = self.content if isinstance(self.content, bytes | bytearray) else b""
        if len(content) != math.prod(self.shape) * self.type.dtype.itemsize:
            raise pickle.UnpicklingError("holds an array whose numbers are not as many as its shape says.")
        found = np.frombuffer(bytes(content), self.type.dtype)
        return found.reshape(self.shape, order="F" if self.fortran else "C").copy()

    def _objects(self, seen: dict[int, Any]) -> Any:
        """A list; of an array without axes, the one thing it holds."""
        if not isinstance(self.content, list) or len(self.content) != math.prod(self.shape):
            raise pickle.UnpicklingError("holds an array whose parts are not as many as its shape says.")
        parts = [_plain(part, seen) for part in self.content]
        return parts[0] if self.shape == () else parts


def _reconstruct(*_: Any) -> _Array:
    return _Array()


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any = "C") -> _Array:
    made = _Array()
    made.__setstate__((1, shape, kind, order == "F", bytes(content)))
    return made


def _scalar(kind: Any, content: Any = b"") -> Any:
    made = _Array()
    made.__setstate__((1, (), kind, False, [content] if kind.is_object else content))
    found = made.plain({})
    return found if kind.is_object else found[()]


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """As Python 2 wrote bytes."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("holds a text in an unknown encoding.")
    return text.encode("latin1")


class _Date(datetime.datetime):
    """When suite2p was run."""


def _path(*parts: Any) -> str:
    return "/".join(str(part) for part in parts)


_KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
    ("datetime", "datetime"): _Date,
    ("pathlib", "PosixPath"): _path,
    ("pathlib", "WindowsPath"): _path,
    ("pathlib._local", "PosixPath"): _path,
    ("pathlib._local", "WindowsPath"): _path,
}


def _plain(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """A value with the stand-ins in it replaced by what they stand for; what is shared stays shared."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, _Array):
        found = value.plain(seen)
    elif isinstance(value, _Type):
        found = value.dtype
    elif isinstance(value, Mapping):
        found = {key: _plain(part, seen) for key, part in value.items() if isinstance(key, str | int)}
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        found = [_plain(part, seen) for part in value]
    else:
        return value
    seen[id(value)] = found
    return found
