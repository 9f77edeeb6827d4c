"""What the analyses are timed against computes the same."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_limits

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses, steps
from tests.benchmarks import formulas
from tests.benchmarks.__main__ import movie_of
from tests.examples.__main__ import six_regions, undone

N_FRAMES = 600
ANALYSES, STEPS = formulas.tasks(N_FRAMES), formulas.STEPS
SLOW = {
    "hierarchical_clustering",
    "k_means",
    "nmf",
    "ica",
    "pca",
    "gaussian_tuning",
    "von_mises_tuning",
}


@pytest.fixture(scope="module")
def fish(tmp_path_factory):
    return nt.simulate(tmp_path_factory.mktemp("fish") / "fish.zarr", shape=(N_FRAMES, 3, 26, 54), seed=0)


@pytest.fixture(scope="module")
def movie(fish):
    return movie_of(fish)


def test_every_analysis_and_step_is_timed():
    assert set(ANALYSES) == set(analyses())
    assert set(STEPS) == {*steps(), "no step"}


@pytest.fixture(scope="module")
def cut_out(fish, movie):
    """Few voxels, for what takes long with many."""
    few = movie.reshape(fish.shape)[:, 1:2, 10:14, 12:28]
    return nt.Recording.from_array(few, frame_rate=2.0, events=fish.events, signals=fish.signals)


@pytest.fixture(autouse=True)
def one_thread_for_each_product():
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({*ANALYSES, *STEPS}))
def test_the_formula_by_hand_gives_what_the_analysis_gives(name, fish, movie, cut_out):
    task = (ANALYSES | STEPS)[name]
    recording, series = (cut_out, movie_of(cut_out)) if name in SLOW else (fish, movie)
    if task.moving:
        recording = undone(fish)
        series = movie_of(recording)
    result = nt.run(task.analysis, recording, preprocess=task.preprocess, regions=regions_in(recording))
    task.agree(result, task.by_hand(series, recording))


def regions_in(recording):
    return six_regions(recording.shape[1:]) if recording.shape[1] > 2 else ()
