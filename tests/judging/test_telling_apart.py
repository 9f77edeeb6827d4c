"""Measures that tell a clean movie, a blurred and a jittered one apart, and those that do not: the field's table."""

import pytest

from tests.benchmarks.quality import NAIVE, measure, movies

BETTER = {"frame_corr": 1, "tsnr": 1, "dvars": -1}


@pytest.fixture(scope="module")
def found():
    wanted = ("clean", "clean, interpolated", "jittered", "jittered, Gaussian blur", "jittered, registered again")
    made = movies((90, 4, 48, 64), 1.0, 0)
    return {name: measure(made[name]) for name in wanted}


@pytest.mark.parametrize("name", NAIVE)
def test_naive_measures_call_a_blurred_movie_better_than_a_clean_one(found, name):
    clean, blurred = (getattr(found[movie], name) for movie in ("clean", "clean, interpolated"))
    assert BETTER[name] * (blurred - clean) > 0


@pytest.mark.parametrize("name", NAIVE)
def test_naive_measures_reward_blurring_a_movie_that_still_moves(found, name):
    moved, hidden = (getattr(found[movie], name) for movie in ("jittered", "jittered, Gaussian blur"))
    assert BETTER[name] * (hidden - moved) > 0


def test_pc_shift_tells_what_moves_whatever_is_blurred(found):
    still = [found[movie].pc_mean for movie in ("clean", "clean, interpolated", "jittered, registered again")]
    moving = [found[movie].pc_mean for movie in ("jittered", "jittered, Gaussian blur")]
    assert max(still) < 0.1
    assert min(moving) > 0.8
    assert max(found[movie].pc_max for movie in ("clean", "jittered, registered again")) < 0.3


def test_crispness_tells_blur_and_motion_and_comes_back_by_registration(found):
    crisp = {movie: measured.crispness for movie, measured in found.items()}
    assert crisp["clean"] > crisp["clean, interpolated"] > crisp["jittered"] > crisp["jittered, Gaussian blur"]
    assert crisp["jittered, registered again"] > 1.1 * crisp["jittered"]


def test_the_verdict_follows_what_moves(found):
    words = {movie: measured.word for movie, measured in found.items()}
    assert words["clean"] == words["clean, interpolated"] == "good"
    assert words["jittered"] == words["jittered, Gaussian blur"] == "bad"
    assert words["jittered, registered again"] in ("good", "fair")
