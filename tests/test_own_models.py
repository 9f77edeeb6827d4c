"""Models of one's own through the whole program: run, saved, run again, copied, from a terminal."""

from __future__ import annotations

import os
import runpy
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis.own.calling import OwnMaps
from napari_thunder.analysis.own.processes import Shared
from napari_thunder.cli import main
from napari_thunder.engine.threads import ThreadsEngine
from napari_thunder.errors import AnalysisError, ModelError, ResultError
from napari_thunder.provenance import read_provenance

TEXT = "def late(block, lag: int = 3):\n    return {'first': block[lag], 'two': block[:2]}\n"
SLOW = """import time

def slow(y, pause: float = 0.02):
    time.sleep(pause)
    return {"mean": y.mean(), "ends": y[[0, -1]]}

slow.per = "voxel"
"""


@pytest.fixture(scope="module")
def fish(tmp_path_factory: Any) -> nt.Recording:
    return nt.simulate(tmp_path_factory.mktemp("own") / "fish.zarr", shape=(60, 2, 30, 40), seed=2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "my_model.py"
    file.write_text(TEXT)
    return file


@pytest.fixture
def result(path: Path, fish: nt.Recording) -> Any:
    return nt.run(nt.own_model(path, lag=5), fish, preprocess=["zscore"])


def test_a_result_holds_the_text_of_its_model(result: Any, path: Path) -> None:
    record = read_provenance(result)
    assert record["parameters"] == {"lag": 5}
    assert record["model"]["text"] == TEXT
    assert (record["model"]["path"], record["model"]["function"]) == (str(path), "late")
    assert result.attrs["title"] == "Late"
    assert result["two"].dims == ("two_row", "z", "y", "x")


def test_what_a_result_holds_is_never_run_by_itself(result: Any, path: Path, tmp_path: Path) -> None:
    saved = nt.save_result(result, tmp_path / "late.zarr")
    with pytest.raises(ResultError, match=r"is not run by itself: name the file of the model, model="):
        nt.rerun(saved)
    np.testing.assert_array_equal(nt.rerun(saved, model=path)["first"], result["first"])
    path.write_text(TEXT.replace("block[lag]", "block[0]"))
    with pytest.raises(ResultError, match="not the model that this result was made by; it was changed since"):
        nt.rerun(saved, model=path)


@pytest.mark.parametrize("there", [True, False])
def test_the_program_that_makes_it_again_gives_the_same(result: Any, path: Path, tmp_path: Path, there: bool) -> None:
    if not there:
        path.unlink()
        with pytest.raises(ResultError, match="Say in which folder"):
            nt.as_python(result)
    recipe = nt.as_python(result, tmp_path / "copied")
    assert [file.name for file in recipe.files] == ([] if there else ["own_model-my_model.py"])
    program = tmp_path / "again.py"
    program.write_text(recipe.text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        again = runpy.run_path(str(program))["result"]
    np.testing.assert_array_equal(again["two"], result["two"])


def test_the_command_that_makes_it_again_gives_the_same(result: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(nt.as_command_line(result, tmp_path).text)
    assert words[:2] == ["napari-thunder", "run"]
    assert words[2].endswith("my_model.py")
    main(words[1:])
    np.testing.assert_array_equal(nt.load_result("own_model.zarr")["first"], result["first"])
    assert main(["rerun", "own_model.zarr", "-o", "again.zarr"]) != 0
    main(["rerun", "own_model.zarr", "-o", "again.zarr", "--model", words[2]])
    np.testing.assert_array_equal(nt.load_result("again.zarr")["first"], result["first"])


def test_a_function_of_one_voxel_runs_on_all_cores(fish: nt.Recording, tmp_path: Path) -> None:
    file = tmp_path / "slow.py"
    file.write_text(SLOW)
    model = nt.own_model(file, pause=0.003)
    computed: list[type] = []

    def spy(self: Any, series: Any, real: Any = Shared.computed) -> Any:
        computed.append(type(self))
        return real(self, series)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_thunder.analysis.own.processes.WORTHWHILE", 0.0)
        patch.setattr(Shared, "computed", spy)
        found = nt.run(model, fish, mask=small(fish))
    assert set(computed) == {Shared}
    alone = nt.run(model, fish, mask=small(fish))
    np.testing.assert_array_equal(found["mean"], alone["mean"])
    np.testing.assert_array_equal(found["ends"], alone["ends"])
    assert np.isfinite(found["mean"]).sum() == 48


def test_an_error_in_another_process_points_to_the_line(fish: nt.Recording, tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    here = f"os.getpid() == {os.getpid()}"
    file.write_text(f"import os\ndef f(y):\n    return y[0] if {here} else 1 / 0\nf.per = 'voxel'\n")
    model = nt.own_model(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_thunder.analysis.own.processes.WORTHWHILE", 0.0)
        with pytest.raises(ModelError, match=r"wrong\.py:3: ZeroDivisionError: division by zero\n    return y"):
            nt.run(model, fish, mask=small(fish), engine=ThreadsEngine(1))


def test_a_process_that_dies_is_said_in_words(fish: nt.Recording, tmp_path: Path) -> None:
    file = tmp_path / "dies.py"
    file.write_text(
        f"import os\ndef f(y):\n    return y[0] if os.getpid() == {os.getpid()} else os._exit(3)\nf.per = 'voxel'\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_thunder.analysis.own.processes.WORTHWHILE", 0.0)
        with pytest.raises(ModelError, match="f: the process that ran it was ended"):
            nt.run(nt.own_model(file), fish, mask=small(fish), engine=ThreadsEngine(1))


def test_what_travels_computes_by_itself() -> None:
    import pickle

    from napari_thunder.analysis.own.answers import Output
    from napari_thunder.analysis.own.calling import Call
    from napari_thunder.analysis.own.model_file import ModelFile

    call = Call(ModelFile("/x.py", "def f(y):\n    return y.mean()\n"), "f", {}, {})
    sent = pickle.loads(pickle.dumps(Shared(call, "voxel", (Output("f"),))))
    assert type(sent) is OwnMaps
    np.testing.assert_allclose(sent(np.arange(12.0).reshape(4, 3))["f"], [4.5, 5.5, 6.5])


def test_a_model_is_previewed(path: Path, fish: nt.Recording) -> None:
    from napari_thunder.preview import preview

    assert np.isfinite(preview(nt.own_model(path), fish)["first"]).any()


def test_the_example_runs(fish: nt.Recording) -> None:
    example = Path(nt.__file__).parents[1] / "resources" / "example_model.py"
    with pytest.raises(AnalysisError, match="several functions: event_gain, decay"):
        nt.own_model(example, "")
    gain = nt.run(nt.own_model(example, "event_gain", baseline="mean"), fish)
    assert set(gain.data_vars) == {"gain", "relative_gain"}
    tau = nt.run(nt.own_model(example, "decay"), fish, mask=small(fish))["tau"].values
    assert np.nanmax(tau) > 0


def small(fish: nt.Recording) -> Any:
    inside = np.zeros(fish.shape[1:], bool)
    inside[:, 14:18, 16:22] = True
    return inside
