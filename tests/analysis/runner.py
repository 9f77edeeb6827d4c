"""Does what an engine does, without one."""

from __future__ import annotations

import pickle
from types import GeneratorType
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Analysis, Context


def make_context(n_frames: int, keep: Any = None, **known: Any) -> Context:
    """What an analysis knows of a recording of so many frames."""
    kept = np.ones(n_frames, bool) if keep is None else np.asarray(keep, bool)
    return Context(n_frames, kept, name="tiny", **known)


def compute(analysis: Analysis, context: Context, movie: NDArray[np.float64], slabs: int = 1) -> dict[str, Any]:
    """An analysis of series (t, voxels) in float64, worked on slab by slab: maps (…, voxels) and curves by name."""
    plan = analysis.plan(context)
    parts = [movie[context.keep][:, span] for span in np.array_split(np.arange(movie.shape[1]), slabs)]
    if isinstance(plan, GeneratorType):
        plan = _gathered(plan, parts)
    function = pickle.loads(pickle.dumps(plan.compute))
    answers = [function(part.copy()) for part in parts]
    assert set(answers[0]) == {output.name for output in plan.outputs}
    maps = {name: np.concatenate([answer[name] for answer in answers], axis=-1) for name in answers[0]}
    return maps | {name: values for name, (_, values, _) in plan.curves.items()}


def _gathered(plan: Any, parts: list[NDArray[np.float64]]) -> Any:
    answer = None
    try:
        while True:
            wanted = plan.send(answer)
            partial, merge = pickle.loads(pickle.dumps((wanted.partial, wanted.merge)))
            answers = [partial(part.copy()) for part in parts]
            answer = answers[0]
            for other in answers[1:]:
                answer = merge(answer, other)
    except StopIteration as end:
        return end.value


def dataset(analysis: Analysis, context: Context, movie: NDArray[np.float64]) -> xr.Dataset:
    """The finished result of an analysis of series (t, voxels), as maps (1, 1, voxels)."""
    plan = analysis.plan(context)
    if isinstance(plan, GeneratorType):
        plan = _gathered(plan, [movie[context.keep]])
    answer = plan.compute(movie[context.keep].copy())
    found = xr.Dataset(coords=plan.coords)
    for output in plan.outputs:
        values = answer[output.name][..., None, None, :].astype(np.float32)
        found[output.name] = ((*output.dims, "z", "y", "x"), values, {"long_name": output.long_name})
    for name, (dims, values, attrs) in plan.curves.items():
        found[name] = (dims, values, attrs)
    return plan.finish(found) if plan.finish else found
