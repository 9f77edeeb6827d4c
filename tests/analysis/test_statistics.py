"""Shared numbers are those of numpy, scipy and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from napari_thunder.analysis.statistics import adjust_p, centre, orthonormal, two_sided_p, upper_p, varies, z_of_t


@pytest.mark.parametrize("dof", [1, 2, 5, 30, 590, 20_000])
def test_p_of_t_is_that_of_scipy(dof):
    t = np.concatenate([np.random.default_rng(0).uniform(-30, 30, 2000), [0.0, 36.99, 37.0, 50.0, -200.0]])
    np.testing.assert_allclose(two_sided_p(t.copy(), dof), 2 * stats.t.sf(np.abs(t), dof), rtol=2e-9)


def test_p_of_what_is_no_number_is_none():
    p = two_sided_p(np.array([[np.nan, np.inf], [-np.inf, 0.0]]), 10)
    np.testing.assert_array_equal(p, [[np.nan, 0], [0, 1]])


@pytest.mark.parametrize(("model", "error"), [(1, 1), (1, 595), (4, 2), (4, 595), (30, 400), (500, 90)])
def test_p_of_f_is_that_of_scipy(model, error):
    f = np.concatenate([np.linspace(0, 60, 500), 10 ** np.linspace(-12, 4, 100), [np.inf]])
    np.testing.assert_allclose(upper_p(f, model, error), stats.f.sf(f, model, error), rtol=1e-9, atol=1e-290)
    assert np.isnan(upper_p(np.array([np.nan]), model, error)).all()


def test_adjusted_p_is_that_of_scipy_and_nan_is_no_test():
    p = np.random.default_rng(1).uniform(size=(3, 4, 5)) ** 3
    holes = p.copy()
    holes[0, :2] = np.nan
    expected = np.full(p.shape, np.nan)
    expected[~np.isnan(holes)] = stats.false_discovery_control(holes[~np.isnan(holes)])
    np.testing.assert_allclose(adjust_p(holes), expected, rtol=1e-6)
    assert np.isnan(adjust_p(np.full((2, 2), np.nan))).all()


def test_a_constant_voxel_is_not_valid_whatever_its_value():
    constant = np.tile([0.0, 0.1, 1 / 3, 1e9 / 7, 65535.0, -1e-8 / 3], (9973, 1))
    assert not centre(constant).valid.any()


def test_small_changes_on_a_large_baseline_are_kept():
    change = np.random.default_rng(2).normal(size=(500, 4))
    mean, squares, valid = centre(change + 1e6)
    assert valid.all()
    np.testing.assert_allclose(squares, ((change - change.mean(0)) ** 2).sum(0), rtol=1e-9)
    np.testing.assert_allclose(mean, 1e6 + change.mean(0))


def test_constant_and_broken_voxels_do_not_vary():
    values = np.array([[1.0, 1, 1, np.nan, np.inf], [1.0, 2, 1, 1, 0]])
    np.testing.assert_array_equal(varies(values), [False, True, False, False, False])


def test_a_basis_has_no_more_vectors_than_columns_are_independent():
    columns = np.random.default_rng(3).normal(size=(50, 3))
    beside = orthonormal(columns[:, :1])
    basis = orthonormal(np.column_stack([columns, columns.sum(axis=1), np.zeros(50)]), beside)
    assert basis.shape == (50, 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(basis.T @ columns[:, 0], 0, atol=1e-12)


@pytest.mark.parametrize("dof", [1, 3, 30, 500])
def test_z_is_as_unlikely_as_t(dof):
    t = np.array([-30.0, -10.6, -2, -1e-3, 0, 0.5, 3, 8, 35, np.nan])
    expected = np.sign(t) * stats.norm.isf(stats.t.sf(np.abs(t), dof))
    np.testing.assert_allclose(z_of_t(t, dof), expected, rtol=1e-8, atol=1e-9)


def test_z_does_not_underflow_far_out():
    far = np.array([50.0, 1e3, 1e6])
    cauchy = -special.ndtri_exp(np.log(np.arctan(1 / far) / np.pi))
    np.testing.assert_allclose(z_of_t(far, 1), cauchy, rtol=1e-8)
    assert z_of_t(np.array([-100.0]), 3000)[0] == pytest.approx(-66.3201789, rel=1e-8)
