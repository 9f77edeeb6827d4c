"""Does what an engine does, without one."""

from __future__ import annotations

import dataclasses
import pickle
from types import GeneratorType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.groups import painted
from napari_thunder.analysis.protocol import Analysis, Context, MapStep, Means, PaintStep, Reduce, Sample
from napari_thunder.blocks import Block


def make_context(n_frames: int, keep: Any = None, **known: Any) -> Context:
    """What an analysis knows of a recording of so many frames."""
    kept = np.ones(n_frames, bool) if keep is None else np.asarray(keep, bool)
    return Context(n_frames, kept, name="tiny", **known)


def compute(analysis: Analysis, context: Context, movie: NDArray[np.float64], slabs: int = 1) -> dict[str, Any]:
    """An analysis of series (t, voxels) in float64, worked on slab by slab: maps (…, voxels) and curves by name.

    The voxels lie in a row along x. What needs neighbours is worked on as a whole.
    """
    context = dataclasses.replace(context, space=(1, 1, movie.shape[1]))
    kept = movie[context.keep]
    plan = analysis.plan(context)
    parts = [kept[:, span] for span in np.array_split(np.arange(movie.shape[1]), slabs)]
    if isinstance(plan, GeneratorType):
        plan = _gathered(plan, parts)
    maps = _maps(plan, parts)
    assert set(maps) == {output.name for output in plan.outputs}
    return maps | {name: values for name, (_, values, _) in plan.curves.items()}


def stepped(
    step: Any, context: Context, movie: NDArray[np.float64], parts_of: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """A preprocessing step of series (t, voxels) of all frames, pickled on the way as to a worker.

    What it asks of the brain is answered of `parts_of`, if that is given.
    """
    function = step.bind(context)
    if isinstance(function, GeneratorType):
        whole = movie if parts_of is None else parts_of
        function = _gathered(function, [whole[context.keep]])
    series: NDArray[np.float64] = pickle.loads(pickle.dumps(function))(movie[context.keep].copy())
    return series


def _maps(plan: MapStep | PaintStep, parts: list[NDArray[np.float64]]) -> dict[str, Any]:
    if isinstance(plan, PaintStep):
        whole = _block(sum(part.shape[1] for part in parts))
        return {name: painted(plan.groups, values, whole)[..., 0, 0, :] for name, values in plan.values.items()}
    function = pickle.loads(pickle.dumps(plan.compute))
    if plan.halo is not None:
        box = np.concatenate(parts, axis=1)[:, None, None, :]
        whole = slice(0, 1), slice(0, 1), slice(0, box.shape[-1])
        return {name: values[..., 0, 0, :] for name, values in function(box, whole).items()}
    answers = [function(part.copy()) for part in parts]
    return {name: np.concatenate([answer[name] for answer in answers], axis=-1) for name in answers[0]}


def _block(n_voxels: int) -> Block:
    return Block(0, (0, 1), (0, 0, 0), (1, 1, n_voxels))


def _gathered(plan: Any, parts: list[NDArray[np.float64]]) -> Any:
    answer = None
    try:
        while True:
            wanted = plan.send(answer)
            if isinstance(wanted, Reduce):
                partial, merge = pickle.loads(pickle.dumps((wanted.partial, wanted.merge)))
                answers = [partial(part.copy()) for part in parts]
                answer = answers[0]
                for other in answers[1:]:
                    answer = merge(answer, other)
            else:
                whole = np.concatenate(parts, axis=1)
                answer = _sample(wanted, whole) if isinstance(wanted, Sample) else _means(wanted, whole)
    except StopIteration as end:
        return end.value


def _sample(wanted: Sample, movie: NDArray[np.float64]) -> dict[str, Any]:
    rng, n = np.random.default_rng(wanted.seed), movie.shape[1]
    usable = np.flatnonzero(np.isfinite(movie).all(axis=0) & (np.ptp(movie, axis=0) > 0))
    chosen = usable if wanted.n_voxels >= n else np.sort(rng.choice(usable, wanted.n_voxels, replace=False))
    series = movie[:, chosen].copy()
    return {"series": series if wanted.kept is None else wanted.kept(series), "voxels": chosen}


def _means(wanted: Means, movie: NDArray[np.float64]) -> dict[str, Any]:
    voxels, groups = wanted.groups.members(_block(movie.shape[1]))
    series, counts = [], []
    for group in range(wanted.groups.n_groups):
        own = movie[:, voxels[groups == group]]
        own = own[:, np.isfinite(own).all(axis=0)]
        series.append(own.mean(axis=1) if own.shape[1] else np.full(len(movie), np.nan))
        counts.append(own.shape[1])
    return {"series": np.stack(series, axis=1), "n_voxels": np.array(counts)}


def dataset(
    analysis: Analysis, context: Context, movie: NDArray[np.float64], space: tuple[int, int, int] | None = None
) -> xr.Dataset:
    """The finished result of an analysis of series (t, voxels), as maps of such a space, else (1, 1, voxels)."""
    space = space or (1, 1, movie.shape[1])
    context = dataclasses.replace(context, space=space)
    plan = analysis.plan(context)
    if isinstance(plan, GeneratorType):
        plan = _gathered(plan, [movie[context.keep]])
    answer = _maps(plan, [movie[context.keep]])
    found = xr.Dataset(coords=plan.coords)
    for output in plan.outputs:
        values = answer[output.name].astype(np.float32)
        values = values.reshape(*values.shape[:-1], *space)
        attrs = {"long_name": output.long_name, "role": str(output.role), **output.attrs}
        found[output.name] = ((*output.dims, "z", "y", "x"), values, attrs)
    for name, (dims, values, attrs) in plan.curves.items():
        found[name] = (dims, values, attrs)
    return plan.finish(found) if plan.finish else found
