"""Finding the format of a path, and what is said when there is none."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.errors import RecordingError
from napari_thunder.io import formats, open_source
from napari_thunder.io.file_names import natural_order
from napari_thunder.io.uri import join_uri, split_uri

Array = np.ndarray[Any, Any]


def test_formats_are_found_by_their_modules() -> None:
    known = ["HDF5", "Maps of a result", "N5", "NIfTI", "NumPy", "NRRD", "NWB"]
    assert [f.name for f in formats()] == [*known, "Thunder images", "Thunder series", "TIFF", "Zarr"]


def test_a_path_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.tif: there is no such file or folder\. Check the spelling"):
        open_source(tmp_path / "nothing.tif")


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"the folder is empty"):
        open_source(tmp_path)


def test_an_unknown_format_names_those_that_are_known(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_text("")
    for path in (tmp_path, tmp_path / "a.doc"):
        with pytest.raises(
            RecordingError, match=r"not a recording this program can read.*NumPy \(\*\.npy, \*\.npz\).*TIFF"
        ):
            open_source(path)


def test_a_file_url_is_a_path(tmp_path: Path, movie: Array) -> None:
    np.save(tmp_path / "a movie.npy", movie)
    assert open_source((tmp_path / "a movie.npy").as_uri()).uri == str(tmp_path / "a movie.npy")
    with pytest.raises(RecordingError, match="ftp:// is not read"):
        open_source("ftp://server/movie.zarr")


def test_options_may_follow_the_path() -> None:
    assert split_uri("/a/b.tif?planes=12&order=F") == (Path("/a/b.tif"), {"planes": 12, "order": "F"})
    assert split_uri("/a/what?.tif") == (Path("/a/what?.tif"), {})
    assert split_uri(join_uri("/a/b.tif", planes=3, channel=None)) == (Path("/a/b.tif"), {"planes": 3})


@pytest.mark.parametrize("place", ["/a/b", "a/b", "/0", "007", "/50 %", "/a&b=c", "/what?", "/données/été", "/%2F"])
def test_a_place_in_a_file_survives_in_a_uri(place: str) -> None:
    assert split_uri(join_uri("/a/b.h5", dataset=place, axes="tyx")) == (
        Path("/a/b.h5"),
        {"dataset": place, "axes": "tyx"},
    )


def test_a_place_in_a_file_may_be_typed_as_it_is() -> None:
    assert split_uri("/a/b.h5?dataset=/acquisition/TwoPhotonSeries/data&axes=txyz") == (
        Path("/a/b.h5"),
        {"dataset": "/acquisition/TwoPhotonSeries/data", "axes": "txyz"},
    )


@pytest.mark.parametrize("path", ["/a/what?x=1/b.tif", "/a/what?x=1&y=2/b.tif", "/a?planes=3/b.h5"])
def test_a_question_mark_in_a_folder_name_begins_no_options(path: str) -> None:
    assert split_uri(path) == (Path(path), {})


def test_natural_order_counts() -> None:
    names = ["t10", "t2", "t1", "T3", "s9", "t1b", "10", "9"]
    assert sorted(names, key=natural_order) == ["9", "10", "s9", "t1", "t1b", "t2", "T3", "t10"]


def test_a_name_with_a_question_mark_that_exists_holds_no_options(tmp_path: Path) -> None:
    path = tmp_path / "fish?trial=2.npy"
    np.save(path, np.ones((2, 1, 2, 2), np.uint8))
    source = open_source(path)
    assert source.shape == (2, 1, 2, 2)
    assert split_uri(source.uri) == (path, {})


def test_what_the_system_refuses_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"x: cannot be read: File name too long\."):
        open_source(tmp_path / ("x" * 300))


def test_a_folder_that_may_not_be_looked_into_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", forbidden)
    with pytest.raises(RecordingError, match=rf"{tmp_path}: cannot be read: Permission denied\."):
        open_source(tmp_path)
