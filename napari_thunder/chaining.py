"""Maps of a result as the input of another analysis: fit, then cluster the parameters."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.errors import AnalysisError, MissingMetadataError, ResultError, ThunderError
from napari_thunder.io.features import SPACE, FeaturesInMemory, MadeOf, MapFacts, features_of
from napari_thunder.io.source import Metadata
from napari_thunder.provenance import read_provenance
from napari_thunder.recording import Recording, from_source, open

_FRAMES = re.compile(r"(?<!-)\bframe(s?)\b(?!-| rate| times?)")


def maps_as_recording(
    result: xr.Dataset | str | Path, names: str | Sequence[str], *, standardize: bool = False
) -> Recording:
    """Maps of a result as a recording whose frames are features, for clustering, factors or a model of your own.

    A map with further dimensions gives a feature for each of its rows. A map of directions or orientations gives two,
    cosine and sine, so that 359° is near 1°. What an analysis gives over frames, such as the centres of clusters, has
    the features' names for its coordinate `feature`.

    Parameters
    ----------
    result
        A finished result, or where one is saved: only a saved one can be read by the workers of a cluster without being
        sent there. `open("result.zarr", maps="beta,t")` is the same.
    names
        Which maps, such as `("beta", "t")` or `"beta,t"`.
    standardize
        Bring each feature to mean 0 and sd 1 over the voxels where all features are finite, so that maps of different
        units count alike.

    Returns
    -------
    Recording
        (features, z, y, x) float32; NaN where the maps have NaN, so that those voxels take no part. It has the voxel
        size of the recording the maps are of, and no times, events or signals.

    Raises
    ------
    ResultError
        If the result is a preview or not finished.
    RecordingError
        If it has no such map.
    """
    wanted = tuple(names.split(",")) if isinstance(names, str) else tuple(names)
    if not isinstance(result, xr.Dataset):
        return open(result, maps=",".join(wanted), standardize=int(standardize))
    if "preview" in result.attrs:
        raise ResultError("This is a preview, on a coarse grid. Run the analysis in full, and take its maps then.")
    record = read_provenance(result)
    title = str(result.attrs.get("title", "result"))
    facts = {name: _facts(result[name]) for name in maps_of(result)}
    features = features_of(facts, wanted, title)
    parts = [(feature, _values(result[feature.variable], feature.row)) for feature in features]
    size = record["recording"].get("voxel_size")
    known = Metadata(voxel_size=None if size is None else (size[0], size[1], size[2]))
    made_of = MadeOf(tuple(dict.fromkeys(wanted)), standardize, result.attrs["provenance"])
    return from_source(FeaturesInMemory(parts, f"maps of {title}", made_of, known))


def maps_of(result: xr.Dataset) -> tuple[str, ...]:
    """Names of the maps of a result."""
    return tuple(str(name) for name, v in result.data_vars.items() if tuple(v.dims[-3:]) == SPACE)


def with_features(dataset: xr.Dataset, recording: Recording, kept: NDArray[np.intp], n_frames: int) -> xr.Dataset:
    """A result whose frames are features, where they are: along a dimension of that name, with what each is called.

    Parameters
    ----------
    dataset
        What an analysis gives; the same one comes back where frames are frames.
    recording
        What it is of.
    kept
        The frames that were used.
    n_frames
        How many there were after the preprocessing; where that left others, they have no names.
    """
    names = recording.features
    if not names:
        return dataset
    named = dataset.copy(deep=False)
    for variable in named.data_vars.values():
        variable.attrs = {key: _worded(said) if key == "long_name" else said for key, said in variable.attrs.items()}
    if "frame" not in dataset.dims:
        return named
    named = named.drop_vars(["frame", "time"], errors="ignore").rename_dims(frame="feature")
    return named.assign_coords(feature=("feature", [names[i] for i in kept])) if len(names) == n_frames else named


@contextmanager
def said_of_features(recording: Recording) -> Iterator[None]:
    """Let what goes wrong with maps of a result be said of features, not of frames."""
    try:
        yield
    except MissingMetadataError as error:
        if not recording.features:
            raise
        said = str(error).partition(". ")[0]
        raise AnalysisError(f"{said}, which maps of a result do not have. Compute it on a recording.") from error
    except ThunderError as error:
        if recording.features:
            error.args = (_worded(str(error)), *error.args[1:])
        raise


def _worded(said: str) -> str:
    """What is said of time and frames, said of features."""
    return _FRAMES.sub(r"feature\1", said.replace("over time", "over features").replace("time course", "course"))


def _facts(variable: xr.DataArray) -> MapFacts:
    each = [_labels(variable, str(dim)) for dim in variable.dims[:-3]]
    rows = tuple(", ".join(combined) for combined in itertools.product(*each)) if each else ()
    return MapFacts(str(variable.attrs.get("role", "")), rows)


def _labels(variable: xr.DataArray, dim: str) -> list[str]:
    if dim not in variable.coords:
        return [f"{dim} {i + 1}" for i in range(variable.sizes[dim])]
    return [str(label) for label in variable.coords[dim].values]


def _values(variable: xr.DataArray, row: int | None) -> Any:
    if row is None:
        return variable.values
    return variable.values[np.unravel_index(row, variable.shape[:-3])]
