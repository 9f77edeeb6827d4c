"""Answers as rows of Arrow binary: arrays cross the wire as bytes with a shape, never as pickles or rows of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from napari_thunder.engine.protocol import Answer, Array
from napari_thunder.errors import EngineError

SCHEMA = pa.schema(
    [
        ("reference", pa.int32()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("layout", pa.string()),
        ("piece", pa.int32()),
        ("pieces", pa.int32()),
        ("data", pa.binary()),
    ]
)
"""One row is a piece of one array of the answer to `reference`; `layout` is JSON with dtype and shape."""

LARGEST_PIECE = 16 * 2**20
"""Bytes of one row's data at most: Spark copies rows whole, several times."""

_NUMBERS = "biufc"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that work on a worker ended with."""

    kind: str
    message: str
    trace: str = ""


def answer_batches(reference: int, answer: Answer) -> Iterator[pa.RecordBatch]:
    """The rows of one answer, one batch each.

    Parameters
    ----------
    reference
        What the answer is to; comes back with it.
    answer
        Arrays of numbers by name.

    Raises
    ------
    EngineError
        If an array does not hold numbers.
    """
    pieces = [(name, *piece) for name, array in answer.items() for piece in _pieces(name, np.asarray(array))]
    if not pieces:
        yield _batch(reference, "empty", "", "", 0, 1, b"")
    for number, (name, layout, data) in enumerate(pieces):
        yield _batch(reference, "array", name, layout, number, len(pieces), data)


def failure_batch(reference: int, failure: Failure) -> pa.RecordBatch:
    """The row that says that work on `reference` failed."""
    said = json.dumps({"message": failure.message, "trace": failure.trace})
    return _batch(reference, "failure", failure.kind, "", 0, 1, said.encode())


@dataclass(slots=True)
class Assembler:
    """Puts answers together again from rows that come piece by piece; pieces of several answers may interleave."""

    _waiting: dict[int, dict[int, Mapping[str, Any]]] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any]) -> tuple[int, Answer | Failure] | None:
        """Take one row; the whole answer with its reference once all its pieces are there."""
        reference = row["reference"]
        pieces = self._waiting.setdefault(reference, {})
        pieces[row["piece"]] = row
        if len(pieces) < row["pieces"]:
            return None
        del self._waiting[reference]
        if row["kind"] == "failure":
            return reference, Failure(row["name"], **json.loads(row["data"]))
        if row["kind"] == "empty":
            return reference, {}
        return reference, _whole([pieces[number] for number in sorted(pieces)])


def _pieces(name: str, array: Array) -> Iterator[tuple[str, memoryview]]:
    if array.dtype.kind not in _NUMBERS:
        raise EngineError(f"The answer {name!r} holds {array.dtype}, but only numbers come back from an engine.")
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    layout = json.dumps({"dtype": array.dtype.str, "shape": array.shape})
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    for start in range(0, max(1, len(data)), LARGEST_PIECE):
        yield layout, data[start : start + LARGEST_PIECE]


def _batch(*values: Any) -> pa.RecordBatch:
    columns = [pa.array([value], column.type) for value, column in zip(values, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _whole(rows: list[Mapping[str, Any]]) -> Answer:
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["name"], []).append(row)
    return {name: _array(of_one) for name, of_one in parts.items()}


def _array(rows: list[Mapping[str, Any]]) -> Array:
    layout = json.loads(rows[0]["layout"])
    dtype = np.dtype(layout["dtype"])
    if dtype.kind not in _NUMBERS:
        raise EngineError(f"An answer came back as {dtype}, which no worker of ours sends.")
    data = bytearray().join(row["data"] for row in rows)
    return np.frombuffer(data, dtype).reshape(layout["shape"]).astype(dtype.newbyteorder("="), copy=False)
