"""Calls a function of the user's on series: blocks of them, or one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.own.answers import Output, block_maps, check_outputs, outputs_of, voxel_maps
from napari_thunder.analysis.own.model_file import ModelFile, explained, load_functions
from napari_thunder.analysis.own.notes import Per
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import varies

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a file with everything but the series; picklable, as it holds the text and not the function.

    Parameters
    ----------
    file
        Compiled where it is called.
    function
        Its name in the file.
    settings
        Its parameters.
    known
        What it names of the recording: `events`, `signals`, `frame_times`.
    """

    file: ModelFile
    function: str
    settings: Mapping[str, Any]
    known: Mapping[str, Any]

    def __call__(self, series: Series) -> Any:
        """What the function answers to series (t, voxels), or to one (t,).

        Raises
        ------
        ModelError
            With file, line and what stands there.
        """
        function = load_functions(self.file)[self.function]
        try:
            with np.errstate(all="ignore"):
                return function(series, **self.known, **self.settings)
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise explained(self.file, error) from error

    def block(self, series: Series) -> dict[str, Values]:
        """Maps (voxels,) or (k, voxels) of series (t, voxels), which the function may change."""
        return block_maps(self(series), series.shape[1], self.function)

    def voxels(self, series: Series) -> dict[str, Values]:
        """The same of a function of one series."""
        each = [voxel_maps(self(np.ascontiguousarray(one)), self.function) for one in series.T]
        first = outputs_of(each[0], 0)
        for found in each:
            check_outputs(outputs_of(found, 0), first, self.function)
        return {output.name: np.stack([found[output.name] for found in each], axis=-1) for output in first}

    def maps(self, series: Series, per: Per) -> dict[str, Values]:
        """The maps of a function of that kind."""
        return self.block(series) if per == "block" else self.voxels(series)


@dataclass(frozen=True)
class OwnMaps:
    """The maps of a block: the function sees only voxels that are finite and not constant, the others are NaN.

    Parameters
    ----------
    per
        Whether it takes many voxels at once.
    outputs
        What it gave when it was tried.
    """

    call: Call
    per: Per
    outputs: tuple[Output, ...]

    def __call__(self, series: Series) -> Answer:
        usable = varies(series)
        maps: Answer = {o.name: np.full((*o.shape, series.shape[1]), np.nan) for o in self.outputs}
        if not usable.any():
            return maps
        found = self.computed(series if usable.all() else series[:, usable])
        check_outputs(outputs_of(found, 1), self.outputs, self.call.function)
        for name, values in found.items():
            maps[name][..., usable] = values
        return maps

    def computed(self, series: Series) -> Mapping[str, Values]:
        """Of usable voxels."""
        return self.call.maps(series, self.per)
