"""The regions on the desk: edits, undo, and threads that edit at once."""

from __future__ import annotations

import random
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from napari_thunder.models.rois.region_steps import Steps
from napari_thunder.models.rois.regions import COLORS, Regions
from napari_thunder.regions import Outline, Region, region_of_mask, region_of_outline

VOLUME = (4, 12, 14)


def made(name: str = "a", corner: tuple[int, int, int] = (1, 2, 3)) -> Region:
    return region_of_mask(np.ones((1, 2, 2)), name, "#56b4e9", corner=corner, volume=VOLUME)


@pytest.fixture
def regions():
    return Regions()


@pytest.fixture
def heard(regions):
    log = []
    for name in ("added", "edited", "removed"):
        getattr(regions, name).connect(lambda region, name=name: log.append((name, region.key)))
    regions.changed.connect(lambda: log.append("changed"))
    regions.selected.connect(lambda key: log.append(("selected", key)))
    return log


def names(regions):
    return [region.name for region in regions]


def test_what_happens_is_told_once_and_in_order(regions, heard):
    one, two = regions.add_all([made("a"), made("b")])
    regions.edit(one.key, name="tectum")
    regions.edit(one.key, name=regions.get(one.key).name)
    regions.select(two.key)
    regions.select(two.key)
    regions.remove(two.key)
    regions.remove(two.key)
    regions.edit(two.key, name="gone")
    assert heard == [
        *(("added", one.key), ("added", two.key), "changed"),
        *(("edited", one.key), "changed"),
        ("selected", two.key),
        *(("removed", two.key), ("selected", None), "changed"),
    ]


def test_an_edit_is_taken_back_and_made_again(regions):
    one = regions.add(made())
    regions.edit(one.key, name="b", color="#000000")
    regions.reshape(one.key, made(corner=(2, 5, 5)))
    regions.undo()
    assert regions.get(one.key).corner == (1, 2, 3)
    regions.undo()
    assert regions.get(one.key) is one
    regions.undo()
    assert len(regions) == 0
    assert not regions.can_undo
    for _ in range(5):
        regions.redo()
    assert regions.get(one.key).corner == (2, 5, 5)
    assert regions.get(one.key).name == "b"
    assert not regions.can_redo


def test_a_new_edit_ends_what_could_be_made_again(regions):
    regions.add(made("a"))
    regions.undo()
    regions.add(made("b"))
    regions.redo()
    assert names(regions) == ["b"]


def test_what_is_shown_is_not_undone(regions, heard):
    one, two = regions.add_all([made("a"), made("b")])
    regions.edit(one.key, name="c")
    regions.edit(one.key, visible=False)
    regions.show(False, one.key, two.key)
    regions.undo()
    assert names(regions) == ["a", "b"]
    assert not any(region.visible for region in regions)
    regions.redo()
    assert names(regions) == ["c", "b"]
    assert not any(region.visible for region in regions)
    heard.clear()
    regions.show(True, one.key, two.key)
    assert heard == [("edited", one.key), ("edited", two.key), "changed"]
    regions.undo()
    regions.undo()
    assert not regions.can_undo


def test_several_edits_are_one_step(regions):
    one = regions.add(made())
    with regions.one_step():
        with regions.one_step():
            for x in range(5):
                regions.reshape(one.key, made(corner=(1, 2, x)))
        regions.undo()
        regions.add(made("b"))
    assert names(regions) == ["a", "b"]
    regions.undo()
    assert names(regions) == ["a"]
    assert regions.get(one.key).corner == (1, 2, 3)
    regions.redo()
    assert names(regions) == ["a", "b"]
    with regions.one_step():
        regions.show(False, one.key)
    assert not regions.can_redo
    regions.undo()
    assert names(regions) == ["a"]


def test_a_step_with_nothing_in_it_is_none(regions):
    one = regions.add(made())
    regions.undo()
    regions.redo()
    with regions.one_step():
        pass
    regions.move(one.key, 0)
    regions.edit(one.key, name=one.name)
    regions.undo()
    assert len(regions) == 0


def test_what_was_done_before_an_error_is_one_step(regions):
    with pytest.raises(ZeroDivisionError), regions.one_step():
        regions.add_all([made("a")])
        regions.add(made("b"))
        _ = 1 / 0
    regions.undo()
    assert len(regions) == 0


def test_regions_are_put_in_order_and_back(regions, heard):
    _, _, c = regions.add_all([made("a"), made("b"), made("c")])
    heard.clear()
    regions.move(c.key, 0)
    assert names(regions) == ["c", "a", "b"]
    assert heard == ["changed"]
    regions.undo()
    assert names(regions) == ["a", "b", "c"]


def test_a_duplicate_has_a_name_and_colour_of_its_own(regions):
    one = regions.add(made("tectum"))
    two = regions.duplicate(one.key)
    assert (two.name, two.color) == ("tectum copy 1", COLORS[1])
    assert two.mask is one.mask
    assert regions.duplicate(-1) is None
    assert regions.free_name("tectum copy") == "tectum copy 2"


def test_regions_of_another_recording_are_told_apart(regions):
    regions.add_all([made("a"), region_of_mask(np.ones((1, 2, 3)), "b", "#ffffff")])
    assert [region.name for region in regions.unfit(VOLUME)] == ["b"]


def test_undo_forgets_the_oldest_when_masks_take_too_much_memory():
    regions = Regions()
    regions._steps = Steps(most=100, most_bytes=10_000)
    one = regions.add(made())
    for _ in range(20):
        regions.reshape(one.key, region_of_mask(np.ones((1, 10, 100)), "a", "#ffffff"))
    undone = 0
    while regions.can_undo:
        regions.undo()
        undone += 1
    assert 1 <= undone <= 10
    regions.reshape(one.key, region_of_mask(np.ones((1, 300, 300)), "a", "#ffffff"))
    assert regions.can_undo


def test_renaming_large_regions_takes_no_memory_of_undo():
    regions = Regions()
    regions._steps = Steps(most=100, most_bytes=10)
    square = np.array([[0, 0], [0, 500], [500, 500], [500, 0]], float)
    one = regions.add(region_of_outline(Outline("polygon", square, (0, 9)), (10, 512, 512), "a", "#ffffff"))
    for n in range(50):
        regions.edit(one.key, name=f"{n}")
    assert len(regions._steps.done) == 50


class Script:
    """What the regions should be after any edits, kept as whole lists."""

    def __init__(self) -> None:
        self.past: list[list[tuple]] = []
        self.future: list[list[tuple]] = []
        self.now: list[tuple] = []

    def become(self, new: list[tuple]) -> None:
        if new != self.now:
            self.past.append(self.now)
            self.future, self.now = [], new

    def undo(self) -> None:
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()

    def redo(self) -> None:
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()


@pytest.mark.parametrize("seed", range(20))
def test_any_sequence_of_edits_is_undone_and_redone_as_a_list_of_states_would_be(seed):
    dice, regions, script = random.Random(seed), Regions(), Script()
    mirror: dict[int, Region] = {}
    regions.added.connect(lambda region: mirror.update({region.key: region}))
    regions.edited.connect(lambda region: mirror.update({region.key: region}))
    regions.removed.connect(lambda region: mirror.pop(region.key))
    for n in range(120):
        _edit(dice, regions, script, n)
        assert [(r.key, r.name, r.corner) for r in regions] == script.now
        assert (regions.can_undo, regions.can_redo) == (bool(script.past), bool(script.future))
        assert {region.key: region for region in regions} == mirror


def _edit(dice, regions, script, n):
    keys = [region.key for region in regions]
    key = dice.choice([*keys, -1])
    match dice.choice(["add", "add", "name", "shape", "remove", "move", "show", "undo", "undo", "redo", "step"]):
        case "add":
            regions.add(made(f"r{n}"))
        case "name":
            regions.edit(key, name=f"n{n}")
        case "shape":
            regions.reshape(key, made(corner=(n % 4, n // 4 % 10, n // 40)))
        case "remove":
            regions.remove(key, *keys[:1])
        case "move":
            regions.move(key, dice.randrange(5))
        case "show":
            return regions.show(dice.random() > 0.5, key)
        case "undo":
            regions.undo()
            return script.undo()
        case "redo":
            regions.redo()
            return script.redo()
        case "step":
            with regions.one_step():
                regions.remove(key)
                regions.add(made(f"s{n}"))
                regions.add(made(f"t{n}"))
    return script.become([(r.key, r.name, r.corner) for r in regions])


def test_edits_from_many_threads_are_all_kept(regions):
    ours = regions.add_all([made(f"{i}") for i in range(4)])

    def edit(mine: Region) -> None:
        for n in range(50):
            regions.edit(mine.key, name=f"{mine.key} {n}")
            regions.remove(regions.add(replace(mine, name="short")).key)

    threads = [Thread(target=edit, args=(region,)) for region in ours]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(regions) == [f"{region.key} 49" for region in ours]
