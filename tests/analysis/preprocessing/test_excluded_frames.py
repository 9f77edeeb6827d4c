"""Excluded frames stay excluded behind every step, and every map says how many frames it is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.analysis.registry import step_text, steps
from napari_thunder.pipeline import context_of
from tests.examples import STEPS

EXCLUDED = [0, 20, 21, 22, 57, 119]
CHAIN = ["spatial_smoothing sigma=1", "downsample factor=2", "detrend", "temporal_filter high=0.1", "z_score"]


@pytest.fixture(scope="module")
def movies():
    movie = 100 + np.random.default_rng(0).normal(size=(120, 2, 6, 7)).cumsum(axis=0)
    return movie, np.where(np.isin(np.arange(120), EXCLUDED)[:, None, None, None], np.nan, movie)


def recording(movie):
    start = 5 + 10.0 * np.arange(10)
    events = pd.DataFrame({"start_time": start, "stop_time": start + 3, "direction": np.tile([0, 90], 5)})
    swim = pd.DataFrame({"swim": np.random.default_rng(1).normal(size=120)})
    known = {"frame_rate": 1.0, "voxel_size": (2, 1, 1), "events": events, "signals": swim}
    return nt.Recording.from_array(movie, **known, exclude_frames=EXCLUDED)


@pytest.mark.parametrize("chain", [[name] for name in steps()] + [CHAIN], ids=lambda chain: " ".join(chain)[:20])
def test_what_excluded_frames_hold_has_no_influence(movies, chain):
    chain = [step_text(steps()[name](**STEPS.get(name, {}))) if name in steps() else name for name in chain]
    whole, poisoned = (nt.run(nt.SummaryImages(), recording(movie), preprocess=chain) for movie in movies)
    for name, values in whole.data_vars.items():
        np.testing.assert_array_equal(poisoned[name].values, values.values, err_msg=str(name))
        assert values.attrs["n_frames_used"] == whole.attrs["n_frames_used"] > 0
    assert np.isfinite(whole["mean"]).all() or chain[0].startswith("squelch")


@pytest.mark.parametrize("name", steps())
def test_as_many_frames_are_used_as_are_left(movies, name):
    step = steps()[name](**STEPS.get(name, {}))
    context = context_of(recording(movies[0]))
    left = getattr(step, "after", lambda context: context)(context).n_kept
    for analysis in (nt.SummaryImages(), nt.LocalCorrelation()):
        found = nt.run(analysis, recording(movies[0]), preprocess=[step])
        assert {values.attrs["n_frames_used"] for values in found.data_vars.values()} == {left}
