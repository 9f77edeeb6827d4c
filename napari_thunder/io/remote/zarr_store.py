"""A Zarr in storage, for Zarr's own reader: as many chunks at once as it asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from napari_thunder.errors import NotThereError
from napari_thunder.io.remote.asking import within_loop
from napari_thunder.io.remote.filesystem import AT_ONCE, FileSystem
from napari_thunder.io.remote.path import RemotePath


class RemoteStore(Store):
    """Read only. Shares the file system, and so its connections, with all else that is read from there.

    Parameters
    ----------
    path
        The group or array.
    """

    supports_writes = False
    supports_deletes = False
    supports_partial_writes = False
    supports_listing = True

    def __init__(self, path: RemotePath) -> None:
        super().__init__(read_only=True)
        self._path = path
        if zarr.config.get("async.concurrency") < AT_ONCE:
            # so many chunks are asked for at once; a disk is not slower for it, decoding has a limit of its own
            zarr.config.set({"async.concurrency": AT_ONCE})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteStore) and other._path == self._path

    def __hash__(self) -> int:
        return hash(self._path)

    def __str__(self) -> str:
        return self._path.address

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """The value of a key or a part of it; None if there is none."""
        where, limits = (self._path / key).address, _limits(byte_range)

        async def read(system: FileSystem) -> bytes:
            found: bytes = await system._cat_file(where, **limits)
            return found

        try:
            return prototype.buffer.from_bytes(_part(await within_loop(where, read), byte_range))
        except NotThereError:
            return None

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Parts of values."""
        import asyncio

        return list(await asyncio.gather(*(self.get(key, prototype, limits) for key, limits in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether there is such a key."""
        where = (self._path / key).address
        try:
            await within_loop(where, lambda system: system._info(where))
        except NotThereError:
            return False
        return True

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Names of what lies under a prefix, one level deep."""
        where = (self._path / prefix.rstrip("/")).address
        try:
            found: list[str] = await within_loop(where, lambda system: system._ls(where, detail=False))
        except NotThereError:
            return
        for name in found:
            yield name.rstrip("/").rsplit("/", 1)[-1]

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Keys under a prefix, at any depth."""
        where = (self._path / prefix.rstrip("/")).address
        root = self._path.address if self._path.is_web else self._path.address.partition("://")[2]
        for name in await within_loop(where, lambda system: system._find(where)):
            yield str(name).removeprefix(f"{root}/")

    async def list(self) -> AsyncIterator[str]:
        """All keys."""
        async for key in self.list_prefix(""):
            yield key

    async def set(self, key: str, value: Buffer) -> None:
        """Not done."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Not done."""
        self._check_writable()

    async def set_partial_values(self, key_start_values: Iterable[tuple[str, int, bytes]]) -> None:
        """Not done."""
        self._check_writable()


def _part(found: bytes, wanted: ByteRequest | None) -> bytes:
    """What was asked for, also of a web server that sends more because it knows no such ranges."""
    if isinstance(wanted, SuffixByteRequest):
        return found[-wanted.suffix :]
    if isinstance(wanted, RangeByteRequest) and len(found) > wanted.end - wanted.start:
        return found[wanted.start : wanted.end]
    return found


def _limits(wanted: ByteRequest | None) -> dict[str, Any]:
    if isinstance(wanted, RangeByteRequest):
        return {"start": wanted.start, "end": wanted.end}
    if isinstance(wanted, OffsetByteRequest):
        return {"start": wanted.offset, "end": None}
    if isinstance(wanted, SuffixByteRequest):
        return {"start": -wanted.suffix, "end": None}
    return {}
