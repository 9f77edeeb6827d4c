"""What an analysis is: parameters plus numpy code on one block of time series, shape (t, voxels)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block, Box
from napari_thunder.errors import AnalysisError, MissingMetadataError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from napari_thunder.regions import Region

Array = NDArray[Any]
Series = NDArray[np.float64]
"""Time series (t, voxels), float64, of the kept frames only; an analysis may overwrite it."""

Answer = dict[str, Array]


class Role(StrEnum):
    """What a map means, so that the display can choose colours and limits."""

    IMAGE = "image"
    VALUE = "value"
    SIGNED = "signed"
    FRACTION = "fraction"
    PROBABILITY = "probability"
    DIRECTION = "direction"
    ORIENTATION = "orientation"
    FACTOR = "factor"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Map:
    """One map an analysis gives.

    Parameters
    ----------
    name
        As in the result's dataset.
    long_name
        As on a legend.
    role
        What it means.
    units
        `1`, `deg`, `a.u.` …
    dims
        Dimensions before (z, y, x), such as `("regressor",)`.
    attrs
        What else the display should know, such as `{"alpha": "similarity"}`: the map that is this one's opacity.
    """

    name: str
    long_name: str
    role: Role
    units: str = "1"
    dims: tuple[str, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Reduce:
    """A pass over the whole brain whose answers are merged into one, asked for by a plan.

    `partial(series)` and `merge(a, b)` must be picklable; `partial` must give the same keys for every block.
    `least_voxels` of a series at a time are wanted where merging an answer would else cost more than computing it.
    """

    partial: Callable[[Series], Answer]
    merge: Callable[[Answer, Answer], Answer]
    title: str = "gathering"
    least_voxels: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Series of voxels chosen at random over the brain, asked for by a plan; the same ones on every engine.

    Answered by `series` (t, n), float64, of the voxels that are finite and not constant, and `voxels` (n,), their
    numbers in C order of the volume. n may be less than `n_voxels`, as for long recordings (64 MiB at most), and 0.

    With `kept`, `series` is what that makes of series: (t, n) → (n_rows, n), float32, of the voxels of which all rows
    are finite. It must be picklable, and may overwrite what it gets. Few rows of many voxels are 64 MiB, too.
    """

    n_voxels: int
    seed: int = 0
    title: str = "sampling"
    kept: Callable[[Series], Array] | None = None
    n_rows: int = 1


class Groups(Protocol):
    """Voxels in groups, which may overlap; picklable."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of each group."""

    @property
    def n_groups(self) -> int:
        """How many there are."""

    def members(self, block: Block) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Voxels of a block that are in a group, numbered in C order of its box, and the group of each."""


@dataclass(frozen=True, slots=True)
class Means:
    """Mean series of groups of voxels, asked for by a plan.

    Answered by `series` (t, groups), float64, over the voxels of each group that are finite throughout (NaN where a
    group has none), and `n_voxels` (groups,), how many those are.
    """

    groups: Groups
    title: str = "averaging"


@dataclass(frozen=True, slots=True)
class MapStep:
    """The last pass: each block's maps, put together on the way.

    Parameters
    ----------
    outputs
        The maps; each `dims` entry needs its `coords`.
    compute
        Picklable; series (t, voxels) → arrays (*dims, voxels) by name. With a `halo`: a box of series (t, z, y, x),
        of which those in the halo may be used and not changed, and where the box lies in it (three slices) → arrays
        (*dims, z, y, x) of the box without its halo.
    coords
        Labels of the further dimensions, of maps and curves.
    curves
        What is not a map (design, time courses): name → (dims, values, attributes). `frame` is the dimension of
        the kept frames.
    finish
        What needs the whole map (adjusted p); gets and gives the dataset. Runs at the desk, after the last block.
    halo
        Neighbours (z, y, x) in voxels that `compute` needs around each voxel, clipped at the border of the volume; a
        voxel beside a mask sees its neighbours outside. None: none, and series come without their places.
    """

    outputs: tuple[Map, ...]
    compute: Callable[[Series], Answer]
    coords: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, tuple[tuple[str, ...], Array, dict[str, Any]]] = field(default_factory=dict)
    finish: Callable[[xr.Dataset], xr.Dataset] | None = None
    halo: Box | None = None


@dataclass(frozen=True, slots=True)
class PaintStep:
    """A last step without a pass over the brain: what is known of groups, painted on their voxels.

    Parameters
    ----------
    groups
        Where a voxel is in several, the last one counts.
    values
        Arrays (*dims, groups) by the name of the map.
    outputs, coords, curves, finish
        As of a `MapStep`; there may be no outputs.
    """

    groups: Groups
    values: Mapping[str, Array]
    outputs: tuple[Map, ...] = ()
    coords: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, tuple[tuple[str, ...], Array, dict[str, Any]]] = field(default_factory=dict)
    finish: Callable[[xr.Dataset], xr.Dataset] | None = None


Request = Reduce | Sample | Means
"""What a plan, or a step, may ask for before it is made."""

LastStep = MapStep | PaintStep
Plan = LastStep | Generator[Request, Answer, LastStep]
"""A step, or a generator that first asks for passes over the brain and is sent their answers."""

SeriesFunction = Callable[[Series], Series]
BoundStep = SeriesFunction | Generator[Request, Answer, SeriesFunction]
"""What a step does, or a generator that first asks for passes over the brain (after the steps before it)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an analysis may know of a recording beside its voxels.

    Parameters
    ----------
    n_frames
        Frames of the recording, excluded ones included.
    keep
        (t,) bool, True for the frames in the series.
    frame_times
        (t,) s, of all frames, or None.
    events, signals
        As in `Recording`.
    voxel_size
        (z, y, x) µm or None.
    motion
        (t, 3) mean shift (z, y, x) of each frame in voxels, where motion is undone as the recording is read, or None.
    space
        (z, y, x) voxels of the volume.
    regions
        Regions whose activity an analysis may ask for, in order.
    name
        Of the recording, for messages.
    """

    n_frames: int
    keep: NDArray[np.bool_]
    frame_times: NDArray[np.float64] | None = None
    events: pd.DataFrame | None = None
    signals: pd.DataFrame | None = None
    voxel_size: tuple[float, float, float] | None = None
    motion: NDArray[np.float64] | None = None
    space: Box = (1, 1, 1)
    regions: tuple[Region, ...] = ()
    name: str = "recording"

    @property
    def n_kept(self) -> int:
        """Frames in the series."""
        return int(self.keep.sum())

    def need_frames(self, at_least: int, what: str) -> None:
        """Raises
        ------
        AnalysisError
            If fewer frames are kept than `what` needs.
        """
        if self.n_kept < at_least:
            raise AnalysisError(f"{self.name}: {what} needs at least {at_least} frames, but there are {self.n_kept}.")

    def need_frame_times(self, what: str) -> NDArray[np.float64]:
        """Raises
        ------
        MissingMetadataError
            If the frame times are not known.
        """
        if self.frame_times is None:
            raise MissingMetadataError(
                f"{self.name}: {what} needs the times of the frames, which the files do not say. "
                "Give frame_rate= (--frame-rate on the command line) in frames per second."
            )
        return self.frame_times

    def need_events(self, what: str) -> pd.DataFrame:
        """Raises
        ------
        MissingMetadataError
            If there are no events.
        """
        if self.events is None or self.events.empty:
            raise MissingMetadataError(
                f"{self.name}: {what} needs events. Give events= (--events on the command line), a CSV with "
                "start_time and stop_time in seconds and a column for the condition."
            )
        return self.events

    def need_signals(self, what: str) -> pd.DataFrame:
        """Raises
        ------
        MissingMetadataError
            If there are no behaviour signals.
        """
        if self.signals is None or self.signals.empty:
            raise MissingMetadataError(
                f"{self.name}: {what} needs behaviour signals. Give signals= (--signals on the command line), a CSV "
                "with a column time (s) or frame and one column for each signal."
            )
        return self.signals

    def need_regions(self, what: str, at_least: int = 1) -> tuple[Region, ...]:
        """Raises
        ------
        MissingMetadataError
            If there are fewer regions.
        """
        if len(self.regions) < at_least:
            raise MissingMetadataError(
                f"{self.name}: {what} needs {at_least} or more regions, but there are {len(self.regions)}. Draw them "
                "or open a file of them under ROIs, or give regions= (--regions FILE on the command line)."
            )
        return self.regions

    def need_voxel_size(self, what: str) -> tuple[float, float, float]:
        """Raises
        ------
        MissingMetadataError
            If the size of a voxel is not known.
        """
        if self.voxel_size is None:
            raise MissingMetadataError(
                f"{self.name}: {what} needs the size of a voxel, which the files do not say. Give voxel_size= "
                "(--voxel-size on the command line): z,y,x in µm."
            )
        return self.voxel_size


class Analysis(Protocol):
    """A frozen dataclass of `parameter` fields with a plan."""

    family: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]

    def plan(self, context: Context) -> Plan:
        """What to compute.

        Raises
        ------
        ThunderError
            If it cannot be done with what the recording has.
        """


class Step(Protocol):
    """A frozen dataclass of `parameter` fields: one link of the preprocessing chain.

    It may also have `after(context) -> Context`, if it leaves other frames than it gets; and
    `halo(context) -> (z, y, x)`, if it needs so many voxels of neighbours: its function then gets and gives boxes of
    series (t, z, y, x), clipped at the border of the volume. Of what it gives the outermost so many voxels need not be
    right, except at the border of the volume.
    """

    title: ClassVar[str]
    summary: ClassVar[str]

    def bind(self, context: Context) -> BoundStep:
        """A picklable function of series (t, voxels) → series (t, voxels), which it may change in place.

        Raises
        ------
        ThunderError
            If it cannot be done with what the recording has.
        """
