"""Answers cross a wire whole, and nothing that comes over it is unpickled."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from napari_thunder.engine import answers
from napari_thunder.engine.answers import Assembler, Failure, answer_batches, failure_batch
from napari_thunder.errors import EngineError


def rows(batches):
    return [row for batch in batches for row in batch.to_pylist()]


def assembled(given):
    assembler = Assembler()
    return [whole for row in given if (whole := assembler.add(row)) is not None]


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int64", "float32", "complex128", "bool"])
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (2, 3, 4)])
def test_arrays_keep_type_shape_and_values(dtype, shape):
    array = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    ((reference, answer),) = assembled(rows(answer_batches(7, {"a": array, "b": array.T})))
    assert reference == 7
    np.testing.assert_array_equal(answer["a"], array)
    np.testing.assert_array_equal(answer["b"], array.T)
    assert answer["a"].dtype == array.dtype.newbyteorder("=")
    assert answer["a"].flags.writeable


def test_pieces_of_several_answers_may_interleave(monkeypatch):
    monkeypatch.setattr(answers, "LARGEST_PIECE", 10)
    given = {reference: {"x": np.arange(20.0) + reference, "y": np.arange(3)} for reference in range(3)}
    streams = [rows(answer_batches(reference, answer)) for reference, answer in given.items()]
    assert all(len(row["data"]) <= 10 for stream in streams for row in stream)
    mixed = [row for together in itertools.zip_longest(*streams) for row in together if row is not None]
    for reference, answer in assembled(mixed):
        np.testing.assert_array_equal(answer["x"], given[reference]["x"])
        np.testing.assert_array_equal(answer["y"], given[reference]["y"])


def test_an_answer_without_arrays_is_an_answer():
    assert assembled(rows(answer_batches(1, {}))) == [(1, {})]


def test_a_failure_comes_back_as_one():
    failure = Failure("AnalysisError", "no events: µ", "Traceback …")
    assert assembled(rows([failure_batch(2, failure)])) == [(2, failure)]


def test_objects_are_refused_on_both_sides():
    with pytest.raises(EngineError, match="'names' holds object"):
        list(answer_batches(0, {"names": np.array([{}], dtype=object)}))
    (row,) = rows(answer_batches(0, {"x": np.zeros(1)}))
    with pytest.raises(EngineError, match="came back as object"):
        Assembler().add(row | {"layout": '{"dtype": "|O", "shape": [1]}'})


def test_sparks_schema_is_the_same_as_arrows():
    from pyspark.sql.pandas.types import to_arrow_schema

    from napari_thunder.engine.spark.queries import ANSWERS

    assert [(f.name, f.type) for f in to_arrow_schema(ANSWERS)] == [(f.name, f.type) for f in answers.SCHEMA]
    assert pa.types.is_binary(answers.SCHEMA.field("data").type)
