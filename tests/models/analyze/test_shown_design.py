from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.analysis.regression.shown_design import design_of
from napari_thunder.models import Desk
from napari_thunder.models.analyze.shown_design import picture_of
from napari_thunder.pipeline import context_of
from napari_thunder.recording import Recording
from tests.models.waiting import wait_until

FRAMES = 60


def recording(n_frames: int = FRAMES) -> Recording:
    starts = np.arange(4) * n_frames / 8 + 2
    events = pd.DataFrame({"start_time": starts, "stop_time": starts + 2, "direction": [0, 90, 0, 90]})
    signals = pd.DataFrame({"swim": np.sin(np.arange(n_frames))})
    movie = np.zeros((n_frames, 1, 2, 2), np.uint8)
    return Recording.from_array(movie, name="fish", frame_rate=2.0, events=events, signals=signals)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close(2.0)


def test_the_design_follows_the_form_and_the_recording(desk: Desk) -> None:
    designs = desk.shown_designs
    desk.draft.choose("regression")
    wait_until(lambda: designs.trouble == "Open a recording under Data to see the design.")
    desk.datasets.add(recording())
    wait_until(lambda: "Open a recording" not in designs.trouble and designs.trouble != "")
    desk.draft.fill({"events_by": ("direction",), "signals": ("swim",)})
    wait_until(lambda: designs.picture is not None)
    assert designs.trouble == ""
    assert designs.picture.design.names == ("direction=0", "direction=90", "swim")
    assert designs.picture.summary.startswith("3 regressors × 60 frames · condition number")
    assert np.abs(designs.picture.shades).max() == 1
    desk.draft.fill({"events_by": ("speed",)})
    wait_until(lambda: designs.picture is None)
    assert "speed" in designs.trouble


def test_an_analysis_without_a_design_has_none(desk: Desk) -> None:
    desk.datasets.add(recording())
    desk.draft.choose("summary_images")
    assert not desk.shown_designs.has_design
    wait_until(lambda: desk.shown_designs.picture is None and not desk.shown_designs.trouble)


def test_preprocessing_that_leaves_other_frames_is_in_the_design(desk: Desk) -> None:
    desk.datasets.add(recording())
    desk.draft.choose("regression")
    desk.draft.preprocess([("downsample", {"factor": 2})])
    desk.draft.fill({"signals": ("swim",)})
    wait_until(lambda: desk.shown_designs.picture is not None)
    assert len(desk.shown_designs.picture.design.values) == FRAMES // 2


def test_many_frames_are_averaged_and_words_are_of_the_frame() -> None:
    design = design_of(nt.Regression(signals=("swim",)), context_of(recording(2000)))
    assert design is not None
    picture = picture_of(design)
    assert picture.shades.shape == (500, 1)
    np.testing.assert_allclose(picture.shades[3, 0], (design.values / np.abs(design.values).max())[12:16].mean())
    assert picture.words_at(3, 0) == f"swim at 6 s: {design.values[12, 0]:.3g}, variance inflation 1"
