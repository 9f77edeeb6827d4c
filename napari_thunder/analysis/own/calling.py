"""Calls a function of the user's on series: blocks of them, or one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.own.answers import Output, block_maps, check_outputs, outputs_of, voxel_maps
from napari_thunder.analysis.own.model_file import ModelFile, explained, load_functions
from napari_thunder.analysis.own.notes import Per
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import varies
from napari_thunder.errors import ModelError

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
        answer = self(series)
        with self._where():
            return block_maps(answer, series.shape[1], self.function)

    def voxels(self, series: Series) -> dict[str, Values]:
        """The same of a function of one series."""
        answers = [self(np.ascontiguousarray(one)) for one in series.T]
        with self._where():
            each = [voxel_maps(answer, self.function) for answer in answers]
            first = outputs_of(each[0], 0)
            for found in each:
                check_outputs(outputs_of(found, 0), first, self.function)
        return {output.name: np.stack([found[output.name] for found in each], axis=-1) for output in first}

    @contextmanager
    def _where(self) -> Iterator[None]:
        """Say of what is wrong with an answer where the function is."""
        try:
            yield
        except ModelError as error:
            line = load_functions(self.file)[self.function].__code__.co_firstlineno
            raise ModelError(f"{self.file.at(line)}: {error}") from None

    def check(self, found: Sequence[Output], promised: Sequence[Output]) -> None:
        """Raises
        ------
        ModelError
            If the maps are not those that were promised.
        """
        with self._where():
            check_outputs(found, promised, self.function)

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
        self.call.check(outputs_of(found, 1), self.outputs)
        for name, values in found.items():
            maps[name][..., usable] = values
        return maps

    def computed(self, series: Series) -> Mapping[str, Values]:
        """Of usable voxels."""
        return self.call.maps(series, self.per)
