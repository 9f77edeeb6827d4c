"""What differs from place to place: what stays in view, how steady it is, and what bends."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.reporting.before_after import pixel_of, projected
from napari_thunder.reporting.markup import Html, element, joined
from napari_thunder.reporting.pictures import color_bar, figures, limits_of, picture

Image = NDArray[np.floating]

_VALUES = "viridis"
_LONGEST = 0.4
"""Share of a block that the longest arrow may take."""
_SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def places(quality: xr.Dataset) -> Html:
    """Maps: valid region, tSNR and motion R²."""
    pixel = pixel_of(quality, 0)
    share = float(quality["valid_fraction"])
    said = (
        "Share of the frames in which a voxel is in view. What left the field of view is not known, and never filled "
        f"in: {share:.1%} of the volume is in view in every frame, and only there anything is measured."
    )
    return joined(
        element("h2", "Place by place"),
        element("h3", "Valid region"),
        element("p", said),
        _coverage(quality),
        _maps(quality, "tsnr", "tSNR: mean over standard deviation in time", pixel),
        element("p", "Blurring alone raises tSNR: compare the registered movie with the control.", class_="dim"),
        _maps(quality, "motion_r2", "Motion R²: share of a voxel's variance that the shifts explain", pixel),
        element(
            "p",
            "Bright edges in the registered map are motion that is left. Animals move when they are active, so that "
            "some of it may be activity.",
            class_="dim",
        ),
    )


def _coverage(quality: xr.Dataset) -> Html:
    coverage = quality["coverage"].transpose("z", "y", "x").values
    limits = (0.0, 1.0)
    views = ((0, "From above, mean over the planes"), (1, "From the side"))
    shown = [
        (picture(coverage.mean(axis=axis), limits, title=said, colors=_VALUES, pixel=pixel_of(quality, axis)), said)
        for axis, said in views[: 2 if coverage.shape[0] > 2 else 1]
    ]
    return joined(figures(shown), color_bar(limits, _VALUES, "Share of the frames"))


def residual(quality: xr.Dataset) -> Html:
    """The residual field between both halves, as arrows on the mean."""
    moved = quality["half_displacement"].transpose("stage", "block_z", "block_y", "block_x", "axis")
    said = (
        "The mean of the second half of the recording, laid over that of the first, block by block: slow deformation "
        "that frame-by-frame measures miss."
    )
    stages, sizes = quality["stage"].values, quality["half_residual"].values
    parts = [element("h2", "From the first half to the second"), element("p", said)]
    if not np.isfinite(sizes).any():
        return joined(*parts, element("p", "Not known: no block stays in view, or has anything to go by."))
    numbers = ", ".join(f"{stage}: {size:.2f} voxel" for stage, size in zip(stages, sizes, strict=True))
    parts.append(element("p", f"95 % of the blocks are displaced by at most, {numbers}."))
    if moved.sizes["block_y"] * moved.sizes["block_x"] > 1:
        parts.append(_arrows(quality, moved))
    return joined(*parts)


def _arrows(quality: xr.Dataset, moved: xr.DataArray) -> Html:
    scale = _scale(quality, moved)
    shown = []
    for stage in ("raw", "registered"):
        of_stage = moved.sel(stage=stage).values
        known = np.isfinite(of_stage)
        field = np.where(
            known.any(axis=0), np.where(known, of_stage, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
        )
        shown.append(
            (
                _on_mean(quality, stage, field, scale),
                f"{stage.capitalize()}; from each dot, drawn {scale:.0f} times as long",
            )
        )
    return figures(shown)


def _scale(quality: xr.Dataset, moved: xr.DataArray) -> int:
    known = moved.values[..., 1:]
    longest = float(np.nanmax(np.abs(known))) if np.isfinite(known).any() else 1.0
    room = min(quality.sizes["y"] / moved.sizes["block_y"], quality.sizes["x"] / moved.sizes["block_x"])
    wanted = max(1.0, _LONGEST * room / max(longest, 0.02))
    return max(step for step in _SCALES if step <= wanted)


def _on_mean(quality: xr.Dataset, stage: str, field: Image, scale: float) -> Html:
    flat = projected(quality["mean"].sel(stage=stage).transpose("z", "y", "x").values, 0)
    image = picture(flat, limits_of(flat), title=f"mean of the {stage} movie", pixel=pixel_of(quality, 0))
    arrows = []
    for i, y in enumerate(quality["block_y"].values):
        for j, x in enumerate(quality["block_x"].values):
            dy, dx = field[i, j, 1:] * scale
            if np.isfinite(dy + dx):
                arrows.append(_arrow(float(x), float(y), float(x + dx), float(y + dy)))
    box = f"-0.5 -0.5 {quality.sizes['x']} {quality.sizes['y']}"
    over = element("svg", *arrows, viewBox=box, preserveAspectRatio="none", aria_hidden="true")
    return element("div", image, over, class_="field")


def _arrow(x: float, y: float, to_x: float, to_y: float) -> Html:
    line = element("line", x1=x, y1=y, x2=to_x, y2=to_y, vector_effect="non-scaling-stroke")
    foot = element("circle", cx=x, cy=y, r=0.8, fill="#ffb000", stroke="none")
    return element("g", line, foot, class_="arrow")


def _maps(quality: xr.Dataset, name: str, title: str, pixel: float) -> Html:
    by_stage = quality[name].transpose("stage", "z", "y", "x")
    flat = {str(s): _median(by_stage.sel(stage=s).values) for s in by_stage["stage"].values}
    if not any(np.isfinite(image).any() for image in flat.values()):
        return joined(element("h3", title), element("p", "Not known, as nothing moved or nothing stayed in view."))
    bright = _bright(quality)
    limits = limits_of(*(np.where(bright, image, np.nan) for image in flat.values()))
    shown = [
        (picture(image, limits, title=f"{name}, {stage}", colors=_VALUES, pixel=pixel), stage.capitalize())
        for stage, image in flat.items()
    ]
    return joined(element("h3", title), figures(shown), color_bar(limits, _VALUES, "Median over the planes"))


def _median(volume: Image) -> Image:
    known = np.isfinite(volume).any(axis=0)
    flat = np.full(volume.shape[1:], np.nan)
    flat[known] = np.nanmedian(volume[:, known], axis=0)
    return flat


def _bright(quality: xr.Dataset) -> NDArray[np.bool_]:
    """Where the brain is, more or less: the dark around it would else rule the colours."""
    mean = _median(quality["mean"].sel(stage="registered").transpose("z", "y", "x").values)
    known = np.isfinite(mean)
    return known & (np.nan_to_num(mean) >= (mean[known].mean() if known.any() else 0.0))
