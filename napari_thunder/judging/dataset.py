"""The dataset of a judgement, as the contract says."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.judging.case import Case
from napari_thunder.judging.components import StageFindings
from napari_thunder.judging.measures import Measures
from napari_thunder.judging.passes import Found
from napari_thunder.pipeline import space_coords
from napari_thunder.registration.quality.outliers import REASONS
from napari_thunder.registration.quality.sample import Sample
from napari_thunder.registration.quality.stages import REGISTERED, STAGES
from napari_thunder.registration.quality.verdict import word_for

Variables = dict[str, tuple[Any, ...]]
Flags = dict[str, NDArray[np.bool_]]

_SPACE = ("z", "y", "x")
_BLOCKS = ("block_z", "block_y", "block_x")
_PICTURE = ("pc_z", "pc_y", "pc_x")


def dataset_of(
    case: Case, found: Found, measures: Measures, sample: Sample, stages: list[StageFindings], flags: Flags
) -> xr.Dataset:
    """Everything that was measured, labelled."""
    outlier = np.logical_or.reduce(list(flags.values()))
    variables = (
        _traces(case)
        | _frames(case, measures, flags)
        | _maps(case, found)
        | _numbers(measures, stages)
        | _components(stages)
        | {"plane_agreement": _planes(case, sample, stages)}
        | (_epochs(case, measures, stages, outlier) if case.epochs else {})
    )
    dataset = xr.Dataset(variables, coords=_coords(case, sample, stages))
    dataset.attrs |= {"analysis": "registration_quality", "title": "Quality of a registration"}
    if case.recording.voxel_size:
        dataset.attrs["voxel_size"] = list(case.recording.voxel_size)
    return dataset


def _coords(case: Case, sample: Sample, stages: list[StageFindings]) -> dict[str, Any]:
    places = space_coords(case.recording)
    step = case.recording.voxel_size or (1.0, 1.0, 1.0)
    coords: dict[str, Any] = {
        "stage": list(STAGES),
        "axis": list(_SPACE),
        "frame": np.arange(case.shifts.n_frames),
        "rule": list(REASONS),
        "component": np.arange(len(stages[0].components.variance)),
        **places,
        **{name: (name, c, {"units": "voxel"}) for name, c in zip(_BLOCKS, case.grid.centers, strict=True)},
        **{
            name: (name, c * size, dict(places[axis][2]))
            for name, axis, c, size in zip(_PICTURE, _SPACE, sample.centers, step, strict=True)
        },
    }
    if case.recording.frame_times is not None:
        coords["time"] = ("frame", case.recording.frame_times, {"units": "s"})
    if case.epochs:
        coords["epoch"] = list(case.epochs)
        moved = np.linalg.norm(stages[REGISTERED].epochs, axis=1)
        coords["epoch_word"] = ("epoch", [word_for(v) if np.isfinite(v) else "" for v in moved])
    return coords


def _traces(case: Case) -> Variables:
    about = {
        "shift": "mean shift of the frame",
        "drift": "slow part of the shift",
        "jitter": "quick part of the shift",
        "speed": "change of the shift since the frame before",
    }
    dims, variables = ("frame", "axis"), {}
    for name, long_name in about.items():
        values = getattr(case.traces, name)
        variables[name] = (dims, values, _attrs(long_name, "voxel"))
        if case.recording.voxel_size:
            variables[f"{name}_um"] = (dims, values * case.recording.voxel_size, _attrs(long_name, "um"))
    spread = _attrs("standard deviation of the shift over the blocks", "voxel")
    return variables | {"shift_spread": (dims, case.traces.spread, spread)}


def _frames(case: Case, measures: Measures, flags: Flags) -> Variables:
    by_frame = ("stage", "frame")
    return {
        "frame_corr": (by_frame, measures.frame_corr, _attrs("correlation with the mean of the movie")),
        "frame_corr_plane": ((*by_frame, "z"), measures.plane_corr, _attrs("the same, plane by plane")),
        "frame_corr_block": ((*by_frame, *_BLOCKS), measures.block_corr, _attrs("the same, block by block")),
        "dvars": (by_frame, measures.dvars, _attrs("root mean square of the change since the frame before", "a.u.")),
        "outlier": (("frame", "rule"), np.stack(list(flags.values()), axis=1), _attrs("marked by this rule")),
        "excluded": ("frame", ~case.recording.keep, _attrs("excluded by the recording")),
    }


def _maps(case: Case, found: Found) -> Variables:
    by_stage = ("stage", *_SPACE)
    return {
        "mean": (by_stage, found.mean, _attrs("mean", "a.u.") | {"role": "image"}),
        "tsnr": (by_stage, found.tsnr, _attrs("mean over standard deviation in time") | {"role": "value"}),
        "motion_r2": (
            by_stage, found.motion_r2, _attrs("share of the variance that shifts explain") | {"role": "fraction"},
        ),
        "coverage": (_SPACE, found.coverage, _attrs("share of the frames in view") | {"role": "fraction"}),
        "valid": (_SPACE, found.coverage >= 1, _attrs("in view in every frame")),
        "region": (_SPACE, case.region, _attrs("where everything is measured")),
    }  # fmt: skip


def _numbers(measures: Measures, stages: list[StageFindings]) -> Variables:
    correlated = np.asarray([s.correlation_crispness for s in stages])
    return {
        "crispness": ("stage", measures.crispness, _attrs("root of the summed squared gradient of the mean", "a.u.")),
        "crispness_correlation": ("stage", correlated, _attrs("the same, of the picture of local correlations")),
        "tsnr_median": ("stage", measures.tsnr_median, _attrs("median tSNR")),
        "motion_r2_median": ("stage", measures.motion_r2_median, _attrs("median share of variance by motion")),
        "half_split": ("stage", measures.half_split, _attrs("correlation of the means of both halves")),
        "odd_even": ("stage", measures.odd_even, _attrs("correlation of the means of even and odd frames")),
        "half_residual": ("stage", measures.half_residual, _attrs("residual between both halves (95 %)", "voxel")),
        "half_displacement": (
            ("stage", *_BLOCKS, "axis"), measures.half_displacement,
            _attrs("second half relative to the first", "voxel"),
        ),
        "valid_fraction": ((), measures.valid_fraction, _attrs("share of the volume (or mask) in view in every frame")),
        "region_fraction": ((), measures.region_fraction, _attrs("share of the volume that is measured")),
    }  # fmt: skip


def _components(stages: list[StageFindings]) -> Variables:
    by_component = ("stage", "component")

    def of(name: str) -> NDArray[Any]:
        return np.stack([getattr(s, name) for s in stages])

    def pictures(name: str) -> NDArray[Any]:
        return np.stack([getattr(s.components, name) for s in stages])

    moved = of("displacement")
    return {
        "pc_displacement": ((*by_component, "axis"), moved, _attrs("high relative to low picture", "voxel")),
        "pc_shift": (by_component, np.linalg.norm(moved, axis=-1), _attrs("its length", "voxel")),
        "pc_shift_2d": (by_component, of("in_plane"), _attrs("the same along y and x alone", "voxel")),
        "pc_block_mean": (by_component, of("block_mean"), _attrs("mean over blocks", "voxel")),
        "pc_block_max": (by_component, of("block_max"), _attrs("largest of the blocks", "voxel")),
        "pc_floor": ("stage", of("floor"), _attrs("what noise alone gives", "voxel")),
        "pc_variance": (by_component, pictures("variance"), _attrs("share of the variance")),
        "pc_low": ((*by_component, *_PICTURE), pictures("low"), _attrs("frames with the lowest scores", "a.u.")),
        "pc_high": ((*by_component, *_PICTURE), pictures("high"), _attrs("frames with the highest scores", "a.u.")),
    }


def _planes(case: Case, sample: Sample, stages: list[StageFindings]) -> tuple[Any, ...]:
    agreement = np.full(case.shifts.space[0], np.nan)
    found = stages[0].planes
    if found is not None:
        factor, start = sample.factors[0], sample.box[0].start
        agreement[start : start + factor * len(found)] = np.repeat(found, factor)
    return ("z", agreement, _attrs("correlation of the plane's own motion with that of the others"))


def _epochs(case: Case, measures: Measures, stages: list[StageFindings], outlier: NDArray[np.bool_]) -> Variables:
    keep = case.recording.keep
    spans = [epoch & keep for epoch in case.epochs.values()]
    moved = np.stack([s.epochs for s in stages])
    size = np.linalg.norm(moved, axis=-1)
    corr = [[_median(stage[span]) for span in spans] for stage in measures.frame_corr]
    jitter, speed = (np.linalg.norm(v, axis=1) for v in (case.traces.jitter, case.traces.speed))
    return {
        "epoch_frames": ("epoch", [int(s.sum()) for s in spans], _attrs("frames")),
        "epoch_outliers": ("epoch", [int((s & outlier).sum()) for s in spans], _attrs("outliers")),
        "epoch_corr": (("stage", "epoch"), corr, _attrs("median correlation with the mean of the movie")),
        "epoch_displacement": (("stage", "epoch", "axis"), moved, _attrs("mean relative to other frames", "voxel")),
        "epoch_shift": (("stage", "epoch"), size, _attrs("its length", "voxel")),
        "epoch_jitter": ("epoch", [_rms(jitter[s]) for s in spans], _attrs("rms jitter before registration", "voxel")),
        "epoch_speed": ("epoch", [_median(speed[s]) for s in spans], _attrs("median speed before it", "voxel")),
    }


def _median(values: NDArray[np.floating]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _rms(values: NDArray[np.floating]) -> float:
    known = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(known**2))) if len(known) else float("nan")


def _attrs(long_name: str, units: str = "1") -> dict[str, str]:
    return {"long_name": long_name, "units": units}
