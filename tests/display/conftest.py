"""Results as the pipeline makes them, with numbers chosen by the tests."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from napari_thunder.analysis.protocol import Role

SPACE = (2, 6, 8)
STEPS = (5.0, 1.0, 0.5)


def dataset_of(title: str, maps: dict[str, tuple[Role, np.ndarray, tuple[str, ...]]], **coords) -> xr.Dataset:
    """A result with coordinates in µm."""
    space = {a: (a, np.arange(n) * s, {"units": "um"}) for a, n, s in zip("zyx", SPACE, STEPS, strict=True)}
    dataset = xr.Dataset(coords={**space, **coords})
    for name, (role, values, dims) in maps.items():
        attrs = {"role": str(role), "long_name": name.replace("_", " "), "units": "1"}
        dataset[name] = ((*dims, "z", "y", "x"), values.astype(np.float32), attrs)
    dataset.attrs |= {"title": title, "analysis": title.lower().replace(" ", "_")}
    dataset.attrs["provenance"] = '{"recording": {"uri": "/data/fish", "voxel_size": [5.0, 1.0, 0.5]}}'
    return dataset


@pytest.fixture
def tuning() -> xr.Dataset:
    rng = np.random.default_rng(0)
    strength = rng.uniform(0, 1, SPACE)
    direction = rng.uniform(0, 360, SPACE)
    direction[0, 0, 0] = strength[0, 0, 0] = np.nan
    direction[1, 2, 3], strength[1, 2, 3] = 212.3, 0.41
    p = 10.0 ** (-6 * strength)
    p[1, 2, 3] = 0.002
    response = rng.normal(size=(3, *SPACE))
    return dataset_of(
        "Direction tuning",
        {
            "response": (Role.SIGNED, response, ("direction",)),
            "preferred_direction": (Role.DIRECTION, direction, ()),
            "selectivity": (Role.FRACTION, rng.uniform(0, 1, SPACE), ()),
            "f_statistic": (Role.VALUE, rng.gamma(2, 2, SPACE), ()),
            "p": (Role.PROBABILITY, p, ()),
            "r_squared": (Role.FRACTION, strength, ()),
            "p_fdr": (Role.PROBABILITY, np.minimum(1, 2 * p), ()),
        },
        direction=[0.0, 120.0, 240.0],
    )


@pytest.fixture
def regression() -> xr.Dataset:
    rng = np.random.default_rng(1)
    shape = (3, *SPACE)
    return dataset_of(
        "Regression",
        {
            "beta": (Role.SIGNED, rng.normal(size=shape), ("regressor",)),
            "t": (Role.SIGNED, rng.normal(size=shape) * 3, ("regressor",)),
            "p": (Role.PROBABILITY, rng.uniform(size=shape), ("regressor",)),
            "r_squared": (Role.FRACTION, rng.uniform(size=SPACE), ()),
        },
        regressor=["direction=30", "direction=60", "swim"],
    )


@pytest.fixture
def pca() -> xr.Dataset:
    components = np.random.default_rng(2).normal(size=(4, *SPACE))
    names = [f"component {i + 1}" for i in range(4)]
    return dataset_of(
        "Principal components", {"components": (Role.FACTOR, components, ("component",))}, component=names
    )
