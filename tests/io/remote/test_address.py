"""What an address may hold, and what it must not."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import RecordingError, RegionError, TableError
from napari_thunder.io.registry import open_source, remote_formats
from napari_thunder.io.remote.address import OPTIONS, checked_address, is_address, without_secrets
from napari_thunder.io.uri import join_uri, split_uri

SECRET = "d34db33f"
WITH_SECRETS = [
    f"s3://AKIA:{SECRET}@lab/movie.zarr",
    f"https://me:{SECRET}@server.org/movie.zarr",
    f"https://{SECRET}@server.org/movie.zarr",
    f"https://lab.s3.amazonaws.com/m.tif?X-Amz-Algorithm=AWS4&X-Amz-Signature={SECRET}",
    f"https://lab.s3.amazonaws.com/m.tif?AWSAccessKeyId=AKIA&Signature={SECRET}&Expires=1",
    f"https://storage.googleapis.com/lab/m.tif?X-Goog-Signature={SECRET}",
    f"https://lab.blob.core.windows.net/m.tif?sv=2024&sig={SECRET}",
    f"https://server.org/m.tif?access_token={SECRET}",
    f"https://server.org/m.tif?apikey={SECRET}&planes=3",
    f"s3://lab/m.tif?secret={SECRET}",
    "https://server.org/m.tif?t=" + SECRET * 20,
]


@pytest.mark.parametrize("address", WITH_SECRETS)
def test_an_address_with_a_secret_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(RecordingError, match="holds a password, key or signature") as caught:
        open_source(address)
    assert SECRET not in str(caught.value)
    assert SECRET not in without_secrets(address)
    assert "computer that reads" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "address", "options"),
    [
        ("s3://lab/a.zarr", "s3://lab/a.zarr", {}),
        ("s3a://lab/a.zarr/", "s3://lab/a.zarr", {}),
        ("gcs://lab/a.tif?planes=12", "gs://lab/a.tif", {"planes": 12}),
        ("HTTPS://server.org/a.tif?download=1&planes=3", "https://server.org/a.tif?download=1", {"planes": 3}),
        ("https://server.org/a%20b.zarr#top", "https://server.org/a%20b.zarr", {}),
    ],
)
def test_options_leave_an_address(given: str, address: str, options: dict[str, int]) -> None:
    path, said = split_uri(given)
    assert (str(path), said) == (address, options)
    assert split_uri(join_uri(str(path), **said)) == (path, options)


def test_options_are_those_of_the_formats_that_are_read_from_there() -> None:
    assert set(OPTIONS) == {option for known in remote_formats() for option in known.options}


@pytest.mark.parametrize(
    "text", ["/data/a.tif", "a.tif", "C:\\data\\a.tif", "C://data/a.tif", "file:///a.tif", "memory:x"]
)
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_address(text)


def test_a_misspelt_server_is_said() -> None:
    with pytest.raises(RecordingError, match="its server is misspelt"):
        open_source("https://[::1/a.zarr")


def test_tables_and_masks_are_told_to_be_read_from_disks_without_repeating_a_secret() -> None:
    movie = np.zeros((4, 1, 3, 3))
    for known in ({"events": f"https://me:{SECRET}@x.org/a.csv"}, {"signals": "s3://lab/a.csv"}):
        with pytest.raises(TableError, match="tables are read from disks only") as caught:
            nt.Recording.from_array(movie, **known)
        assert SECRET not in str(caught.value)
    with pytest.raises(RegionError, match=r"s3://lab/a\.geojson: only recordings are read from there"):
        nt.Recording.from_array(movie, mask="s3://lab/a.geojson")


def test_one_slash_is_told_from_a_path() -> None:
    with pytest.raises(RecordingError, match=r"an address has two slashes: s3://lab/a\.zarr"):
        open_source("s3:/lab/a.zarr")


@pytest.mark.parametrize("address", ["s3://", "s3:///key", "https:///a.zarr"])
def test_an_address_without_bucket_or_server_is_refused(address: str) -> None:
    with pytest.raises(RecordingError, match=r"names no (bucket|server)"):
        checked_address(address)


@pytest.mark.parametrize("address", ["ftp://server/a.tif", "abfs://lab/a.zarr", "hdfs://node/a"])
def test_other_kinds_say_which_are_read(address: str) -> None:
    with pytest.raises(RecordingError, match=r"is not read\. Give s3://bucket/…, gs://bucket/…, https://server/…"):
        checked_address(address)
