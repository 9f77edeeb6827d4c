"""Which view of a registration is wanted, and when it can be shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_thunder.blocks import Block
from napari_thunder.engine.job import Job
from napari_thunder.io.elsewhere import describe_source, described_source
from napari_thunder.io.registry import open_source
from napari_thunder.models import Desk
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.registration.kymographs import Drawn
from napari_thunder.models.registration.pair import Pair, pair_of
from napari_thunder.models.registration.quality_views import FASTEST, NO_PAIR, Subject
from napari_thunder.models.registration.scenes import Content, Layout
from napari_thunder.recording import from_source
from napari_thunder.registration import Shifts
from napari_thunder.volumes import EngineReader
from tests.models.registration.moving import (
    N_FRAMES,
    SPACE,
    brain_at_rest,
    moving_pair,
    moving_recording,
    quality,
    registration,
    true_shifts,
)
from tests.models.waiting import wait_until


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close(2.0)


def test_without_a_registration_every_view_says_the_next_step(desk: Desk) -> None:
    views = desk.quality_views
    assert {views.why_not(s, layout) for s in Subject for layout in Layout} == {NO_PAIR}
    views.show(Layout.FLICKER)
    views.hold()
    views.set(arrows=True, template=True)
    assert views.wish.layout is None
    assert not views.wish.arrows
    assert not views.wish.template
    assert views.scene() is None


def test_frames_before_and_after_stream_and_differ_from_the_template_only_raw(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.show(Layout.DIFFERENCE)
    scene = views.scene()
    assert scene is not None
    largest = []
    for picture in scene.pictures:
        ((_, volume),) = views.sight(picture.content, picture.minus).reader.read([5], Job("read"))
        largest.append(float(np.abs(volume).max()))
    raw, registered = largest
    assert raw > 40
    assert registered < 1


def test_mean_and_maximum_are_sharp_again_after_registration(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.show(Layout.SIDE_BY_SIDE, Subject.MEAN)
    wait_until(lambda: views.job is None)
    scene = views.scene()
    assert scene is not None
    raw, registered = (p.content.still for p in scene.pictures)
    assert raw is not None
    assert registered is not None
    inside = np.s_[1:3, 6:14, 7:19]
    np.testing.assert_allclose(registered[inside], np.floor(brain_at_rest())[inside], atol=1)
    assert np.abs(raw - brain_at_rest())[inside].max() > 40
    views.choose(Subject.MAXIMUM)
    assert views.job is None
    assert views.scene() is not None


def test_excluded_frames_are_left_out_of_projections(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair(exclude_frames=range(1, 12)))
    views.show(Layout.SIDE_BY_SIDE, Subject.MEAN)
    wait_until(lambda: views.job is None)
    scene = views.scene()
    assert scene is not None
    np.testing.assert_allclose(scene.pictures[0].content.still, np.floor(brain_at_rest()), atol=1)


def test_projections_of_another_registration_are_made_anew(desk: Desk) -> None:
    views, dataset = desk.quality_views, Dataset(1, moving_recording())
    views.take(pair_of(dataset, Shifts.rigid(np.zeros((N_FRAMES, 3)), SPACE)))
    views.show(Layout.SIDE_BY_SIDE, Subject.MEAN)
    wait_until(lambda: views.job is None)
    before = views.look
    views.take(pair_of(dataset, true_shifts()))
    wait_until(lambda: views.job is None and views.look != before)
    scene = views.scene()
    assert scene is not None
    raw, registered = (p.content.still for p in scene.pictures)
    assert raw is not None
    assert registered is not None
    assert np.nanmax(np.abs(raw - registered)) > 40


def test_what_only_the_engine_sees_is_read_by_it(desk: Desk, tmp_path: Path) -> None:
    desk.connection.connect("threads")
    wait_until(lambda: desk.connection.engine is not None)
    np.save(tmp_path / "movie.npy", moving_recording().source.read_block(Block(0, (0, N_FRAMES), (0, 0, 0), SPACE)))
    far = described_source(describe_source(open_source(tmp_path / "movie.npy")))
    views = desk.quality_views
    views.take(pair_of(desk.datasets.add(from_source(far)), true_shifts()))
    assert views.pair is not None
    assert views.pair.is_elsewhere
    sight = views.sight(Content("Registered", movie=views.pair.registered))
    assert isinstance(sight.reader, EngineReader)
    ((_, volume),) = sight.reader.read([5], Job("read"))
    np.testing.assert_array_equal(volume, moving_pair().registered.read_volume(5))
    desk.kymographs.draw(Drawn(np.array([[1.0, 10, 5], [1, 10, 20]])))
    wait_until(lambda: desk.kymographs.job is None)
    assert desk.kymographs.trouble is None
    assert desk.kymographs.profiles is not None


def test_cancelled_projections_end_the_view(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.show(Layout.FLICKER, Subject.MEAN)
    views.cancel()
    wait_until(lambda: views.job is None)
    assert views.wish.layout is None
    assert views.trouble is None


def test_what_does_not_suit_is_said_and_not_shown(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair(template=False))
    assert "template is not known" in views.why_not(Subject.FRAMES, Layout.OVERLAY)
    views.show(Layout.OVERLAY)
    assert views.wish.layout is None
    views.take(moving_pair())
    assert "mean" in views.why_not(Subject.MAXIMUM, Layout.DIFFERENCE)
    assert "Judge" in views.why_not(Subject.COMPONENT, Layout.FLICKER)


def test_a_subject_that_does_not_suit_the_layout_is_shown_side_by_side(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.show(Layout.DIFFERENCE)
    views.choose(Subject.MAXIMUM)
    assert views.wish.layout is Layout.SIDE_BY_SIDE


def test_a_key_held_shows_the_raw_frame_and_stops_the_flicker(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.hold()
    assert (views.wish.layout, views.wish.playing, views.wish.phase) == (Layout.FLICKER, False, 0)
    views.hold()
    assert views.wish.phase == 1


def test_a_flicker_is_never_faster_than_can_be_borne(desk: Desk) -> None:
    desk.quality_views.set(rate=500)
    assert desk.quality_views.wish.rate == FASTEST


def test_arrows_have_a_length_that_suits_until_somebody_chooses_one(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair())
    views.set(arrows=True)
    assert views.wish.arrow_length == 1
    views.set(arrow_length=7.0)
    views.set(arrows=False)
    views.set(arrows=True)
    assert views.wish.arrow_length == 7


def test_a_view_goes_on_with_another_registration_and_ends_with_another_recording(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair(judged=True))
    views.show(Layout.FLICKER, Subject.COMPONENT, 1)
    look = views.look
    views.take(moving_pair(judged=True))
    assert views.wish.layout is Layout.FLICKER
    assert views.look != look
    views.take(moving_pair())
    assert views.wish.layout is None
    views.show(Layout.FLICKER, Subject.FRAMES)
    views.take(moving_pair(key=2))
    assert views.wish.layout is None
    views.take(None)
    assert views.scene() is None


def test_a_component_that_is_no_longer_there_gives_way_to_the_first(desk: Desk) -> None:
    views = desk.quality_views
    views.take(moving_pair(judged=True))
    views.show(Layout.DIFFERENCE, Subject.COMPONENT, 1)
    dataset = Dataset(1, moving_recording())
    views.take(pair_of(dataset, true_shifts(), registration(), quality(1)))
    assert views.wish.component == 0
    assert views.scene() is not None


def test_the_canvas_need_not_change_when_a_registration_has_been_judged(desk: Desk) -> None:
    views, shifts, said = desk.quality_views, true_shifts(), registration()
    dataset = desk.datasets.add(moving_recording())
    before = pair_of(dataset, shifts, said)
    views.take(before)
    views.show(Layout.FLICKER)
    look = views.look
    after = pair_of(dataset, shifts, said, quality())
    views.take(Pair(after.dataset, after.raw, after.registered, shifts, before.template, quality=after.quality))
    assert views.look == look


def test_the_registration_of_the_current_recording_is_looked_at(desk: Desk) -> None:
    dataset = desk.datasets.add(moving_recording())
    centers = {f"grid_{a}": (f"grid_{a}", [(n - 1) / 2]) for a, n in zip("zyx", SPACE, strict=True)}
    dims = ("frame", "grid_z", "grid_y", "grid_x", "axis")
    found = registration().assign(shift=(dims, true_shifts().values)).assign_coords(centers)
    found.attrs["analysis"] = "registration"
    desk.registration._entries.add(dataset.key, "Registration 1", found, finished=True)
    desk.registration.changed.emit()
    wait_until(lambda: desk.quality_views.pair is not None)
    pair = desk.quality_views.pair
    assert pair is not None
    assert pair.shifts == true_shifts()
    assert pair.template is not None
    desk.datasets.remove(dataset.key)
    wait_until(lambda: desk.quality_views.pair is None)


def test_a_kymograph_is_read_in_the_background_and_is_straight_registered(desk: Desk) -> None:
    desk.quality_views.take(moving_pair())
    desk.kymographs.draw(Drawn(np.array([[1.0, 10, 5], [1, 10, 20]])))
    wait_until(lambda: desk.kymographs.job is None)
    found = desk.kymographs.profiles
    assert found is not None
    assert found.unit == "µm"
    assert np.nanstd(found.registered, axis=0).max() < 1
    assert np.nanstd(found.raw, axis=0).max() > 20


def test_of_several_lines_the_newest_is_shown(desk: Desk) -> None:
    desk.quality_views.take(moving_pair())
    for y in range(4, 12):
        desk.kymographs.draw(Drawn(np.array([[1.0, y, 2], [1, y, 2 + y]])))
    wait_until(lambda: desk.kymographs.job is None)
    assert desk.kymographs.profiles is not None
    assert len(desk.kymographs.profiles.distance) == 12


def test_a_line_beside_the_brain_is_refused_in_words(desk: Desk) -> None:
    assert "Register" in desk.kymographs.why_not()
    desk.quality_views.take(moving_pair())
    assert "Draw a line" in desk.kymographs.why_not()
    desk.kymographs.draw(Drawn(np.array([[1.0, -10, 5], [1, -4, 5]])))
    wait_until(lambda: desk.kymographs.trouble is not None)
    assert desk.kymographs.trouble is not None
    assert "longer" in desk.kymographs.trouble.message
    assert desk.kymographs.job is None


def test_the_line_goes_with_its_recording(desk: Desk) -> None:
    desk.quality_views.take(moving_pair())
    desk.kymographs.draw(Drawn(np.array([[1.0, 10, 5], [1, 10, 20]])))
    desk.quality_views.take(moving_pair(key=2))
    assert desk.kymographs.drawn is None
    wait_until(lambda: desk.kymographs.job is None)
    assert desk.kymographs.profiles is None
