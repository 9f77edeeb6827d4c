"""The analysis that is prepared: edited, remembered between sessions, restored on another desk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_thunder.errors import ThunderError
from napari_thunder.models import Desk
from napari_thunder.models.analyze.draft import Draft, Link
from napari_thunder.models.analyze.draft_memory import DraftMemory
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from tests.models.data.test_connection import FakeEngine
from tests.models.waiting import wait_until


def prepared() -> Draft:
    draft = Draft()
    draft.choose("regression")
    draft.fill({"events_by": ("direction",), "intercept": False})
    draft.preprocess([("delta_f_over_f", {"percentile": 10.0}), ("detrend", {})])
    draft.edit_step(1, on=False)
    return draft


def test_a_step_that_is_off_keeps_its_place_and_is_not_done() -> None:
    draft = prepared()
    assert draft.chain == (("delta_f_over_f", {"percentile": 10.0}),)
    draft.edit_step(1, on=True)
    assert [name for name, _ in draft.chain] == ["delta_f_over_f", "detrend"]


def test_steps_are_moved_and_removed() -> None:
    draft = prepared()
    draft.add_step("z_score")
    draft.move_step(2, 0)
    assert [link.name for link in draft.links] == ["z_score", "delta_f_over_f", "detrend"]
    draft.remove_step(1)
    assert [link.name for link in draft.links] == ["z_score", "detrend"]


def test_every_change_is_told_once_and_no_change_is_not() -> None:
    draft, told = Draft(), []
    draft.changed.connect(lambda: told.append(draft.analysis))
    draft.choose("pca")
    draft.choose("pca")
    draft.take("pca", {"n_components": 3}, [("z_score", {})])
    assert told == ["pca", "pca"]


def test_what_was_filled_in_for_an_analysis_is_there_again_when_it_is_chosen_again() -> None:
    draft = prepared()
    draft.choose("pca")
    assert draft.parameters == {}
    draft.choose("regression")
    assert draft.parameters["intercept"] is False


def test_the_next_session_begins_with_what_was_prepared(tmp_path: Path) -> None:
    file, draft = tmp_path / "draft.json", Draft()
    memory = DraftMemory(draft, file)
    draft.take("regression", {"events_by": ("direction",)}, [("delta_f_over_f", {"percentile": 10.0})])
    draft.edit_step(0, on=False)
    wait_until(lambda: file.exists() and json.loads(file.read_text())["links"][:1] != [] and not memory.busy)
    memory.close()
    again = Draft()
    DraftMemory(again, file).close()
    assert again.analysis == "regression"
    assert again.parameters == {"events_by": ["direction"]}
    assert again.links == (Link("delta_f_over_f", {"percentile": 10.0}, on=False),)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"analysis": 3, "links": [{"name": "blur"}, 4], "given": []}'])
def test_a_damaged_memory_is_no_trouble(tmp_path: Path, text: str) -> None:
    file = tmp_path / "draft.json"
    file.write_text(text)
    draft = Draft()
    DraftMemory(draft, file).close()
    assert (draft.analysis, draft.links) == ("summary_images", ())


def test_a_session_finds_the_region_by_its_new_key() -> None:
    draft, again = prepared(), Draft()
    draft.restrict(3)
    again.from_plain(json.loads(json.dumps(draft.to_plain())), {3: 11})
    assert again.region == 11
    assert again.links == draft.links


def test_what_is_prepared_runs_in_its_region_only() -> None:
    seen = []

    def stream(*_: object, mask: object, **more: object) -> object:
        seen.append(mask)
        yield from ()

    desk = Desk(connect=FakeEngine, stream=stream)
    desk.datasets.add(Recording.from_array(np.zeros((4, 2, 3, 3))))
    desk.connection.connect("threads")
    wait_until(lambda: not desk.why_not_run())
    region = desk.regions.add(region_of_mask(np.eye(3, dtype=bool)[None].repeat(2, 0), "tectum", "#ffffff"))
    desk.draft.restrict(region.key)
    run = desk.run_draft()
    assert run.job.title == "array · Summary images in tectum"
    wait_until(lambda: len(seen) == 1)
    assert seen[0] is region
    desk.regions.remove(region.key)
    with pytest.raises(ThunderError, match="region to compute in is gone"):
        desk.run_draft()
    desk.close()
