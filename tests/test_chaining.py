"""Maps of a result are the input of another analysis: fit, then cluster the parameters."""

from __future__ import annotations

import runpy
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import napari_thunder as nt
from napari_thunder.cli import main
from napari_thunder.display.caption import Captions
from napari_thunder.errors import AnalysisError, RecordingError, ResultError
from napari_thunder.io import Source
from napari_thunder.pipeline import stream
from napari_thunder.preview import preview

SHAPE = (90, 2, 20, 24)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: Any) -> nt.Recording:
    """Three kinds of voxels that differ in mean and in how they vary, and some that are constant."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, SHAPE[1:])
    movie = np.array([50.0, 100.0, 300.0])[kind] + rng.normal(size=SHAPE) * np.array([1.0, 20.0, 5.0])[kind]
    movie[:, 0, 0] = 7.0
    path = tmp_path_factory.mktemp("chaining") / "movie.npy"
    np.save(path, movie.astype(np.float32))
    return nt.open(path, frame_rate=2.0, voxel_size=(4.0, 2.0, 2.0))


@pytest.fixture(scope="module")
def fitted(recording: nt.Recording, tmp_path_factory: Any) -> xr.Dataset:
    """Maps with rows, by a model that needs nothing else."""
    text = "def f(block):\n    return {'mean': block.mean(axis=0), 'ends': block[[0, -1]], 'sd': block.std(axis=0)}\n"
    file = tmp_path_factory.mktemp("model") / "parameters.py"
    file.write_text(text)
    return nt.run(nt.own_model(file), recording)


@pytest.fixture(scope="module")
def saved(fitted: xr.Dataset, tmp_path_factory: Any) -> Path:
    return nt.save_result(fitted, tmp_path_factory.mktemp("saved") / "fitted.zarr")


def stacked(result: xr.Dataset) -> Any:
    """(features, voxels) of those voxels that are finite."""
    each = [result["mean"].values[None], result["ends"].values, result["sd"].values[None]]
    flat = np.concatenate(each).reshape(4, -1).astype(np.float64)
    return flat[:, np.isfinite(flat).all(axis=0)]


NAMES = ("mean", "ends", "sd")


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_frames_are_the_rows_of_maps_and_nan_stays_nan(fitted: xr.Dataset, saved: Path, where: str) -> None:
    chained = nt.maps_as_recording(fitted if where == "memory" else saved, NAMES)
    assert isinstance(chained.source, Source)
    assert chained.source.labels == ("mean", "ends: ends 1", "ends: ends 2", "sd")
    assert chained.shape == (4, *SHAPE[1:])
    assert chained.voxel_size == (4.0, 2.0, 2.0)
    np.testing.assert_array_equal(chained.read_volume(2), fitted["ends"].values[1])
    assert np.isnan(chained.read_volume(0)[0, 0]).all()
    assert nt.open(saved, maps="mean,ends,sd").shape == chained.shape


def test_clusters_of_maps_are_those_of_scikit_learn(fitted: xr.Dataset) -> None:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score
    from sklearn.preprocessing import StandardScaler

    found = nt.run(nt.KMeans(3, distance="euclidean"), nt.maps_as_recording(fitted, NAMES, standardize=True))
    points = StandardScaler().fit_transform(stacked(fitted).T)
    oracle = KMeans(3, n_init=10, random_state=0).fit(points)
    labels = found["label"].values.ravel()
    assert adjusted_rand_score(labels[np.isfinite(labels)], oracle.labels_) == 1.0
    centres = next(v for v in found.data_vars.values() if "feature" in v.dims).transpose(..., "feature").values
    order = np.argsort(centres[:, 0])
    expected = oracle.cluster_centers_[np.argsort(oracle.cluster_centers_[:, 0])]
    np.testing.assert_allclose(centres[order], expected, atol=1e-4)
    assert list(found["feature"].values) == ["mean", "ends: ends 1", "ends: ends 2", "sd"]
    assert np.isnan(found["label"].values[0, 0]).all()


def test_factors_of_maps_are_those_of_scikit_learn(saved: Path, fitted: xr.Dataset) -> None:
    from sklearn.decomposition import PCA

    found = nt.run(nt.PCA(2), nt.maps_as_recording(saved, NAMES))
    oracle = PCA(2).fit(stacked(fitted))
    np.testing.assert_allclose(found["explained_variance_ratio"], oracle.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(found["singular_values"], oracle.singular_values_, rtol=1e-6)
    assert found["time_courses"].dims == ("feature", "component")
    assert "time" not in found.coords


def test_directions_become_cosine_and_sine(fitted: xr.Dataset) -> None:
    angles = fitted.copy()
    angles["mean"].attrs["role"] = "direction"
    angles["sd"].attrs["role"] = "orientation"
    chained = nt.maps_as_recording(angles, "mean,sd")
    assert chained.source.labels == ("mean: cos", "mean: sin", "sd: cos", "sd: sin")
    np.testing.assert_allclose(chained.read_volume(1), np.sin(np.deg2rad(fitted["mean"].values)), atol=1e-5)
    np.testing.assert_allclose(chained.read_volume(2), np.cos(np.deg2rad(2 * fitted["sd"].values)), atol=1e-5)


def test_a_constant_map_is_standardized_to_zero(fitted: xr.Dataset) -> None:
    flat = fitted.copy()
    flat["mean"] = flat["mean"] * 0 + 3.3
    volume = nt.maps_as_recording(flat, ("mean", "sd"), standardize=True).read_volume(0)
    assert np.nanmax(np.abs(volume)) == 0


@pytest.mark.parametrize(
    ("names", "message"),
    [(("mean", "meen"), "there is no map 'meen' in this result"), ((), "say which maps to")],
)
def test_what_is_no_map_is_refused_in_words(fitted: xr.Dataset, saved: Path, names: Any, message: str) -> None:
    for result in (fitted, saved):
        with pytest.raises(RecordingError, match=message):
            nt.maps_as_recording(result, names)


def test_a_preview_is_refused_in_words(recording: nt.Recording) -> None:

    with pytest.raises(ResultError, match=r"This is a preview, on a coarse grid\. Run the analysis in full"):
        nt.maps_as_recording(preview(nt.SummaryImages(), recording), "mean")


def test_it_is_made_again_from_disk_and_from_memory(recording: nt.Recording, tmp_path: Path) -> None:
    before = nt.run(nt.SummaryImages(), recording)
    kept = nt.save_result(before, tmp_path / "images.zarr")
    results = [nt.run(nt.PCA(1), nt.maps_as_recording(of, ("mean", "std"), standardize=True)) for of in (before, kept)]
    for result in results:
        np.testing.assert_array_equal(nt.rerun(result)["components"], results[0]["components"])
        program = tmp_path / "again.py"
        program.write_text(nt.as_python(result, tmp_path).text)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            again = runpy.run_path(str(program))["result"]
        np.testing.assert_array_equal(again["components"], result["components"])
    with pytest.raises(ResultError, match="maps of a result that was not saved"):
        nt.as_command_line(results[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        words = shlex.split(nt.as_command_line(results[1]).text)
        assert main([*words[1:], "--overwrite"]) == 0
        assert main(["run", "pca", str(kept), "--maps", "mean,std", "--standardize-maps", "--set", "n_components=1",
                     "-o", "typed.zarr"]) == 0  # fmt: skip
        np.testing.assert_array_equal(nt.load_result("typed.zarr")["components"], results[1]["components"])


def test_a_changed_result_is_not_taken_for_the_same(recording: nt.Recording, tmp_path: Path) -> None:
    kept = nt.save_result(nt.run(nt.SummaryImages(), recording), tmp_path / "images.zarr")
    made = nt.run(nt.PCA(1), nt.open(kept, maps="mean,std"))
    nt.save_result(nt.run(nt.SummaryImages(), recording.without_frames([0])), kept, overwrite=True)
    with pytest.raises(ResultError, match="the recording changed since this result was made"):
        nt.rerun(made)


def test_features_are_called_by_their_names_from_the_first_partial_result_on(tmp_path: Path) -> None:
    result = nt.run(nt.PCA(4), _noise())
    names = [f"components: component {n}" for n in (1, 2, 3, 4)]
    nt.save_result(result, tmp_path / "pca.zarr")
    for recording in (nt.maps_as_recording(result, "components"), nt.open(tmp_path / "pca.zarr", maps="components")):
        assert list(recording.features) == names
        first = next(stream(nt.KMeans(2), recording)).dataset
        for found in (first, preview(nt.KMeans(2), recording), nt.run(nt.KMeans(2), recording)):
            assert found["feature"].values.tolist() == names
            assert "frame" not in found.dims
        assert Captions(recording)(1) == "components: component 2"
    assert _noise().features == ()


def test_what_is_wrong_is_said_of_features() -> None:
    recording = nt.maps_as_recording(nt.run(nt.PCA(4), _noise()), "components")
    with pytest.raises(AnalysisError, match="at least 6 features"):
        nt.run(nt.Fourier(frequency=0.1), recording)
    for compute in (nt.run, preview):
        with pytest.raises(AnalysisError, match="needs events, which maps of a result do not have"):
            compute(nt.DirectionTuning(), recording)
    means = nt.run(nt.SummaryImages(), recording)
    assert means["mean"].attrs["long_name"] == "mean over features"


def _noise() -> nt.Recording:
    values = np.random.default_rng(0).normal(size=(40, 2, 6, 7)).astype(np.float32)
    return nt.Recording.from_array(values, name="noise", frame_rate=1.0)
