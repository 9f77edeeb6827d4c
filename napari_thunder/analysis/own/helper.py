"""The other side of `processes`: gets series, calls the function, answers; ends when nobody asks any more."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import IO

from napari_thunder.analysis.own.calling import Call
from napari_thunder.analysis.own.model_file import explained
from napari_thunder.analysis.own.processes import arrays_from_bytes, arrays_to_bytes, call_from_plain, receive, send


def serve(reader: IO[bytes], writer: IO[bytes]) -> None:
    """Answer until there are no more questions."""
    try:
        call = call_from_plain(json.loads(receive(reader)))
        while True:
            _answer(call, receive(reader), writer)
    except (EOFError, BrokenPipeError):
        return


def _answer(call: Call, question: bytes, writer: IO[bytes]) -> None:
    try:
        maps = call.voxels(arrays_from_bytes(question)["series"])
    except Exception as error:
        said = {"error": str(explained(call.file, error)), "trace": traceback.format_exc()}
        send(writer, json.dumps(said).encode())
        return
    send(writer, json.dumps({}).encode())
    send(writer, arrays_to_bytes(maps))


def main() -> None:
    """What the function prints goes where errors go, as our answers have the way out to themselves."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
