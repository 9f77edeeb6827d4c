"""Walking through folders that may be slow, far or gone."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from napari_thunder.errors import FolderError
from napari_thunder.io.folders import list_folder
from napari_thunder.models.data.browser import Browser
from tests.models.waiting import wait_until


def test_one_walks_down_up_and_back(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    browser = Browser(lambda folder, job: list_folder(folder))

    def at(folder: Path) -> None:
        wait_until(lambda: not browser.busy and browser.listing is not None and browser.listing.folder == str(folder))

    browser.go(str(tmp_path))
    at(tmp_path)
    browser.go(str(tmp_path / "a"))
    at(tmp_path / "a")
    browser.up()
    at(tmp_path)
    browser.back()
    at(tmp_path / "a")
    browser.back()
    at(tmp_path)
    browser.forward()
    at(tmp_path / "a")
    browser.close()


def test_the_newest_wish_wins(tmp_path: Path) -> None:
    release, done = Event(), []

    def slow(folder: str, job: object) -> object:
        if folder.endswith("slow"):
            release.wait(5)
        found = list_folder(tmp_path if folder.endswith("slow") else tmp_path / "quick")
        done.append(folder)
        return found

    (tmp_path / "quick").mkdir()
    browser = Browser(slow)
    browser.go("/slow")
    browser.go("/quick")
    wait_until(lambda: browser.listing is not None)
    release.set()
    wait_until(lambda: len(done) == 2)
    assert browser.listing.folder == str(tmp_path / "quick")
    browser.close(1)


def test_a_folder_that_is_gone_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    browser = Browser(lambda folder, job: list_folder(folder))
    browser.go(str(tmp_path))
    wait_until(lambda: browser.listing is not None)
    browser.go(str(tmp_path / "gone"))
    wait_until(lambda: browser.trouble is not None)
    assert "no such folder" in browser.trouble.message
    assert browser.listing.folder == str(tmp_path)
    (tmp_path / "gone").mkdir()
    browser.retry()
    wait_until(lambda: browser.listing.folder == str(tmp_path / "gone"))
    browser.close()


def test_closing_does_not_wait_for_a_disk_that_hangs() -> None:
    release = Event()

    def hang(folder: str, job: object) -> object:
        release.wait(30)
        raise FolderError("too late")

    browser = Browser(hang)
    browser.go("/dead")
    browser.close()
    release.set()
    assert browser.trouble is None
