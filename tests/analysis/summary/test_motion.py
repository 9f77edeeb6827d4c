"""The share of motion."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis import MotionShare
from napari_thunder.errors import AnalysisError, MissingMetadataError
from napari_thunder.registration.shifts import Shifts
from tests.analysis.runner import compute, dataset, make_context


def _share(motion: float, undone: float):
    """Over the brain, of a fish with so much motion, of which such a share is undone within planes."""
    recording = nt.simulate(shape=(100, 3, 32, 48), seed=1, motion=motion, activity=0.0, drift=0.0)
    moved = nt.simulate(shape=(100, 3, 32, 48), seed=1, motion=4.0)
    shift = nt.ground_truth(moved)["shift"].values * [0, undone, undone]
    registered = recording.registered(Shifts.rigid(shift, recording.shape[1:]))
    share = nt.run(MotionShare(), registered)["adjusted_r_squared"].values[nt.ground_truth(recording)["brain"].values]
    return share[np.isfinite(share)]


def test_a_brain_whose_motion_is_undone_by_half_shows_the_other_half():
    assert np.median(_share(motion=4.0, undone=0.5)) > 0.2
    assert np.quantile(_share(motion=0.0, undone=1e-6), 0.95) < 0.1


def test_what_motion_and_a_task_share_is_not_counted_as_either(tiny):
    rng = np.random.default_rng(0)
    swim = tiny.signals["swim"].to_numpy()
    motion = np.stack([swim, rng.normal(size=260), rng.normal(size=260)], axis=1)
    series = np.stack([swim, motion[:, 1], rng.normal(size=260)], axis=1)
    context = dataclasses.replace(tiny, motion=motion + rng.normal(size=(260, 3)) / 100)
    found = dataset(MotionShare(derivatives=False, signals=("swim",)), context, series)
    shared, unique = found["shared_r_squared"].values[0, 0], found["unique_r_squared"].values[0, 0]
    assert shared[0] > 0.99
    assert unique[0] < 0.01
    assert unique[1] > 0.95
    assert abs(shared[2]) < 0.02
    assert list(found["regressor"].values) == ["shift z", "shift y", "shift x"]


def test_without_shifts_it_says_what_to_do(tiny):
    with pytest.raises(MissingMetadataError, match=r"no motion is undone in this recording\. Estimate it"):
        MotionShare().plan(dataclasses.replace(tiny, motion=None))
    with pytest.raises(AnalysisError, match="nothing moves"):
        MotionShare().plan(dataclasses.replace(tiny, motion=np.ones((260, 3))))
    with pytest.raises(AnalysisError, match="too few for 6 motion regressors"):
        MotionShare().plan(make_context(5, motion=np.random.default_rng(0).normal(size=(5, 3))))


def test_frames_of_unknown_motion_are_left_out(tiny, series):
    motion, keep = tiny.motion.copy(), np.ones(260, bool)
    motion[50], keep[50] = np.nan, False
    found = compute(MotionShare(), dataclasses.replace(tiny, motion=motion, keep=keep), series)
    assert np.isfinite(found["r_squared"]).all()
