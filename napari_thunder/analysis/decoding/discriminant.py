"""Linear discriminant analysis with shrunk covariances, for few trials of many features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Discriminant:
    """A trained classifier, with the names that scikit-learn gives to its parts.

    Parameters
    ----------
    classes
        (classes,) labels.
    weights, levels
        (classes, features) and (classes,): the class with the largest weights · x + level is told.
    """

    classes: Places
    weights: Values
    levels: Values

    @property
    def coef_(self) -> Values:
        """(classes, features) weights; of two classes one row, what the second has more than the first."""
        return self.weights[1:] - self.weights[:1] if len(self.classes) == 2 else self.weights

    def predict(self, features: Values) -> Places:
        """(samples,) labels told of (samples, features)."""
        told: Places = self.classes[np.argmax(features @ self.weights.T + self.levels, axis=1)]
        return told


def discriminant(features: Values, labels: Places) -> Discriminant | None:
    """What `sklearn.discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")` finds.

    The covariance Σ_k π_k S_k, S_k that of a class shrunk as by Ledoit & Wolf 2004 (of features at sd 1), is a diagonal
    plus U'U with a row of U for each sample, so it need not be formed where there are more features than samples.

    Parameters
    ----------
    features, labels
        (samples, features), (samples,).

    Returns
    -------
    Discriminant or None
        None if the covariance is not shrunk at all, so that it may have no inverse.
    """
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts / len(labels)
    means = np.stack([features[labels == k].mean(axis=0) for k in classes])
    diagonal, rows = np.zeros(features.shape[1]), np.empty_like(features)
    for k, share, mean in zip(classes, shares, means, strict=True):
        own = labels == k
        rows[own], added = _shrunk(features[own] - mean, share)
        diagonal += added
    if not diagonal.min() > 0:
        return None
    weights = _solved(diagonal, rows, means.T).T
    return Discriminant(classes, weights, np.log(shares) - 0.5 * np.einsum("kf,kf->k", means, weights))


def _shrunk(centred: Values, share: float) -> tuple[Values, Values]:
    """Rows U and diagonal d of the shrunk covariance U'U + diag(d) of centred samples (n, features), times a share."""
    n, p = centred.shape
    spread = centred.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    z = centred / spread
    size = np.einsum("np,np->n", z, z)
    mean = size.sum() / (n * p)
    of_squares = np.square(z @ z.T).sum() / n**2
    beta = (np.square(size).sum() / n - of_squares) / (n * p)
    delta = of_squares / p - mean**2
    shrinkage = min(beta, delta) / delta if delta > 0 and beta != 0 else 0.0
    return np.sqrt(share * (1 - shrinkage) / n) * centred, share * shrinkage * mean * np.square(spread)


def _solved(diagonal: Values, rows: Values, right: Values) -> Values:
    """(diag(d) + U'U)⁻¹ of (features, m), by whichever of features and samples are fewer."""
    n, p = rows.shape
    if p <= n:
        return np.asarray(np.linalg.solve(np.diag(diagonal) + rows.T @ rows, right))
    scaled, plain = rows / diagonal, right / diagonal[:, None]
    return np.asarray(plain - scaled.T @ np.linalg.solve(np.eye(n) + scaled @ rows.T, rows @ plain))
