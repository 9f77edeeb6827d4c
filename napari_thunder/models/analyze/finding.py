"""Finding an analysis by a few letters of what it is, does, or is called elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from napari_thunder.analysis.again import OWN
from napari_thunder.analysis.own.model import FAMILY
from napari_thunder.analysis.registry import analyses
from napari_thunder.parameters import parameters

_KEYWORDS: Mapping[str, str] = {
    "summary_images": "mean std average max projection snr tsnr skewness anatomy quality",
    "event_average": "psth triggered trial average stimulus response eta peri-event",
    "pca": "principal components svd factors dimensionality decomposition",
    "regression": "glm linear model ols design regressor behaviour behavior beta r2",
    "k_means": "kmeans cluster clustering group voxels partition",
    "hierarchical_clustering": "dendrogram linkage tree ward agglomerative cluster",
    "raster_order": "rastermap sort sorting heat map sequence",
    "ica": "fastica independent component blind source separation cnmf",
    "nmf": "nonnegative matrix factorization cnmf parts",
    "factor_analysis": "latent shared variance fa",
    "trajectories": "state space gpfa dimensionality pca population dynamics",
    "jpca": "rotational dynamics rotation population",
    "fourier": "phase map retinotopy periodic stimulus frequency coherence",
    "band_power": "spectrum power frequency oscillation alff",
    "correlation_matrix": "functional connectivity network regions",
    "seed_correlation": "functional connectivity seed map",
    "local_correlation": "neighbours cell detection correlation image",
    "ridge_regression": "regularized encoding model glm cross-validation",
    "baseline": "f0 dff dfof delta f over f",
    "own_model": "python script function custom plugin code bring your own user voxelwise fit",
    "direction_tuning": "motion preferred angle polar selectivity dsi gdsi vector sum direction-selective",
    "orientation_tuning": "grating bar preferred angle polar selectivity osi gosi circular variance",
    "tuning_reliability": "permutation shuffle bootstrap confidence interval anova trials sparseness repeats",
    "von_mises_tuning": "fit bandwidth half-width direction orientation curve cross-validation circular",
    "gaussian_tuning": "fit position speed frequency contrast receptive field log-gaussian low-pass high-pass octaves",
    "panel_average": "fixed length mean by panel periodic repeats cycle average fold",
    "condition_statistics": "by index groupby multi-index mean median sum maximum minimum of events blocks",
    "feature_tuning": "occupancy bins speed position place field 2d continuous behavior pynapple circular shift",
    "behaviour_modulation": "running still locomotion swimming arousal state welch behavior gain",
    "motion_share": "motion artefact artifact shifts registration quality r2 movement",
    "voxel_decoding": "classifier naive bayes mass-univariate cross-validation accuracy machine learning",
    "two_conditions": "t-test welch difference contrast compare",
    "population_decoding": "classifier svm lda logistic regression machine learning confusion matrix regions mvpa",
    "tuning_moments": "thunder circular gaussian centre center spread kappa concentration",
}


class _Own:
    """A model of the user's own, as it is listed before a file is chosen."""

    family: ClassVar[str] = FAMILY
    title: ClassVar[str] = "Own model…"
    summary: ClassVar[str] = "Run a function in a Python file of yours on every voxel"


@cache
def listed() -> Mapping[str, Any]:
    """All that can be chosen, by name and in order: the analyses, and a model of one's own."""
    return {**analyses(), OWN: _Own}


def find_analyses(text: str) -> tuple[str, ...]:
    """Names of the analyses in which every word of `text` occurs, the best fit first; all by family for no words."""
    words = text.lower().split()
    scores = {name: _score(words, name, cls) for name, cls in listed().items()}
    found = [name for name, score in scores.items() if score is not None]
    return tuple(sorted(found, key=lambda name: -(scores[name] or 0))) if words else tuple(found)


def _score(words: list[str], name: str, cls: Any) -> int | None:
    """How well an analysis fits, or None if a word occurs nowhere."""
    fields = _fields(name, cls)
    fits = [next((rank for rank, said in enumerate(fields) if word in said), None) for word in words]
    if None in fits:
        return None
    exact = len(fields) if " ".join(words) in (name, name.replace("_", " "), cls.title.lower()) else 0
    return exact + sum(len(fields) - fit for fit in fits if fit is not None)


@cache
def _fields(name: str, cls: Any) -> tuple[str, ...]:
    """What there is to search, the most telling first."""
    described = () if cls is _Own else parameters(cls)
    said = " ".join(f"{p.label} {p.help}" for p in described)
    first = (inspect.getdoc(cls) or "").partition("\n\n")[0]
    fields = (f"{cls.title} {name}", cls.family, _KEYWORDS.get(name, ""), cls.summary, first, said)
    return tuple(field.lower() for field in fields)
