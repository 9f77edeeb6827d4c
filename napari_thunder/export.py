"""Results as files of other programs: whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import MapChoice, choices
from napari_thunder.display.space import space_of_maps
from napari_thunder.errors import ResultError
from napari_thunder.io.whole import written_whole

Array = NDArray[Any]


def export_tiff(result: xr.Dataset, path: str | Path, maps: Sequence[MapChoice] | None = None) -> Path:
    """Write maps as an ImageJ hyperstack of float32: a channel for each map, with its name, and voxels in µm.

    Parameters
    ----------
    result
        A result.
    path
        Where to; a file there is replaced.
    maps
        Which maps; all when left out.

    Raises
    ------
    ResultError
        If it cannot be written; nothing is left behind then.
    """
    import tifffile

    chosen = list(maps) if maps is not None else choices(result)
    stack = np.stack([choice.values(result) for choice in chosen], axis=1).astype(np.float32)
    names = [choice.title(result) for choice in chosen]
    z, y, x = space_of_maps(result).scale
    about = {
        "axes": "ZCYX",
        "spacing": z,
        "unit": _unit(result),
        "mode": "grayscale",
        "Labels": names * stack.shape[0],
        "Info": str(result.attrs.get("provenance", "")),
    }
    place = Path(path).expanduser().absolute()
    with written_whole(place, ResultError) as draft:
        tifffile.imwrite(draft, stack, imagej=True, resolution=(1 / x, 1 / y), metadata=about)
    return place


def export_rgb_tiff(rgba: NDArray[np.uint8], path: str | Path, scale: tuple[float, ...], unit: str = "um") -> Path:
    """Write a coloured volume (z, y, x, 4) as an RGB TIFF that ImageJ opens, on black where it is transparent.

    Parameters
    ----------
    scale
        Size of a voxel (z, y, x).
    unit
        Of `scale`: `um` or `pixel`.

    Raises
    ------
    ResultError
        If it cannot be written; nothing is left behind then.
    """
    import tifffile

    rgb = np.round(rgba[..., :3] * (rgba[..., 3:] / np.float32(255))).astype(np.uint8)
    z, y, x = scale[-3:]
    about = {"axes": "ZYXS", "spacing": z, "unit": unit}
    place = Path(path).expanduser().absolute()
    with written_whole(place, ResultError) as draft:
        tifffile.imwrite(draft, rgb, imagej=True, resolution=(1 / x, 1 / y), metadata=about)
    return place


def export_ome_zarr(
    result: xr.Dataset, path: str | Path, maps: Sequence[MapChoice] | None = None, *, overwrite: bool = False
) -> Path:
    """Write maps as an OME-Zarr 0.5 image (Zarr v3) of axes (c, z, y, x): a channel for each map.

    Parameters
    ----------
    overwrite
        Whether maps written here before may be replaced. Anything else, a recording above all, is never replaced.

    Raises
    ------
    ResultError
        If something is there already or it cannot be written; nothing is left behind then.
    """
    import zarr

    from napari_thunder.io.draft_store import DraftStore

    chosen = list(maps) if maps is not None else choices(result)
    place = Path(path).expanduser().absolute()
    _check_place(place, overwrite=overwrite)
    with written_whole(place, ResultError) as draft:
        store = DraftStore(draft)
        try:
            group = zarr.open_group(store, mode="w", zarr_format=3)
            _write_channels(group, result, chosen)
            group.attrs["ome"] = _ome(result, chosen, place.stem.removesuffix(".ome"))
            group.attrs["napari_thunder"] = {"made_by": result.attrs.get("provenance", "")}
        finally:
            store.stop()
    return place


def export_npz(result: xr.Dataset, path: str | Path) -> Path:
    """Write all maps, curves and coordinates as a `.npz` that needs no pickle.

    `attrs` holds the attributes of the whole, of each array and the dimensions, as JSON text.

    Raises
    ------
    ResultError
        If it cannot be written; nothing is left behind then.
    """
    arrays = {str(name): _unpickled(values.values) for name, values in result.variables.items()}
    about = {
        "attrs": result.attrs,
        "variables": {
            str(name): {"dims": list(values.dims), "attrs": values.attrs} for name, values in result.variables.items()
        },
    }
    text = np.array(json.dumps(about, ensure_ascii=False, default=str))
    place = Path(path).expanduser().absolute()
    with written_whole(place, ResultError) as draft, draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays, attrs=text)
    return place


def export_csv(result: xr.Dataset, path: str | Path) -> Path:
    """Write the curves of a result (design, time courses, spectra) as a table.

    Curves along the same dimension stand side by side; one column for each entry of a further dimension. Curves along
    several kinds of dimension follow each other, as in a long table, with a column that names the dimension.

    Raises
    ------
    ResultError
        If the result has no curves, or the file cannot be written; nothing is left behind then.
    """
    tables = curve_tables(result)
    if not tables:
        raise ResultError("This result has maps only, no curves to write as a table. Export it as TIFF or NPZ instead.")
    place = Path(path).expanduser().absolute()
    with written_whole(place, ResultError) as draft:
        if len(tables) == 1:
            (table,) = tables.values()
            table.to_csv(draft, float_format="%.17g")
        else:
            together = pd.concat([t.reset_index(names="at").assign(along=dim) for dim, t in tables.items()])
            order = ["along", "at", *(c for c in together.columns if c not in ("along", "at"))]
            together[order].to_csv(draft, index=False, float_format="%.17g")
    return place


def curve_tables(result: xr.Dataset) -> dict[str, pd.DataFrame]:
    """The curves of a result by the dimension they run along, the longest dimension of each."""
    tables: dict[str, dict[str, Array]] = {}
    for name, values in result.data_vars.items():
        if not values.dims or {"z", "y", "x"} & set(values.dims):
            continue
        along = str(max(values.dims, key=lambda dim: (dim == "frame", values.sizes[dim])))
        tables.setdefault(along, {}).update(_columns(str(name), values.transpose(along, ...)))
    return {dim: _table(result, dim, columns) for dim, columns in tables.items()}


def _columns(name: str, values: xr.DataArray) -> Iterator[tuple[str, Array]]:
    rest = values.dims[1:]
    for at in np.ndindex(*(values.sizes[dim] for dim in rest)):
        words = [
            str(values.coords[dim].values[i]) if dim in values.coords else str(i + 1)
            for dim, i in zip(rest, at, strict=True)
        ]
        yield " ".join([name, *words]), values.values[(slice(None), *at)]


def _table(result: xr.Dataset, dim: str, columns: dict[str, Array]) -> pd.DataFrame:
    index = result.coords[dim].values if dim in result.coords else np.arange(result.sizes[dim])
    beside = {
        str(name): coord.values for name, coord in result.coords.items() if coord.dims == (dim,) and str(name) != dim
    }
    return pd.DataFrame({**beside, **columns}, index=pd.Index(index, name=dim))


def _unit(result: xr.Dataset) -> str:
    return space_of_maps(result).units[0]


def _unpickled(values: Array) -> Array:
    return values.astype(str) if values.dtype.kind == "O" else values


def _write_channels(group: Any, result: xr.Dataset, chosen: Sequence[MapChoice]) -> None:
    z, y, x = (result.sizes[axis] for axis in ("z", "y", "x"))
    chunks = (1, min(z, 64), min(y, 256), min(x, 256))
    array = group.create_array(
        "0", shape=(len(chosen), z, y, x), chunks=chunks, dtype="float32", dimension_names=("c", "z", "y", "x"),
        fill_value=float("nan"),
    )  # fmt: skip
    for channel, choice in enumerate(chosen):
        array[channel] = choice.values(result)


def _ome(result: xr.Dataset, chosen: Sequence[MapChoice], name: str) -> dict[str, Any]:
    space = space_of_maps(result)
    unit = {} if space.units[0] == "pixel" else {"unit": "micrometer"}
    axes = [{"name": "c", "type": "channel"}, *({"name": axis, "type": "space", **unit} for axis in "zyx")]
    scale = [{"type": "scale", "scale": [1.0, *map(float, space.scale)]}]
    return {
        "version": "0.5",
        "multiscales": [{"name": name, "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}],
        "omero": {"channels": [_channel(result, choice) for choice in chosen]},
    }


def _channel(result: xr.Dataset, choice: MapChoice) -> dict[str, Any]:
    values = choice.values(result)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    window = {"min": low, "max": high, "start": low, "end": high}
    return {"label": choice.title(result), "color": "FFFFFF", "active": True, "window": window}


def _check_place(place: Path, *, overwrite: bool) -> None:
    marker = place / "zarr.json"
    made_here = marker.is_file() and '"made_by"' in marker.read_text("utf-8", errors="replace")
    if place.exists() and not (overwrite and made_here):
        raise ResultError(f"{place}: there is something there already. Choose another name.")
