"""Layers of recordings and results."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_thunder.analysis.protocol import Role
from napari_thunder.display import (
    MapChoice,
    choices,
    layer_for_direction,
    layer_for_factors,
    layer_for_map,
    layer_for_recording,
    layers_for_result,
    strengths,
)
from napari_thunder.display.colormaps import cyclic_lut
from napari_thunder.display.legend import Swatches, Wheel
from napari_thunder.recording import Recording
from napari_thunder.volumes import VolumeArray

from .conftest import SPACE, dataset_of


def names(specs):
    return [spec.name for spec in specs]


def visible(specs):
    return [spec.name for spec in specs if spec.kwargs["visible"]]


def test_a_direction_map_is_what_is_seen_first(tuning):
    specs = layers_for_result(tuning)
    assert visible(specs) == ["fish · direction tuning"]
    assert specs[-1].name == "fish · direction tuning"
    assert set(names(specs[:-1])) == {
        "fish · direction tuning · R²",
        "fish · direction tuning · selectivity",
        "fish · direction tuning · F",
        "fish · direction tuning · −log10 p",
        "fish · direction tuning · −log10 p (FDR)",
    }


def test_a_regression_shows_its_fit_and_keeps_t_of_each_regressor_at_hand(regression):
    specs = layers_for_result(regression)
    assert visible(specs) == ["fish · regression · R²"]
    assert names(specs)[::-1][1:] == [
        "fish · regression · t · direction=30",
        "fish · regression · t · direction=60",
        "fish · regression · t · swim",
    ]


def test_principal_components_show_the_first_two_together(pca):
    specs = layers_for_result(pca)
    assert visible(specs) == ["fish · principal components · components 1, 2"]
    assert "fish · principal components · component 4" in names(specs)


def test_summary_images_show_the_mean():
    maps = {n: (Role.IMAGE, np.random.default_rng(0).normal(size=SPACE), ()) for n in ("mean", "max")}
    assert visible(layers_for_result(dataset_of("Summary images", maps))) == ["fish · summary images · mean"]


def test_many_conditions_do_not_flood_the_list():
    maps = {"response": (Role.SIGNED, np.zeros((40, *SPACE)), ("condition",))}
    specs = layers_for_result(dataset_of("Event average", maps, condition=[f"c={i}" for i in range(40)]))
    assert len(specs) == 12
    assert visible(specs) == ["fish · event average · response · c=0"]


def test_every_picture_of_a_result_can_be_chosen(regression):
    found = choices(regression)
    assert len(found) == 3 + 3 + 3 + 1
    assert [c.title(regression) for c in found[:2]] == ["β · direction=30", "β · direction=60"]
    for choice in found:
        assert layer_for_map(regression, choice).data.shape == SPACE


def test_a_map_shows_the_numbers_of_its_slice(regression):
    spec = layer_for_map(regression, MapChoice("t", (2,)))
    assert (spec.data == regression["t"].sel(regressor="swim").values).all()


def test_r_squared_is_the_first_choice_of_strength(tuning):
    assert strengths(tuning) == ["r_squared", "selectivity", "f_statistic", "p_fdr", "p"]


def test_colours_and_opacity_of_the_direction_layer(tuning):
    spec = layer_for_direction(tuning, strength="selectivity", threshold=0.5)
    seen = tuning["selectivity"].values >= 0.5
    seen[0, 0, 0] = False
    assert spec.data.dtype == np.uint8
    assert ((spec.data[..., 3] > 0) == seen).all()
    assert (spec.data[1, 2, 3, :3] == cyclic_lut()[round(212.3 / 360 * 256)]).all()


def test_only_significant_voxels_are_drawn_at_first(tuning):
    spec = layer_for_direction(tuning)
    drawn = spec.data[..., 3] > 0
    assert (tuning["p_fdr"].values[drawn] < 0.05).mean() > 0.98
    assert drawn[(tuning["p_fdr"].values < 0.05) & np.isfinite(tuning["r_squared"].values)].all()
    assert 0 < spec.thunder["threshold"] < 1


def test_without_any_significant_voxel_nothing_is_hidden(tuning):
    tuning["p_fdr"][:] = 1.0
    spec = layer_for_direction(tuning)
    assert spec.thunder["threshold"] is None
    assert (spec.data[..., 3] > 0).mean() > 0.9


def test_a_direction_map_without_any_strength_is_opaque(tuning):
    spec = layer_for_direction(tuning[["preferred_direction"]])
    assert spec.data[0, 0, 0, 3] == 0
    assert (spec.data[0, 1, :, 3] == 255).all()


def test_the_legend_tells_what_was_drawn(tuning, pca):
    spec = layer_for_direction(tuning, colormap="CET_CBTC1")
    legend = spec.thunder["legend"]
    assert isinstance(legend, Wheel)
    assert (legend.title, legend.strength, legend.colormap, legend.period) == (
        "preferred direction",
        "R²",
        "CET_CBTC1",
        360,
    )
    assert legend.limits == spec.thunder["overlay"].limits
    pair = layer_for_factors(pca).thunder["legend"]
    assert [text for _, text in pair.ticks] == ["+1", "+2", "−1", "−2"]
    rotations = pca.assign_coords(component=["jPC 1", "jPC 2", *pca["component"].values[2:].astype(str)])
    assert [text for _, text in layer_for_factors(rotations).thunder["legend"].ticks] == ["+1", "+2", "−1", "−2"]
    three = layer_for_factors(pca, (0, 1, 3)).thunder["legend"]
    assert isinstance(three, Swatches)
    assert [name for name, _ in three.entries] == ["component 1", "component 2", "component 4"]


def test_an_orientation_comes_round_at_180(tuning):
    tuning["preferred_direction"].attrs["role"] = "orientation"
    legend = layer_for_direction(tuning).thunder["legend"]
    assert legend.period == 180
    assert [text for _, text in legend.ticks] == ["0°", "45°", "90°", "135°"]


def test_a_result_that_is_still_filling_can_be_shown(tuning):
    for variable in tuning.data_vars.values():
        variable[:] = np.nan
    del tuning.attrs["provenance"]
    specs = layers_for_result(tuning, recording="fish")
    assert visible(specs) == ["fish · direction tuning"]
    assert not specs[-1].data[..., 3].any()


@pytest.fixture
def recording():
    movie = np.random.default_rng(0).integers(0, 200, (5, *SPACE)).astype(np.uint8)
    return Recording.from_array(movie, name="fish", voxel_size=(5, 1, 0.5), frame_rate=2.0)


def test_all_layers_go_into_one_viewer_without_a_warning(recording, tuning, regression, pca):
    """Warnings are errors here; napari warns when units of layers do not agree."""
    viewer = ViewerModel()
    array = VolumeArray(recording)
    clusters = dataset_of("Clusters", {"cluster": (Role.LABEL, np.ones(SPACE), ())})
    specs = [layer_for_recording(recording, array, contrast_limits=(0, 200), visible=True)]
    for result in (tuning, regression, pca, clusters):
        specs += layers_for_result(result)
    for spec in specs:
        viewer.add_layer(Layer.create(*spec.shown(True).as_tuple()))
    viewer.dims.ndisplay = 3
    viewer.dims.ndisplay = 2
    assert [str(u) for u in viewer.layers.extent.units] == ["second", "micrometer", "micrometer", "micrometer"]
    assert len({tuple(layer.scale[-3:]) for layer in viewer.layers}) == 1
    assert {tuple(layer.axis_labels[-3:]) for layer in viewer.layers} == {("z", "y", "x")}
    array.close()


def test_layers_of_a_recording_without_sizes_agree_in_pixels(tuning):
    bare = Recording.from_array(np.zeros((5, *SPACE), np.uint8))
    del tuning.attrs["provenance"]
    for axis in "zyx":
        tuning[axis].attrs["units"] = "pixel"
    viewer = ViewerModel()
    array = VolumeArray(bare)
    for spec in [layer_for_recording(bare, array), *layers_for_result(tuning)]:
        viewer.add_layer(Layer.create(*spec.as_tuple()))
    assert {str(u) for u in viewer.layers.extent.units} == {"pixel"}
    array.close()


def test_the_movie_is_asked_for_one_frame_at_a_time(recording):
    array = VolumeArray(recording)
    layer = Layer.create(*layer_for_recording(recording, array).as_tuple())
    assert (layer.rgb, layer.multiscale, layer.projection_mode, layer.visible) == (False, False, "none", False)
    assert tuple(layer.contrast_limits) == (0, 255)
    assert layer.metadata["thunder"]["array"] is array
    array.close()


def test_nan_is_transparent_in_scalar_maps(regression):
    layer = Layer.create(*layer_for_map(regression, MapChoice("r_squared")).as_tuple())
    assert layer.colormap.nan_color[3] == 0


def test_a_threshold_moves_in_a_layer_without_a_new_array(tuning):
    spec = layer_for_direction(tuning)
    layer = Layer.create(*spec.as_tuple())
    overlay = layer.metadata["thunder"]["overlay"]
    overlay.fade(layer.data, 0.9)
    layer.refresh()
    drawn = np.asarray(layer.data)[..., 3] > 0
    assert (tuning["r_squared"].values[drawn] >= 0.9).all()
    assert drawn.any()
