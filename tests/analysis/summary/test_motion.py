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


def test_voxels_at_edges_of_a_brain_that_moves_are_found():
    recording = nt.simulate(shape=(120, 4, 40, 64), seed=1, motion=0.5, activity=0.0, drift=0.0)
    truth = nt.ground_truth(recording)
    # only half of the motion is undone
    half = recording.registered(Shifts.rigid(truth["shift"].values / 2, recording.shape[1:]))
    still = nt.simulate(shape=(120, 4, 40, 64), seed=1, activity=0.0, drift=0.0)
    unmoved = still.registered(Shifts.rigid(truth["shift"].values * 0 + np.eye(120, 3), still.shape[1:]))
    moved, not_moved = (nt.run(MotionShare(), r)["adjusted_r_squared"].values for r in (half, unmoved))
    brain = truth["brain"].values
    assert np.nanquantile(moved[brain], 0.9) > 0.3
    assert np.nanmedian(not_moved[brain]) < 0.05


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
    with pytest.raises(MissingMetadataError, match="no motion is undone in this recording. Estimate it"):
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
