"""Views of a recording that only the cluster sees: what crosses the wire is small, and the numbers are the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_thunder.engine import Engine, Job
from napari_thunder.io.binned import binned
from napari_thunder.io.elsewhere import describe_source, described_source
from napari_thunder.io.registry import open_source
from napari_thunder.recording import Recording
from napari_thunder.volumes import MovieView, ViewKind, VolumeArray, baseline_volume, sight_of

from .slow_source import wait_until

MOVIE = np.random.default_rng(0).integers(100, 900, (8, 9, 512, 512)).astype(np.uint16)


@pytest.fixture(scope="module")
def engine(spark: Engine) -> Engine:
    return spark


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    path = tmp_path_factory.mktemp("far") / "movie.npy"
    np.save(path, MOVIE)
    return Recording(described_source(describe_source(open_source(path))), exclude_frames=(3,))


def test_volumes_are_binned_before_they_cross_the_wire(far: Recording, engine: Engine) -> None:
    coarse = sight_of(far, MovieView(), engine).coarse
    assert coarse is not None
    ((_, small),) = coarse.reader.read([5], Job("read"))
    assert small.nbytes * 15 < MOVIE[0].nbytes
    np.testing.assert_array_equal(small, binned(MOVIE[5], coarse.factors))


def test_coarse_and_whole_views_agree(far: Recording, engine: Engine) -> None:
    baseline = baseline_volume(far, engine)
    np.testing.assert_allclose(baseline, np.percentile(np.delete(MOVIE, 3, 0).astype(float), 20, axis=0), rtol=1e-6)
    for view in (MovieView(ViewKind.MEAN, 1), MovieView(ViewKind.DFF, 1)):
        sight = sight_of(far, view, engine, baseline)
        mean = MOVIE[[2, 4]].astype(float).mean(axis=0)
        expected = mean if view.kind is ViewKind.MEAN else mean / baseline - 1
        ((_, whole),) = sight.reader.read([3], Job("read"))
        np.testing.assert_allclose(whole, expected, rtol=1e-4, atol=1e-5)
        assert sight.coarse is not None
        ((_, small),) = sight.coarse.reader.read([3], Job("read"))
        coarse_mean = binned(mean, sight.coarse.factors)
        coarse = coarse_mean if view.kind is ViewKind.MEAN else coarse_mean / binned(baseline, sight.coarse.factors) - 1
        np.testing.assert_allclose(small, coarse, rtol=1e-2, atol=1e-2)


def test_a_far_recording_streams_and_ends_whole(far: Recording, engine: Engine) -> None:
    sight = sight_of(far, MovieView(), engine)
    array = VolumeArray(far, sight.reader, coarse=sight.coarse)
    pictures: list[Any] = []
    array.arrived.connect(lambda t: pictures.append((t, array.shows_coarsely)))
    array[6]
    assert wait_until(lambda: not array.loading, 30)
    np.testing.assert_array_equal(array[6], MOVIE[6])
    array.close()
    assert pictures[-1] == (6, False)
