from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import napari_thunder as nt
from napari_thunder.models.results.exports import EXPORTS, file_name
from napari_thunder.models.results.looks import Look, look_from_plain, look_to_plain, looks_of
from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.result_facts import facts_of
from napari_thunder.models.results.results import Results
from napari_thunder.preview import preview
from napari_thunder.recording import Recording
from tests.models.waiting import wait_until


@pytest.fixture(scope="module")
def tuning() -> xr.Dataset:
    starts = np.arange(8) * 5.0 + 2
    events = pd.DataFrame({"start_time": starts, "stop_time": starts + 2, "direction": [0, 90, 180, 270] * 2})
    movie = np.random.default_rng(2).normal(100, 5, (100, 2, 5, 6)).astype(np.float32)
    recording = Recording.from_array(movie, name="fish", frame_rate=2.0, events=events, voxel_size=(8, 2, 2))
    return nt.run(nt.DirectionTuning(baseline=1.0), recording, preprocess=["detrend"])


@pytest.fixture
def results() -> Iterator[Results]:
    made = Results(nt.load_result, nt.save_result)
    yield made
    made.close()


@pytest.fixture
def pictures(results: Results) -> Iterator[Pictures]:
    made = Pictures(results)
    yield made
    made.close()


def names(results: Results) -> list[str]:
    return [entry.name for entry in results]


def test_a_result_is_done_until_it_is_saved(results: Results, tuning: xr.Dataset, tmp_path: Path) -> None:
    entry = results.add("a", tuning, finished=False)
    assert entry.state == "computing"
    results.update(entry.key, tuning, finished=True)
    assert results.get(entry.key).state == "done"
    results.save(entry.key, str(tmp_path / "a.zarr"))
    wait_until(lambda: results.get(entry.key).state == "saved")
    assert not results.get(entry.key).lost_when_removed
    assert results.add("p", tuning, preview=True).state == "preview"


def test_a_result_takes_the_place_of_another_when_told_to(results: Results, tuning: xr.Dataset, tmp_path: Path) -> None:
    path = str(tmp_path / "a.zarr")
    nt.save_result(tuning, path)
    entry = results.add("a", tuning)
    results.save(entry.key, path)
    wait_until(lambda: results.trouble is not None)
    results.save(entry.key, path, overwrite=True)
    wait_until(lambda: results.trouble is None and results.get(entry.key).state == "saved")


def test_a_name_that_is_taken_gets_a_number_and_an_empty_one_is_none(results: Results, tuning: xr.Dataset) -> None:
    a, b = results.add("a", tuning), results.add("b", tuning)
    results.rename(b.key, " a ")
    assert names(results) == ["a", "a 2"]
    results.rename(a.key, "  ")
    assert names(results) == ["a", "a 2"]


def test_a_removal_is_undone_in_its_place_with_its_look(
    results: Results, pictures: Pictures, tuning: xr.Dataset
) -> None:
    first, second = results.add("a", tuning), results.add("b", tuning)
    pictures.show(first.key, Look(threshold=0.3))
    results.remove(first.key)
    assert names(results) == ["b"]
    assert results.removed_last.name == "a"
    assert results.bring_back().key == first.key
    assert names(results) == ["a", "b"]
    assert pictures.look(first.key).threshold == 0.3
    assert results.bring_back() is None
    assert pictures.shown == {first.key}
    assert second.key in {entry.key for entry in results}


def test_a_new_result_is_shown_alone_and_others_can_be_shown_beside_it(
    results: Results, pictures: Pictures, tuning: xr.Dataset
) -> None:
    a, b, c = (results.add(name, tuning).key for name in "abc")
    assert pictures.shown == {c}
    pictures.switch([a], on=True)
    assert pictures.shown == {a, c}
    pictures.bring_to_front(a)
    assert (pictures.front, pictures.shown) == (a, {a, c})
    pictures.bring_to_front(b)
    assert (pictures.front, pictures.shown) == (b, {b})


def test_the_next_map_goes_round(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    a, b = results.add("a", tuning).key, results.add("b", tuning).key
    pictures.next_map()
    assert (pictures.front, pictures.shown) == (a, {a})
    pictures.next_map()
    assert pictures.front == b
    pictures.previous_map()
    assert pictures.front == a


def test_the_overlay_comes_back_as_it_was(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    a, b = results.add("a", tuning).key, results.add("b", tuning).key
    pictures.switch([a], on=True)
    pictures.toggle_overlay()
    assert not pictures.in_sight(a)
    assert not pictures.in_sight(b)
    pictures.toggle_overlay()
    assert pictures.in_sight(a)
    assert pictures.in_sight(b)


def test_every_look_is_painted_and_survives_json(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    key = results.add("a", tuning).key
    for _, look in looks_of(tuning):
        changed = Look(
            look.choice, look.components, "r_squared", 0.01, look.colormap, 0.5, (-1.0, 2.0), significant=True
        )
        assert look_from_plain(look_to_plain(changed)) == changed
        pictures.show(key, changed)
        wait_until(lambda: pictures.idle)
        assert pictures.trouble is None
        assert pictures.spec(key).kwargs["opacity"] == 0.5


def test_only_significant_voxels_are_shown_when_asked(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    tuning = tuning.copy(deep=True)
    tuning["p_fdr"].values[:] = 1
    tuning["p_fdr"].values[1, 2, 3] = 0.01
    key = results.add("a", tuning).key
    for look in (Look(significant=True, threshold=0.0), Look(nt.MapChoice("f_statistic"), significant=True)):
        pictures.show(key, look)
        wait_until(lambda: pictures.idle)
        data = np.asarray(pictures.spec(key).data)
        low = pictures.spec(key).thunder.get("found_limits", (0,))[0]
        seen = data[..., 3] > 0 if data.ndim == 4 else data > low
        assert [tuple(at) for at in np.argwhere(seen)] in ([(1, 2, 3)], [])


def test_a_threshold_of_a_signed_map_is_two_sided(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    key = results.add("a", tuning).key
    signed = tuning["response"].values[0]
    pictures.show(key, Look(nt.MapChoice("response", (0,)), threshold=0.02))
    wait_until(lambda: pictures.idle)
    shown = np.asarray(pictures.spec(key).data) != 0
    np.testing.assert_array_equal(shown, np.abs(signed) >= np.float32(0.02))


def test_what_the_user_set_stays_while_a_result_fills(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    key = results.add("a", tuning, finished=False).key
    look = Look(nt.MapChoice("r_squared"), opacity=0.4, limits=(0.1, 0.9), colormap="viridis")
    pictures.show(key, look)
    results.update(key, tuning, finished=True)
    wait_until(lambda: pictures.idle)
    assert pictures.look(key) == look
    assert pictures.spec(key).kwargs["contrast_limits"] == (0.1, 0.9)


def test_looks_order_and_sight_are_restored(results: Results, pictures: Pictures, tuning: xr.Dataset) -> None:
    a, b, _ = (results.add(name, tuning).key for name in "abc")
    pictures.show(a, Look(threshold=0.2))
    results.arrange([b, a])
    pictures.show_only([a, b], front=b)
    stored, keys = pictures.state(), {}
    other = Results(nt.load_result, nt.save_result)
    seen = Pictures(other)
    for key, name in ((a, "a"), (b, "b")):
        keys[key] = other.add(name, tuning).key
    seen.restore(stored, keys)
    assert names(other) == ["b", "a"]
    assert seen.shown == set(keys.values())
    assert (seen.front, seen.look(keys[a]).threshold) == (keys[b], 0.2)
    seen.close()
    other.close()


def test_a_difference_comes_onto_the_desk(results: Results, tuning: xr.Dataset) -> None:
    a, b = results.add("a", tuning), results.add("b", tuning)
    results.subtract(a.key, nt.MapChoice("r_squared"), b.key, nt.MapChoice("r_squared"))
    wait_until(lambda: len(results) == 3)
    assert names(results)[-1] == "a − b"
    assert facts_of(list(results)[-1]).parameters == "difference of R² and R²"


def test_what_cannot_be_subtracted_is_a_trouble(results: Results, tuning: xr.Dataset) -> None:
    a, b = results.add("a", tuning), results.add("b", tuning.isel(x=slice(0, 3)))
    results.subtract(a.key, nt.MapChoice("r_squared"), b.key, nt.MapChoice("r_squared"))
    wait_until(lambda: results.trouble is not None)
    assert "different voxels" in results.trouble.message


def test_a_list_says_what_was_changed(results: Results, tuning: xr.Dataset) -> None:
    facts = facts_of(results.add("a", tuning))
    assert (facts.analysis, facts.recording, facts.engine) == ("Direction tuning", "fish", "threads")
    assert facts.parameters == "baseline 1; detrend"
    assert facts.seconds > 0
    assert facts.when is not None
    assert "column: direction" in facts.in_full


@pytest.mark.parametrize("form", EXPORTS, ids=lambda form: form.title)
def test_every_form_of_export_writes_its_file(
    form: Any, results: Results, pictures: Pictures, tuning: xr.Dataset, tmp_path: Path
) -> None:
    entry = results.add("fish · Direction tuning", tuning)
    wait_until(lambda: pictures.spec(entry.key) is not None)
    path = tmp_path / file_name(entry, form.ending)
    if form.why_not(entry, pictures.spec(entry.key)):
        pytest.skip("this result has no curves")
    results.write(lambda: form.write(entry, pictures.spec(entry.key), path), str(path))
    wait_until(lambda: path.exists())
    assert path.name == f"fish-direction-tuning{form.ending}"


def test_a_preview_says_what_it_is_made_of_and_what_it_tells_of_the_brain(results: Results) -> None:
    movie = np.random.default_rng(2).normal(100, 5, (40, 3, 50, 60)).astype(np.float32)
    looked = preview(nt.SummaryImages(), Recording.from_array(movie), seconds=60)
    facts = facts_of(results.add("a", looked, preview=True))
    assert facts.parameters == looked.attrs["preview"]
    assert "with intervals of 95 %" in facts.in_full
    assert "standard deviation over time: mean " in facts.in_full
