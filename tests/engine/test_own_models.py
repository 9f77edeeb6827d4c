"""Models of one's own and chained maps give the same numbers on Spark; errors point to the same line there."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import ModelError

TEXT = """
import os
import numpy as np

HERE = {here}

def ours(block, signals, events, frame_times, lag: int = 2, strict: bool = False):
    if strict and os.getpid() != HERE:
        raise ValueError("not at home")
    swim = signals.iloc[:, 0].to_numpy()
    c = block - block.mean(axis=0)
    return {{"r": swim[lag:] @ c[:-lag], "ends": block[[0, -1]], "n": np.full(block.shape[1], len(events))}}

def alone(y, power: float = 2.0):
    return {{"m": (y**power).mean()}}

alone.per = "voxel"
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "fish.zarr"
    return nt.simulate(path, shape=(80, 2, 30, 40), seed=5).without_frames([3, 40])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    import os

    file = tmp_path_factory.mktemp("model") / "ours.py"
    file.write_text(TEXT.format(here=os.getpid()))
    return file


@pytest.mark.parametrize("function", ["ours", "alone"])
def test_a_model_gives_the_same_numbers_on_threads_and_on_spark(function, path, recording, threads, spark):
    model = nt.own_model(path, function)
    here, there = (nt.run(model, recording, engine=engine, preprocess=["zscore"]) for engine in (threads, spark))
    for variable in here.data_vars:
        np.testing.assert_array_equal(there[variable].values, here[variable].values, err_msg=variable)


def test_an_error_on_a_worker_points_to_the_line_of_the_file(path, recording, spark):
    with pytest.raises(ModelError) as caught:
        nt.run(nt.own_model(path, "ours", strict=True), recording, engine=spark)
    said = str(caught.value)
    assert said.startswith(f"{path}:9: ValueError: not at home\n    raise ValueError")
    trace = str(caught.value.__cause__)
    assert f'File "{path}", line 9, in ours' in trace
    assert 'raise ValueError("not at home")' in trace


def test_a_module_that_workers_lack_is_said_in_words(recording, tmp_path, spark):
    neighbour = tmp_path / "only_at_the_desk.py"
    neighbour.write_text("def twice(y):\n    return 2 * y\n")
    file = tmp_path / "model.py"
    file.write_text("from only_at_the_desk import twice\n\ndef f(block):\n    return twice(block[0])\n")
    model = nt.own_model(file)
    neighbour.unlink()
    with pytest.raises(ModelError, match=r"model\.py:1: ModuleNotFoundError.*\n    from only_at_.*\nThe Python that"):
        nt.run(model, recording, engine=spark)


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_maps_of_a_result_are_read_by_workers(where, recording, tmp_path, threads, spark):
    result = nt.run(nt.SummaryImages(), recording, engine=threads)
    of = result if where == "memory" else nt.save_result(result, tmp_path / "images.zarr")
    chained = nt.maps_as_recording(of, ("mean", "std"), standardize=True)
    here, there = (nt.run(nt.PCA(1), chained, engine=engine) for engine in (threads, spark))
    np.testing.assert_allclose(there["components"], here["components"], rtol=1e-6)
    assert list(there["feature"].values) == ["mean", "std"]
