"""Runs a function of one voxel in processes of its own: Python runs one thread at a time, however many there are.

Spark's workers are such processes already; these here are for threads, and never travel.
"""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.own.calling import Call, OwnMaps
from napari_thunder.analysis.own.model_file import ModelFile
from napari_thunder.analysis.own.trial import Tried
from napari_thunder.analysis.protocol import Series
from napari_thunder.errors import ModelError
from napari_thunder.tables import plain, table_from_plain

Values = NDArray[np.float64]

WORTHWHILE = 10.0
"""Seconds of work on one core from which on processes are started for it, which takes some seconds."""

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


_BEGIN = """
import sys, types
package = types.ModuleType("napari_thunder.analysis")
package.__path__ = [{folder!r}]
sys.modules[package.__name__] = package
from napari_thunder.analysis.own.helper import main
main()
"""
"""Without the analyses, which a helper does not need and which take seconds to import."""


class OnAHelper(Exception):  # noqa: N818 - the place of an error, not an error
    """The traceback of an error in another process."""


def own_maps(call: Call, found: Tried, n_voxels: int) -> OwnMaps:
    """What computes the maps of so many voxels: here, or on all cores where that is worth while."""
    alone = OwnMaps(call, found.per, found.outputs)
    if found.per == "block" or found.seconds * n_voxels < WORTHWHILE or (os.cpu_count() or 1) < 2:
        return alone
    return Shared(call, found.per, found.outputs)


@dataclass(frozen=True)
class Shared(OwnMaps):
    """Each thread has a process compute for it; where it is sent, it computes by itself."""

    crew: Crew = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "crew", Crew(self.call))
        weakref.finalize(self, self.crew.close)

    def __reduce__(self) -> Any:
        return OwnMaps, (self.call, self.per, self.outputs)

    def computed(self, series: Series) -> Mapping[str, Values]:
        return self.crew.voxels(series)


class Crew:
    """Processes that know a function; as many as threads ask at once.

    Parameters
    ----------
    call
        What they call.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._idle: SimpleQueue[Helper] = SimpleQueue()
        self._all: list[Helper] = []
        self._closed = False

    def voxels(self, series: Series) -> dict[str, Values]:
        """As `Call.voxels`.

        Raises
        ------
        ModelError
            As that, or if the process was ended.
        """
        try:
            helper = self._idle.get_nowait()
        except Empty:
            helper = Helper(self._call)
            self._all.append(helper)
            if self._closed:
                helper.end()
        answer = helper.ask(series)
        self._idle.put(helper)
        return answer

    def close(self) -> None:
        """End the processes."""
        self._closed = True
        for helper in self._all:
            helper.end()


class Helper:
    """A process that calls a function for us."""

    def __init__(self, call: Call) -> None:
        self._function = call.function
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BEGIN.format(folder=str(Path(__file__).parents[1]))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
        )
        self._asked = False
        self._about = json.dumps(call_to_plain(call)).encode()

    def ask(self, series: Series) -> dict[str, Values]:
        """Maps (…, voxels) of series (t, voxels)."""
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        try:
            if not self._asked:
                send(writer, self._about)
                self._asked = True
            send(writer, arrays_to_bytes({"series": series}))
            said = json.loads(receive(reader))
            answer = receive(reader) if "error" not in said else b""
        except (OSError, EOFError, ValueError):
            raise ModelError(
                f"{self._function}: the process that ran it was ended; perhaps its computer ran out of memory, or code "
                "that is not Python crashed."
            ) from None
        if "error" in said:
            raise ModelError(said["error"]) from OnAHelper(said["trace"])
        return arrays_from_bytes(answer)

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)


def call_to_plain(call: Call) -> dict[str, Any]:
    """A call as JSON can hold it."""
    known = {name: v.tolist() if isinstance(v, np.ndarray) else plain(v) for name, v in call.known.items()}
    settings = {name: plain(v) for name, v in call.settings.items()}
    where = {"path": call.file.path, "text": call.file.text}
    return {**where, "function": call.function, "settings": settings, "known": known}


def call_from_plain(stored: Mapping[str, Any]) -> Call:
    """The call that `call_to_plain` was given."""
    settings = {name: tuple(v) if isinstance(v, list) else v for name, v in stored["settings"].items()}
    known: dict[str, Any] = {
        name: table_from_plain(v) if isinstance(v, dict) else np.asarray(v) for name, v in stored["known"].items()
    }
    return Call(ModelFile(stored["path"], stored["text"]), stored["function"], settings, known)


def arrays_to_bytes(arrays: Mapping[str, Values]) -> bytes:
    """Arrays by name, in numpy's own form."""
    held = io.BytesIO()
    np.savez(held, **{f"_{name}": values for name, values in arrays.items()})  # type: ignore[arg-type]
    return held.getvalue()


def arrays_from_bytes(held: bytes) -> dict[str, Values]:
    """The arrays that `arrays_to_bytes` was given."""
    with np.load(io.BytesIO(held), allow_pickle=False) as stored:
        return {name[1:]: stored[name] for name in stored.files}


def send(stream: IO[bytes], message: bytes) -> None:
    """Write a message with its length before it."""
    stream.write(struct.pack("<q", len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read a message.

    Raises
    ------
    EOFError
        If the other side is gone.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    length = struct.unpack("<q", head)[0]
    message = stream.read(length)
    if len(message) < length:
        raise EOFError
    return message
