"""Which voxels of a map are significant."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import SPACE_DIMS, MapChoice, further_dims

Array = NDArray[Any]

LEAST_P = 0.05


def probability_of(dataset: xr.Dataset, choice: MapChoice | None = None) -> MapChoice | None:
    """The p that goes with a map, adjusted for the false discovery rate where there is such; None if none does.

    Parameters
    ----------
    dataset
        A result.
    choice
        The map; None for one that is coloured by direction.
    """
    for name in ("p_fdr", "p_permutation_fdr", "p"):
        if name not in dataset or not set(SPACE_DIMS) <= set(dataset[name].dims):
            continue
        dims = further_dims(dataset, name)
        if not dims:
            return MapChoice(name)
        if choice is not None and further_dims(dataset, choice.variable) == dims:
            return MapChoice(name, choice.at)
    return None


def significant(dataset: xr.Dataset, probability: MapChoice) -> NDArray[np.bool_]:
    """(z, y, x) True where p < 0.05; False where it is not known."""
    below: NDArray[np.bool_] = probability.values(dataset) < LEAST_P
    return below


def significance_title(probability: MapChoice | None) -> str:
    """For a field: `p < 0.05 (FDR)`."""
    return f"p < {LEAST_P:g}{' (FDR)' if probability is not None and probability.variable.endswith('_fdr') else ''}"
