"""What is asked of Spark: a frame of references, and what each worker does with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark import cloudpickle
from pyspark.sql.types import BinaryType, IntegerType, StringType, StructField, StructType

from napari_thunder.blocks import Block
from napari_thunder.engine.protocol import BlockFunction, Merge
from napari_thunder.engine.spark.frames import Frames, Wave
from napari_thunder.engine.spark.shipping import users_own_modules
from napari_thunder.engine.worker import MapBlocks, OpenMovie, ReadVolumes, ReduceBlocks, Say, Work
from napari_thunder.io.source import Source

ANSWERS = StructType(
    [
        StructField("reference", IntegerType()),
        StructField("kind", StringType()),
        StructField("name", StringType()),
        StructField("layout", StringType()),
        StructField("piece", IntegerType()),
        StructField("pieces", IntegerType()),
        StructField("data", BinaryType()),
    ]
)
"""`engine.answers.SCHEMA` in Spark's words."""

Ask = Callable[[Any, str], Any]
"""From a Spark session and the query's name to the query."""


Reach = Callable[[Source], Source]
"""From a movie to the same one as workers can read it."""


class Query(Protocol):
    """Something to ask of Spark's workers."""

    def prepared(self, session: str, reach: Reach, frames: Frames) -> Ask:
        """How to ask it of a session; `reach` gives a movie as workers can read it."""

    def block(self, reference: int) -> Block | None:
        """The block that a reference means, if it means one."""


@dataclass(frozen=True, slots=True)
class BlockQuery:
    """`function` of the blocks of a wave; merged within each task if there is a `merge`."""

    source: Source
    function: BlockFunction
    merge: Merge | None
    plan: Sequence[Block]
    wave: Wave
    keep: bool = True

    def prepared(self, session: str, reach: Reach, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        source = reach(self.source)
        fingerprint = source.fingerprint()
        each = MapBlocks(self.function, source, fingerprint, self.wave.blocks, session, self.keep)
        what = each if self.merge is None else ReduceBlocks(each, self.merge)
        _bring_along(self.function, self.merge, source)

        def ask(spark: Any, name: str) -> Any:
            frame = frames.get(spark, f"{source.uri} {fingerprint}", self.plan, self.wave)
            return frame.mapInArrow(Work(what, name), ANSWERS)

        return ask

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return self.wave.blocks[reference]


@dataclass(frozen=True, slots=True)
class VolumeQuery:
    """The volumes at `times`, in `tasks` runs."""

    source: Source
    times: Sequence[int]
    tasks: int

    def prepared(self, session: str, reach: Reach, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        source = reach(self.source)
        what = ReadVolumes(source, tuple(self.times))
        _bring_along(source)

        def ask(spark: Any, name: str) -> Any:
            return spark.range(0, len(self.times), 1, self.tasks).mapInArrow(Work(what, name), ANSWERS)

        return ask

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return None


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """What the workers see of a movie by its path."""

    uri: str
    options: dict[str, Any]

    def prepared(self, session: str, reach: Reach, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        what = OpenMovie(self.uri, self.options)
        return lambda spark, name: spark.range(0, 1, 1, 1).mapInArrow(Work(what, name), ANSWERS)

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return None


@dataclass(frozen=True, slots=True)
class SayQuery:
    """What a function says on one of the workers."""

    function: Callable[[], bytes]

    def prepared(self, session: str, reach: Reach, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        what = Say(self.function)
        return lambda spark, name: spark.range(0, 1, 1, 1).mapInArrow(Work(what, name), ANSWERS)

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return None


def _bring_along(*parts: object) -> None:
    """Send code of the user's own with the query, as workers cannot import it."""
    for part in parts:
        for module in users_own_modules(part):
            cloudpickle.register_pickle_by_value(module)
