from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from napari_thunder.errors import ResultError
from napari_thunder.registration.quality import Verdict, verdict_of
from napari_thunder.registration.quality.verdict import LIMITS, Evidence, decide, word_for

GOOD = Evidence(
    pc_shift=0.08,
    raw_pc_shift=1.4,
    floor=0.02,
    half_residual=0.05,
    half_split=0.999,
    valid=0.97,
    n_frames=3000,
    n_outliers=3,
)


def test_a_good_registration_is_called_good_in_a_line():
    assert decide(GOOD).line == "good: residual 0.08 voxel; 3 frames of 3000 to exclude"


@pytest.mark.parametrize(
    ("changed", "word", "reason"),
    [
        ({"pc_shift": 0.4}, "fair", "strongest patterns"),
        ({"pc_shift": 0.9}, "bad", "strongest patterns"),
        ({"half_residual": 0.4}, "fair", "first half to the second"),
        ({"half_residual": 1.1}, "bad", "first half to the second"),
        ({"pc_shift": 0.24, "raw_pc_shift": 0.1}, "bad", "made it worse"),
        ({"n_outliers": 400}, "fair", "13% of the frames are outliers"),
        ({"n_outliers": 1600}, "bad", "the registration failed"),
        ({"valid": 0.4}, "fair", "40% of the volume"),
        ({"valid": 0.1}, "bad", "10% of the volume"),
        ({"half_split": 0.98}, "fair", "two halves differ"),
        ({"floor": 0.3}, "fair", "Noise alone"),
        ({"pc_shift": np.nan}, "fair", "Too few frames"),
        ({"epochs": (("run", 1.2), ("still", np.nan))}, "bad", "In “run” the picture lies 1.20 voxel"),
    ],
)
def test_each_measure_can_speak_against_it(changed, word, reason):
    verdict = decide(replace(GOOD, **changed))
    assert verdict.word == word
    assert reason in verdict.reasons[0]
    assert verdict.line.startswith(f"{word}: ")


def test_the_worst_finding_decides_and_comes_first():
    verdict = decide(replace(GOOD, pc_shift=0.4, valid=0.1))
    assert verdict.word == "bad"
    assert "in view" in verdict.reasons[0]
    assert "residual 0.40 voxel" in verdict.line


def test_a_recording_that_hardly_moved_is_good_without_gain():
    verdict = decide(replace(GOOD, raw_pc_shift=0.09, n_outliers=0))
    assert verdict.word == "good"
    assert "The raw movie hardly moved to begin with." in verdict.reasons
    assert verdict.line.endswith("0 frames of 3000 to exclude")


def test_a_single_frame_is_a_frame():
    assert "1 frame of 3000" in decide(replace(GOOD, n_outliers=1)).line


def test_nothing_measured_is_said():
    verdict = decide(replace(GOOD, pc_shift=np.nan, raw_pc_shift=np.nan, half_residual=np.nan))
    assert "residual not measured" in verdict.line
    assert word_for(np.nan) == "fair"


def test_limits_are_inclusive():
    assert [word_for(v) for v in LIMITS.residual] == ["good", "fair"]


def test_a_verdict_comes_back_from_a_dataset():
    import json

    verdict = Verdict("fair", "fair: so so", ("a", "b"))
    assert verdict_of(xr.Dataset(attrs={"verdict": json.dumps(verdict.as_plain())})) == verdict
    with pytest.raises(ResultError, match="no verdict"):
        verdict_of(xr.Dataset())
    with pytest.raises(ResultError, match="no verdict"):
        verdict_of(xr.Dataset(attrs={"verdict": "[1]"}))
