"""Rasters in order of likeness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from napari_thunder.analysis.population.raster import RasterOrder, alike_next, usual_edge
from napari_thunder.analysis.population.raster_nodes import leading_directions, scaled_k_means
from napari_thunder.analysis.population.raster_sorting import fiedler, sorted_nodes
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.raster import waves
from tests.examples.seed import side_by_side

SMALL = {"edge": 1.0, "n_nodes": 30}


def _context(**known):
    return make_context(300, frame_times=np.arange(300) / 2, **known)


def test_neighbouring_rows_are_more_alike_than_in_the_order_of_a_component_or_of_the_fiedler_vector():
    series, _ = waves(200)
    found = dataset(RasterOrder(**SMALL), _context(), series)
    scores = ((series - series.mean(axis=0)) / series.std(axis=0)).T
    by_component = np.argsort(np.linalg.svd(scores - scores.mean(axis=0), full_matrices=False)[0][:, 0])
    by_fiedler = fiedler(np.corrcoef(scores))
    best_other = max(alike_next(scores[by_component]), alike_next(scores[by_fiedler]))
    assert found.attrs["likeness"] > best_other + 0.05
    assert found.attrs["likeness"] == pytest.approx(alike_next(found["raster"].values), abs=1e-6)


def test_a_voxel_carries_its_row_of_the_raster():
    series, _ = waves(120, noise=0.2)
    found = dataset(RasterOrder(**SMALL), _context(), series)
    row = found["row"].values.ravel().astype(int)
    scores = (series - series.mean(axis=0)) / series.std(axis=0)
    np.testing.assert_allclose(found["raster"].values[row - 1], scores.T, rtol=1e-4, atol=1e-4)
    assert found["raster"].attrs["voxels_by"] == "row"


def test_many_rows_are_averaged_in_equal_parts():
    series, _ = waves(130)
    found = dataset(RasterOrder(most_rows=20, **SMALL), _context(), series)
    assert found["raster"].shape == (20, 300)
    assert set(found["n_members"].values.tolist()) <= {6, 7}
    assert np.bincount(found["row"].values.ravel().astype(int))[1:].tolist() == found["n_members"].values.tolist()


def test_what_leads_comes_first_when_there_is_a_lag():
    series, place = waves(120, noise=0.3)
    backwards = compute(RasterOrder(lag=2.0, **SMALL), _context(), series[::-1])["position"]
    assert spearmanr(backwards, place).statistic < -0.95


def test_regions_are_sorted_and_painted():
    series, place = waves(40, noise=0.2)
    context = _context(regions=side_by_side(20, 1, 40))
    found = dataset(RasterOrder(rows="regions"), context, series)
    position = found["position"].values.ravel()
    assert np.isnan(position[20:]).all()
    assert abs(spearmanr(position[:20], place[:20]).statistic) > 0.95


def test_constant_cells_have_no_row_and_spoil_none():
    series, _ = waves(60, noise=0.2)
    spoilt = np.insert(series, [10, 30], 5.0, axis=1)
    found = dataset(RasterOrder(**SMALL), _context(), spoilt)
    row = found["row"].values.ravel()
    assert np.flatnonzero(np.isnan(row)).tolist() == [10, 31]
    assert found["raster"].shape[0] == 60


def test_a_scrambled_line_of_nodes_is_put_in_order():
    rng = np.random.default_rng(0)
    place = rng.permutation(40)
    alike = np.exp(-np.abs(np.subtract.outer(place, place)) / 5)
    for locality in (0.0, 0.5, 1.0):
        assert abs(spearmanr(place[sorted_nodes(alike, locality, 0)], np.arange(40)).statistic) > 0.99


def test_nodes_sum_up_rows_whatever_their_size():
    rng = np.random.default_rng(1)
    kinds = np.linalg.qr(rng.normal(size=(20, 4)))[0].T
    rows = kinds[np.arange(200) % 4] * rng.uniform(0.5, 10, (200, 1)) + 0.05 * rng.normal(size=(200, 20))
    alike = scaled_k_means(rows, 4, 0) @ kinds.T
    assert (alike.max(axis=0) > 0.99).all()


@pytest.mark.parametrize("shape", [(50, 20), (20, 50)])
def test_leading_directions_are_those_of_the_svd(shape):
    rows = np.random.default_rng(2).normal(size=shape)
    found, patterns = leading_directions(rows, 6)
    u, s, _ = np.linalg.svd(rows, full_matrices=False)
    np.testing.assert_allclose(np.abs(found), np.abs(u[:, :6] * s[:6]), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(patterns @ patterns.T, np.eye(6), atol=1e-10)


@pytest.mark.parametrize(
    ("space", "size"), [((16, 192, 288), (5.0, 1.0, 1.0)), ((1, 512, 512), (1.0, 1.0, 1.0)), ((2, 10, 10), None)]
)
def test_about_three_thousand_cells_are_taken(space, size):
    from dataclasses import replace

    from napari_thunder.analysis.groups import cells_of

    context = replace(_context(voxel_size=size), space=space)
    n_cells = cells_of(context, usual_edge(context)).n_groups
    assert min(1000, np.prod(space) / 2) <= n_cells <= 6000


def test_too_many_cells_are_refused_with_an_edge_that_does():
    from dataclasses import replace

    context = replace(_context(voxel_size=(1.0, 1.0, 1.0)), space=(100, 500, 500))
    with pytest.raises(AnalysisError, match=r"cells of 300 frames are too many .* Take cells with an edge of 9.8"):
        RasterOrder(edge=1.0).plan(context)


def test_regions_that_are_not_there_are_asked_for():
    with pytest.raises(MissingMetadataError, match="needs 3 or more regions"):
        RasterOrder(rows="regions").plan(_context())


def test_too_few_that_vary_are_refused():
    with pytest.raises(AnalysisError, match="of 5 cells only 2 vary"):
        compute(RasterOrder(edge=1.0), _context(), np.insert(waves(2)[0], [0, 0, 1], 1.0, axis=1))


@pytest.mark.parametrize("lag", [0.1, 100.0])
def test_a_lag_of_no_frame_or_of_half_the_recording_is_refused(lag):
    with pytest.raises(AnalysisError, match=r"must be one frame \(0.5 s\) or more, and less than half"):
        RasterOrder(lag=lag).plan(_context())
