"""What is asked of Spark: a frame of references, and what each worker does with them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyspark import cloudpickle
from pyspark.sql.types import BinaryType, IntegerType, StringType, StructField, StructType

from napari_thunder.blocks import Block
from napari_thunder.engine.protocol import BlockFunction, Merge
from napari_thunder.engine.spark.frames import Frames
from napari_thunder.engine.spark.shipping import users_own_module
from napari_thunder.engine.worker import MapBlocks, ReadVolumes, ReduceBlocks
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

Ask = Callable[[Any], Any]
"""From a Spark session to a query."""


class Query(Protocol):
    """Something to ask of Spark's workers."""

    def prepared(self, session: str, source: Source, frames: Frames) -> Ask:
        """How to ask it of a session, of a movie that workers can read."""

    def block(self, reference: int) -> Block | None:
        """The block that a reference means, if it means one."""


@dataclass(frozen=True, slots=True)
class BlockQuery:
    """`function` of each block at `places`; merged within each task if there is a `merge`."""

    function: BlockFunction
    merge: Merge | None
    blocks: Sequence[Block]
    places: range
    tasks: int

    def prepared(self, session: str, source: Source, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        wanted = tuple(self.blocks[self.places.start : self.places.stop])
        fingerprint, nonce = source.fingerprint(), uuid.uuid4().hex
        each = MapBlocks(self.function, source, fingerprint, wanted, self.places.start, session, nonce)
        work = each if self.merge is None else ReduceBlocks(each, self.merge)
        _bring_along(self.function, self.merge, source)

        def ask(spark: Any) -> Any:
            frame = frames.get(spark, f"{source.uri} {fingerprint}", self.blocks, self.places, self.tasks)
            return frame.mapInArrow(work, ANSWERS)

        return ask

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return self.blocks[reference]


@dataclass(frozen=True, slots=True)
class VolumeQuery:
    """The volumes at `times`, in `tasks` runs."""

    times: Sequence[int]
    tasks: int

    def prepared(self, session: str, source: Source, frames: Frames) -> Ask:
        """See `Query.prepared`."""
        work = ReadVolumes(source, tuple(self.times), uuid.uuid4().hex)
        _bring_along(source)
        return lambda spark: spark.range(0, len(self.times), 1, self.tasks).mapInArrow(work, ANSWERS)

    def block(self, reference: int) -> Block | None:
        """See `Query.block`."""
        return None


def _bring_along(*parts: object) -> None:
    """Send code of the user's own with the query, as workers cannot import it."""
    for part in parts:
        module = users_own_module(part)
        if module is not None:
            cloudpickle.register_pickle_by_value(module)
