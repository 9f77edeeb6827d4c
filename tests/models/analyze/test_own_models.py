"""A model of one's own on the desk: chosen, read again when it changes, remembered but never run unasked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.engine.job import JobState
from napari_thunder.errors import ResultError, ThunderError
from napari_thunder.models import Desk
from napari_thunder.models.analyze.draft import Draft, MapsInput
from napari_thunder.models.analyze.running_again import prepare_again, run_again, why_not_run_again
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from tests.models.waiting import wait_until

TEXT = "def f(block, lag: int = 2):\n    return {'m': block[lag]}\n"


@pytest.fixture
def desk() -> Any:
    made = Desk()
    made.connection.connect("threads")
    rng = np.random.default_rng(0)
    made.datasets.add(Recording.from_array(rng.normal(size=(30, 2, 8, 8)), name="tiny", frame_rate=2.0))
    wait_until(lambda: not made.why_not_run())
    yield made
    made.close(2.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.py"
    file.write_text(TEXT)
    return file


def chosen(desk: Desk, path: Path) -> None:
    desk.draft.choose("own_model")
    desk.own_models.choose(str(path))
    wait_until(lambda: not desk.own_models.busy)


def finished(desk: Desk, run: Any) -> Any:
    wait_until(lambda: run.ended)
    assert run.job.state is JobState.DONE, run.trouble
    key = desk.result_of(run)
    wait_until(lambda: desk.results.get(key).finished)
    return desk.results.get(key)


def test_a_model_is_chosen_filled_in_and_run(desk: Desk, path: Path) -> None:
    desk.draft.choose("own_model")
    assert desk.why_not_run() == "Choose the Python file of your model above."
    chosen(desk, path)
    assert desk.draft.model.function == "f"
    desk.draft.fill({"lag": 4})
    entry = finished(desk, desk.run_draft())
    movie = desk.datasets.current.recording.source.array
    np.testing.assert_allclose(entry.dataset["m"], movie[4], rtol=1e-6)


def test_a_file_that_changes_is_read_again_and_what_is_wrong_is_said(desk: Desk, path: Path) -> None:
    chosen(desk, path)
    path.write_text("def f(block, lag: int = 2)\n    return block[lag]\n")
    desk.own_models.look()
    wait_until(lambda: desk.own_models.trouble is not None)
    assert f"{path}:1: not valid Python" in desk.why_not_run()
    path.write_text(TEXT.replace("lag", "delay"))
    desk.own_models.look()
    wait_until(lambda: desk.own_models.cls is not None)
    assert desk.own_models.trouble is None
    assert not desk.why_not_run()


def test_of_several_functions_one_is_chosen_each_with_its_own_settings(desk: Desk, path: Path) -> None:
    path.write_text(TEXT + "\ndef g(block, n: int = 1):\n    return block[n]\n")
    chosen(desk, path)
    assert desk.own_models.names == ("f", "g")
    assert desk.why_not_run() == "Choose a function of your file."
    desk.own_models.choose_function("g")
    wait_until(lambda: desk.own_models.cls is not None)
    desk.draft.fill({"n": 3})
    desk.own_models.choose_function("f")
    wait_until(lambda: desk.own_models.cls is not None and desk.own_models.cls.function == "f")
    assert desk.draft.parameters == {}


def test_what_a_session_remembers_is_not_run_unasked(desk: Desk, path: Path, tmp_path: Path) -> None:
    chosen(desk, path)
    kept = json.loads(json.dumps(desk.draft.to_plain()))
    ran = tmp_path / "ran"
    path.write_text(f"from pathlib import Path\nPath({str(ran)!r}).touch()\n{TEXT}")
    other = Desk()
    try:
        other.draft.from_plain(kept)
        other.own_models.look()
        assert other.draft.model.path == str(path)
        assert "press Load" in other.own_models.why_not_run()
        with pytest.raises(ThunderError):
            other.run_draft()
        assert not ran.exists()
        other.own_models.load()
        wait_until(lambda: other.own_models.cls is not None)
        assert ran.exists()
    finally:
        other.close(2.0)


def test_a_result_is_computed_again_only_by_the_file_that_was_chosen(desk: Desk, path: Path) -> None:
    chosen(desk, path)
    entry = finished(desk, desk.run_draft())
    np.testing.assert_array_equal(finished(desk, run_again(desk, entry)).dataset["m"], entry.dataset["m"])
    prepare_again(desk, entry)
    assert desk.draft.analysis == "own_model"
    assert desk.draft.parameters == {"lag": 2}
    path.write_text(TEXT + "\n")
    desk.own_models.look()
    wait_until(lambda: why_not_run_again(desk, entry) != "")
    assert "Code that a result holds is not run by itself" in why_not_run_again(desk, entry)
    with pytest.raises(ResultError):
        run_again(desk, entry)


def test_maps_of_a_result_are_the_input_and_are_computed_again(desk: Desk) -> None:
    desk.draft.choose("summary_images")
    images = finished(desk, desk.run_draft())
    desk.draft.choose_maps(MapsInput(images.key, ("mean", "std"), standardize=True))
    desk.draft.choose("pca")
    desk.draft.fill({"n_components": 1})
    entry = finished(desk, desk.run_draft())
    assert list(entry.dataset["feature"].values) == ["mean", "std"]
    again = finished(desk, run_again(desk, entry))
    np.testing.assert_array_equal(again.dataset["components"], entry.dataset["components"])
    desk.draft.choose_maps(None)
    prepare_again(desk, entry)
    assert desk.draft.maps == MapsInput(images.key, ("mean", "std"), standardize=True)
    desk.results.remove(images.key)
    assert desk.why_not_run() == "The result whose maps are the input is gone. Choose another input."
    assert "open it first" in why_not_run_again(desk, entry)


def test_regions_reach_the_analyses_that_ask_for_them(desk: Desk) -> None:
    for i in range(3):
        mask = np.zeros((2, 8, 8), bool)
        mask[:, 2 * i : 2 * i + 2, :4] = True
        desk.regions.add(region_of_mask(mask, f"region {i}", "#ff0000"))
    other = np.ones((1, 3, 3), bool)
    desk.regions.add(region_of_mask(other, "of another brain", "#ff0000"))
    desk.draft.choose("correlation_matrix")
    assert [region.name for region in desk.run_draft().request.regions] == ["region 0", "region 1", "region 2"]
    keys = [region.key for region in desk.regions]
    desk.draft.ask_for(keys[1:3])
    run = desk.run_draft()
    assert [region.name for region in run.request.regions] == ["region 1", "region 2"]
    entry = finished(desk, run)
    assert finished(desk, run_again(desk, entry)).dataset.sizes == entry.dataset.sizes
    desk.draft.choose("summary_images")
    assert desk.run_draft().request.regions == ()


def test_what_was_chosen_is_kept_by_a_session() -> None:
    draft, other = Draft(), Draft()
    draft.ask_for([3, 4])
    draft.choose_maps(MapsInput(7, ("beta",), standardize=False))
    stored = json.loads(json.dumps(draft.to_plain()))
    other.from_plain(stored, {3: 13, 4: 14}, {7: 17})
    assert other.asked == (13, 14)
    assert other.maps == MapsInput(17, ("beta",), standardize=False)
    other.from_plain(stored)
    assert other.asked is None
    assert other.maps is None
