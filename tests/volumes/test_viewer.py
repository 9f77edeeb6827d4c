"""napari's own viewer model over the array."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_thunder.errors import RecordingError

from .slow_source import SlowSource, wait_until


@pytest.fixture
def viewer():
    return ViewerModel()


def hidden_layer(array):
    return Image(
        array, visible=False, contrast_limits=(0, 60), rgb=False, multiscale=False, projection_mode="none", name="movie"
    )


def shown(layer):
    return np.unique(np.asarray(layer._slice.image.raw))


def test_adding_the_layer_hidden_and_then_showing_it_reads_once_at_the_right_place(viewer, make_array):
    source = SlowSource(n_frames=3)
    source.gate.clear()
    array = make_array(source, max_bytes=1)
    layer = hidden_layer(array)
    viewer.add_layer(layer)
    viewer.dims.set_current_step(0, 2)
    assert source.reads == []
    layer.visible = True
    assert wait_until(lambda: source.reads == [2])
    source.gate.set()
    assert wait_until(lambda: array.shown_frame == 2)
    layer.refresh(extent=False)
    assert shown(layer).tolist() == [2]
    assert source.reads == [2]


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_fast_steps_end_with_the_right_picture(viewer, make_array, ndisplay):
    source = SlowSource(seconds=0.05)
    array = make_array(source)
    layer = hidden_layer(array)
    viewer.add_layer(layer)
    viewer.dims.ndisplay = ndisplay
    layer.visible = True
    for t in range(30):
        viewer.dims.set_current_step(0, t)
    assert wait_until(lambda: array.shown_frame == 29)
    layer.refresh(extent=False)
    assert shown(layer).tolist() == [29]


def test_a_duplicated_layer_shares_the_array(viewer, make_array):
    layer = hidden_layer(make_array(SlowSource()))
    viewer.add_layer(layer)
    data, state, kind = layer.as_layer_data_tuple()
    assert kind == "image"
    assert Image(data, **state).data is layer.data


def test_what_would_pull_the_whole_movie_is_refused_with_words(viewer, make_array):
    layer = hidden_layer(make_array(SlowSource(n_frames=500), whole_bytes=1000))
    viewer.add_layer(layer)
    with pytest.raises(RecordingError, match="too large to be read at once"):
        np.max(layer.data)
