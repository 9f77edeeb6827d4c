"""What every engine can do. An engine moves blocks and answers; it knows nothing of neuroscience."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.io.folders import Listing
from napari_thunder.io.source import Source

if TYPE_CHECKING:
    from napari_thunder.engine.job import Job
    from napari_thunder.recording import Recording

Array = NDArray[Any]
Answer = dict[str, Array]
"""What comes back from a block: arrays by name, so that it crosses a wire without pickle."""

BlockFunction = Callable[[Array, Block], Answer]
"""Picklable; gets a block's voxels (t, z, y, x), halo included and read only, and the block."""

Merge = Callable[[Answer, Answer], Answer]
"""Picklable and associative; must not depend on the order of blocks beyond rounding."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What a person wants to know of an engine."""

    name: str
    cores: int
    memory_bytes: int | None
    versions: dict[str, str]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CacheUse:
    """How full the caches of decoded blocks are, over all computers of an engine."""

    used_bytes: int
    bound_bytes: int


class Engine(Protocol):
    """Where work runs: threads of this process, or Spark.

    All methods block; call them from a worker thread. All are safe to call from several threads at once.
    """

    @property
    def name(self) -> str:
        """As in `connect(name)`, without secrets."""

    def facts(self) -> EngineFacts:
        """Cores, memory and versions."""

    def plan(self, recording: Recording, *, halo: tuple[int, int, int] = (0, 0, 0)) -> list[Block]:
        """Cut the recording into blocks of a size that suits this engine."""

    def stretches(self, recording: Recording) -> list[Block]:
        """Cut the recording into stretches of time over the whole volume, for what is done volume by volume."""

    def map(
        self,
        function: BlockFunction,
        recording: Recording,
        blocks: Sequence[Block],
        job: Job | None = None,
        *,
        keep: bool = True,
    ) -> Iterator[tuple[Block, Answer]]:
        """Yield each block's answer as soon as it is done, in any order.

        A block may be answered twice, where a worker was lost, and on another computer.

        Parameters
        ----------
        keep
            Whether the blocks are kept in the caches of decoded blocks; not what is looked at once.

        Raises
        ------
        JobCancelled
            Soon after `job.cancel()`.
        EngineError
            If the engine itself fails; what `function` raises on purpose (a `ThunderError`) comes back as it is.
        """

    def reduce(
        self,
        function: BlockFunction,
        merge: Merge,
        recording: Recording,
        blocks: Sequence[Block],
        job: Job | None = None,
        *,
        keep: bool = True,
    ) -> Answer:
        """Merge the answers of all blocks into one, near the data where that saves traffic; `keep` as in `map`."""

    def read(self, recording: Recording, times: Sequence[int], job: Job | None = None) -> Iterator[tuple[int, Array]]:
        """Yield `(t, volume)` with volume (z, y, x), in the order asked for."""

    def open(self, uri: str, **options: Any) -> Source:
        """Open a movie as this engine's workers see it; `options` as in `napari_thunder.open`.

        Raises
        ------
        RecordingError
            If they see nothing there, or cannot read it.
        """

    def list_folder(self, folder: str = "", job: Job | None = None) -> Listing:
        """What this engine's workers see in a folder; their home folder if it is empty.

        Raises
        ------
        FolderError
            If they see no such folder, or may not read it.
        """

    def read_file(self, path: str, job: Job | None = None) -> bytes:
        """A small file as this engine's workers see it: a table, not a movie.

        Raises
        ------
        FolderError
            If it is not there, may not be read, or is larger than `io.folders.LARGEST_FILE`.
        """

    def cache_use(self) -> CacheUse:
        """How full the caches of decoded blocks are."""

    def check(self) -> None:
        """Look whether the engine is still there; quick, however busy it is.

        Raises
        ------
        EngineError
            If it does not answer.
        """

    def close(self) -> None:
        """Free what the engine holds; it cannot be used afterwards. Safe to call twice."""
