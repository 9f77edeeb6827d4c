"""The design is known before the run, and is the one that the run uses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import PCA, Correlation, MeanRegression, Regression, RidgeRegression
from napari_thunder.analysis.regression.shown_design import design_of
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import dataset


@pytest.mark.parametrize("standardize", [False, True])
def test_the_design_shown_is_the_design_used(tiny, series, standardize):
    keep = np.ones(260, bool)
    keep[40:50] = False
    context = dataclasses.replace(tiny, keep=keep)
    analysis = Regression(events_by=("direction",), signals=("swim",), kernel="GCaMP6s", standardize=standardize)
    shown, used = design_of(analysis, context), dataset(analysis, context, series)
    assert list(shown.names) == list(used["regressor"].values)
    np.testing.assert_array_equal(shown.values, used["design"])
    np.testing.assert_allclose(shown.vif, used["vif"])
    np.testing.assert_array_equal(shown.frames, np.flatnonzero(keep))
    np.testing.assert_array_equal(shown.frame_times, tiny.frame_times[keep])
    assert shown.can_be_fitted
    assert shown.condition_number == used.attrs["condition_number"]
    assert shown.groups == ("direction",) * 4 + ("swim",)


def test_a_design_that_cannot_be_fitted_is_shown_with_the_reason(tiny):
    table = pd.DataFrame({"one": np.arange(260.0), "two": 3 * np.arange(260.0)})
    shown = design_of(Regression(design=table), tiny)
    assert not shown.can_be_fitted
    assert np.isnan(shown.vif).all()
    assert "'one' and 'two' are the same but for offset and scale" in shown.warnings[0]


def test_analyses_that_regress_in_other_words_show_theirs(tiny):
    assert design_of(Correlation(signals=("swim", "tail")), tiny).names == ("swim", "tail")


def test_an_analysis_without_a_design_has_none(tiny):
    assert design_of(PCA(), tiny) is None


def test_an_empty_form_is_told_what_is_missing(tiny):
    with pytest.raises(AnalysisError, match=r"there are no regressors. Give events_by="):
        design_of(Regression(), tiny)


def test_conditions_are_shown_as_they_are_averaged(tiny, series):
    analysis = MeanRegression(events_by=("direction",))
    shown = design_of(analysis, tiny)
    assert shown.names == ("direction=0", "direction=90", "direction=180", "direction=270", "rest")
    np.testing.assert_array_equal(shown.values, dataset(analysis, tiny, series)["design"])
    assert shown.can_be_fitted


def test_a_contrast_that_is_not_understood_is_told_before_the_run(tiny):
    shown = design_of(Regression(signals=("swim",), contrasts=("swin",)), tiny)
    assert not shown.can_be_fitted
    assert "there is no regressor 'swin'" in shown.warnings[0]
    assert np.isfinite(shown.vif).all()


def test_dependent_regressors_do_not_stop_a_ridge_but_constant_ones_do(tiny):
    table = pd.DataFrame({"one": np.arange(260.0), "two": 3 * np.arange(260.0)})
    shown = design_of(RidgeRegression(design=table), tiny)
    assert shown.can_be_fitted
    assert "combinations of others" in shown.warnings[0]
    assert not design_of(RidgeRegression(design=table.assign(two=1.0)), tiny).can_be_fitted
