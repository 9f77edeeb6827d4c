"""Contrasts are read as a person writes them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_thunder.analysis import Regression
from napari_thunder.analysis.regression.contrasts import parse_contrasts
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import dataset

NAMES = ("left", "left-right", "direction=1", "direction=10", "direction=30, speed=2", "swim -1 s", "swim +0 s", "2p")
GROUPS = ("left", "left-right", *("direction",) * 3, "swim", "swim", "2p")


def _rows(text):
    return [c.rows.tolist() for c in parse_contrasts((text,), NAMES, GROUPS, "Regression")]


def _row(**of):
    names = {"l": 0, "lr": 1, "d1": 2, "d10": 3, "d30": 4, "s1": 5, "s0": 6, "p": 7}
    row = np.zeros(8)
    for name, factor in of.items():
        row[names[name]] = factor
    return row.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("left", [[_row(l=1)]]),
        ("-left", [[_row(l=-1)]]),
        ("left - direction=1", [[_row(l=1, d1=-1)]]),
        ("left-right", [[_row(lr=1)]]),
        ("left - left-right", [[_row(l=1, lr=-1)]]),
        ("direction=10 - direction=1", [[_row(d10=1, d1=-1)]]),
        ("direction=30, speed=2, left", [[_row(d30=1)], [_row(l=1)]]),
        ("direction=30, speed=2 - left", [[_row(d30=1, l=-1)]]),
        ("swim -1 s - swim +0 s", [[_row(s1=1, s0=-1)]]),
        ("0.5 left + .5*direction=1 - 2p", [[_row(l=0.5, d1=0.5, p=-1)]]),
        ("2 2p", [[_row(p=2)]]),
        ("'direction=1' - `left`", [[_row(d1=1, l=-1)]]),
        ("left; direction=1 - 2p", [[_row(l=1), _row(d1=1, p=-1)]]),
        ("swim, left", [[_row(s1=1), _row(s0=1)], [_row(l=1)]]),
        ("direction", [[_row(d1=1), _row(d10=1), _row(d30=1)]]),
        ("", []),
    ],
)
def test_names_signs_factors_and_separators_are_understood(text, expected):
    assert _rows(text) == expected


def test_several_texts_are_several_contrasts_and_keep_their_names():
    found = parse_contrasts(("left - 2p", " swim "), NAMES, GROUPS, "Regression")
    assert [(c.name, c.is_f) for c in found] == [("left - 2p", False), ("swim", True)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("left - rigth", r"there is no regressor 'rigth' in 'left - rigth'. The regressors are: left, left-right"),
        ("left -", r"there is no regressor at its end"),
        ("left left", r"a sign, a comma or a semicolon must come before 'left'"),
        ("left -- 2p", r"there is no regressor '- 2p'"),
        ("left - left", r"'left - left' is 0 whatever the weights"),
        ("left; 2 left", r"'left; 2 left' tests the same thing more than once"),
        ("left, left", r"'left' is there twice"),
        ("direction - left", r"a group of several regressors must stand alone"),
        ("__import__('os').system('x')", r"there is no regressor"),
        ("'left", r"there is no regressor"),
        ("3", r"there is no regressor at its end"),
    ],
)
def test_what_is_not_understood_is_named(text, message):
    with pytest.raises(AnalysisError, match=message):
        _rows(text)


def test_contrasts_have_maps_of_their_own(tiny, series):
    analysis = Regression(
        events_by=("direction",), contrasts=("direction=0 - direction=90", "direction=0", "direction"), cluster_p=0.5
    )
    result = dataset(analysis, dataclasses.replace(tiny, voxel_size=(1.0, 1.0, 1.0)), series)
    assert list(result["contrast"].values) == ["direction=0 - direction=90", "direction=0"]
    assert list(result["f_contrast"].values) == ["direction"]
    for name in ("contrast_beta", "contrast_t", "contrast_p", "contrast_p_fdr", "contrast_cluster_size"):
        assert result[name].dims == ("contrast", "z", "y", "x")
    for name in ("f", "f_p", "f_p_fdr"):
        assert result[name].dims == ("f_contrast", "z", "y", "x")
    beta = result["beta"].values
    np.testing.assert_allclose(result["contrast_beta"].values, [beta[0] - beta[1], beta[0]], atol=1e-5)
    np.testing.assert_allclose(result["contrast_t"].values[1], result["t"].values[0], rtol=1e-5)
