"""What an engine's workers see of the disks, and how full their caches are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import EngineError, FolderError, JobCancelled
from napari_thunder.io.folders import LARGEST_FILE, Listing, Use

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(params=["threads", "remote"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a folder").mkdir()
    (tmp_path / "t10.csv").write_text("start_time,stop_time\n1,2\n")
    (tmp_path / "t2.csv").write_text("")
    np.save(tmp_path / "movie.npy", np.zeros((4, 2, 3, 5), np.uint8))
    return tmp_path


def kinds(listing: Listing) -> dict[str, str]:
    return {entry.name: entry.kind for entry in listing.entries}


def test_a_folder_is_listed_as_the_workers_see_it(engine: Engine, folder: Path) -> None:
    listing = engine.list_folder(str(folder))
    assert kinds(listing) == {"a folder": "", "movie.npy": "NumPy", "t2.csv": "table", "t10.csv": "table"}
    assert listing.folder == str(folder)
    assert listing.parent == str(folder.parent)
    movie = listing.entries[1]
    assert movie.size == (folder / "movie.npy").stat().st_size
    assert Use.RECORDING in movie.uses
    assert listing.path_of(movie) == str(folder / "movie.npy")


def test_what_is_not_there_is_said(engine: Engine, folder: Path) -> None:
    with pytest.raises(FolderError, match="there is no such folder"):
        engine.list_folder(str(folder / "gone"))
    with pytest.raises(FolderError, match="there is no such file"):
        engine.read_file(str(folder / "gone.csv"))


def test_a_small_file_is_brought_here(engine: Engine, folder: Path) -> None:
    assert engine.read_file(str(folder / "t10.csv")) == b"start_time,stop_time\n1,2\n"
    assert engine.read_file(str(folder / "t2.csv")) == b""


def test_a_large_file_is_not(engine: Engine, folder: Path) -> None:
    with (folder / "large.csv").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(FolderError, match="at most 52 MB"):
        engine.read_file(str(folder / "large.csv"))


def test_caches_fill_as_blocks_are_read(engine: Engine, folder: Path) -> None:
    before = engine.cache_use()
    movie = np.random.default_rng(0).integers(0, 9, (20, 4, 30, 30), np.uint16)
    np.save(folder / "fresh.npy", movie)
    nt.run(nt.SummaryImages(), nt.open(folder / "fresh.npy"), engine=engine)
    after = engine.cache_use()
    assert after.used_bytes - before.used_bytes >= movie.nbytes
    assert after.bound_bytes > after.used_bytes


def test_an_engine_that_is_there_says_so(engine: Engine) -> None:
    engine.check()


def test_an_engine_that_was_closed_says_so() -> None:
    engine = nt.connect("threads")
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.check()


def test_a_listing_can_be_given_up(remote: Engine, folder: Path) -> None:
    job = Job("list")
    job.cancel()
    with pytest.raises(JobCancelled):
        remote.list_folder(str(folder), job)
