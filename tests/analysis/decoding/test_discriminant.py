"""The discriminant is that of scikit-learn, without a matrix of all features."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis.decoding.classifiers import Classifier
from napari_thunder.analysis.decoding.discriminant import discriminant


@pytest.mark.parametrize(("n_features", "n_samples", "n_classes"), [(1, 30, 2), (10, 40, 4), (120, 24, 3), (60, 90, 2)])
def test_weights_and_what_is_told_are_those_of_scikit_learn(n_features, n_samples, n_classes):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(n_features)
    labels = np.arange(n_samples) % n_classes
    features = rng.normal(size=(n_samples, n_features)) + rng.normal(size=(n_classes, n_features))[labels]
    asked = rng.normal(size=(200, n_features))
    oracle = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(features, labels)
    found = discriminant(features, labels)
    np.testing.assert_allclose(found.coef_, oracle.coef_, rtol=1e-9, atol=1e-9 * np.abs(oracle.coef_).max())
    np.testing.assert_array_equal(found.predict(asked), oracle.predict(asked))


def test_what_has_no_covariance_to_shrink_is_left_to_scikit_learn():
    labels = np.repeat([0, 1], 6)
    features = np.stack([labels * 1.0, np.zeros(12)], axis=1)
    assert discriminant(features, labels) is None
    assert len(Classifier("LDA", 1.0, 0).predicted(features, labels, np.arange(12) % 3)) == 12
