"""The forms in which a result can leave the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_thunder.display import LayerSpec
from napari_thunder.export import curve_tables, export_csv, export_npz, export_ome_zarr, export_rgb_tiff, export_tiff
from napari_thunder.models.results.results import ResultEntry


@dataclass(frozen=True, slots=True)
class Export:
    """One form.

    Parameters
    ----------
    title
        For a menu.
    tip
        What it holds and what reads it.
    ending
        Of the file's name.
    write
        Writes a result, as it is painted now, to a path; blocks.
    why_not
        Why a result cannot be written so; empty if it can.
    """

    title: str
    tip: str
    ending: str
    write: Callable[[ResultEntry, LayerSpec | None, Path], Any]
    why_not: Callable[[ResultEntry, LayerSpec | None], str] = lambda *_: ""


def _write_shown(entry: ResultEntry, spec: LayerSpec | None, path: Path) -> Any:
    assert spec is not None
    if spec.kwargs.get("rgb"):
        return export_rgb_tiff(spec.data, path, spec.kwargs["scale"], spec.kwargs["units"][0])
    return export_tiff(entry.dataset, path, [spec.thunder["choice"]])


def _why_not_shown(_: ResultEntry, spec: LayerSpec | None) -> str:
    return "" if spec is not None else "Wait until its map is painted."


def _why_no_curves(entry: ResultEntry, _: LayerSpec | None) -> str:
    return "" if curve_tables(entry.dataset) else "This result has maps only, no curves."


EXPORTS: tuple[Export, ...] = (
    Export(
        "All maps as TIFF…",
        "An ImageJ hyperstack of 32-bit numbers: a channel for each map, voxels in µm",
        ".tif",
        lambda entry, _, path: export_tiff(entry.dataset, path),
    ),
    Export(
        "The map shown as TIFF…",
        "As it is on the canvas: in colours (RGB) where hue means something, else its numbers",
        ".tif",
        _write_shown,
        _why_not_shown,
    ),
    Export(
        "All maps as OME-Zarr…",
        "OME-Zarr 0.5: a channel for each map; napari, Fiji and ome-zarr read it",
        ".ome.zarr",
        lambda entry, _, path: export_ome_zarr(entry.dataset, path, overwrite=True),
    ),
    Export(
        "Everything as NPZ…",
        "Maps, curves, coordinates and how they were made, for numpy.load",
        ".npz",
        lambda entry, _, path: export_npz(entry.dataset, path),
    ),
    Export(
        "Curves as CSV…",
        "Time courses, designs and spectra as a table",
        ".csv",
        lambda entry, _, path: export_csv(entry.dataset, path),
        _why_no_curves,
    ),
)


def file_name(entry: ResultEntry, ending: str) -> str:
    """A name for a file, from a result's: `series-direction-tuning.tif`."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in entry.name.replace("−", "minus").lower())
    words = "-".join(word for word in kept.split("-") if word)
    return f"{words or 'result'}{ending}"


def with_ending(path: str, ending: str) -> Path:
    """A path a person gave, with the ending of its form."""
    return Path(path if path.lower().endswith(ending) else f"{path}{ending}")
