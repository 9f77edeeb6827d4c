"""A path at an address, used like one on a disk."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from napari_thunder.errors import NotThereError, RecordingError
from napari_thunder.io.remote.asking import ask, ask_all
from napari_thunder.io.remote.filesystem import LONGEST

_SOON = 6.0


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """What storage says of a file or folder.

    Parameters
    ----------
    is_folder
        Storage knows no folders: it is one if there is something whose name begins so.
    st_size
        Bytes; -1 if it is not said.
    modified
        Seconds since 1970; 0 if it is not said.
    tag
        The ETag or checksum; empty if there is none.
    """

    is_folder: bool
    st_size: int
    modified: float
    tag: str

    @property
    def st_mtime_ns(self) -> int:
        """A number that changes when the file does: of its time and its tag."""
        digest = hashlib.sha256(f"{self.modified} {self.tag}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


@dataclass(frozen=True, slots=True)
class RemotePath:
    """Where something lies in storage or on the web; small and picklable.

    Parameters
    ----------
    address
        Without options and secrets, as of `checked_address`.
    """

    address: str
    _status: RemoteStatus | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.address

    def __truediv__(self, key: str) -> RemotePath:
        return RemotePath(f"{self.address.rstrip('/')}/{key}" if key else self.address)

    @property
    def name(self) -> str:
        """The last part of the path, or the bucket or server."""
        return self.address.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]

    @property
    def parent(self) -> RemotePath:
        """The folder it is in; itself at the top."""
        above, _, _ = self.address.rstrip("/").rpartition("/")
        return self if above.endswith(":/") else RemotePath(above)

    @property
    def known(self) -> RemoteStatus | None:
        """What a listing said of it, without asking."""
        return self._status

    @property
    def is_web(self) -> bool:
        """Whether it is a page or file of a web server, which cannot always list its folders."""
        return self.address.startswith("http")

    def stat(self) -> RemoteStatus:
        """What storage says of it.

        Raises
        ------
        RecordingError
            If there is nothing, or it may not be looked at.
        """
        if self._status is not None:
            return self._status
        return _status(ask(self.address, lambda system: system._info(self.address)))

    def exists(self) -> bool:
        """Whether there is a file or folder."""
        return self.is_file() or self.is_dir()

    def is_file(self) -> bool:
        """Whether there is a file."""
        try:
            return not self.stat().is_folder
        except NotThereError:
            return False

    def is_dir(self) -> bool:
        """Whether there is something in it; of a web server's folder, whether it lists one."""
        if not self.is_web:
            try:
                return self.stat().is_folder
            except NotThereError:
                return False
        return any(True for _ in self.iterdir_if_any())

    def answers(self) -> bool:
        """Whether this computer may read it, or something right below it, and gets an answer soon."""
        below = [self.address, *((self / marker).address for marker in ("zarr.json", ".zgroup", ".zarray"))]

        async def anything(system: Any) -> bool:
            said = await asyncio.gather(*(system._info(where) for where in below), return_exceptions=True)
            return any(isinstance(answer, dict) for answer in said)

        try:
            return ask(self.address, anything, _SOON)
        except RecordingError:
            return False

    def iterdir(self) -> Iterator[RemotePath]:
        """What lies in it, in no order.

        Raises
        ------
        RecordingError
            If it may not be listed.
        """
        address = self.address.rstrip("/") + ("/" if self.is_web else "")
        scheme = "" if self.is_web else address.partition("://")[0] + "://"
        for said in ask(address, lambda system: system._ls(address, detail=True)):
            found = scheme + str(said["name"]).split("?")[0].rstrip("/")
            if found.rstrip("/") != address.rstrip("/"):
                known = None if self.is_web and not str(said["name"]).endswith("/") else _status(said)
                yield RemotePath(found, known)

    def iterdir_if_any(self) -> Iterator[RemotePath]:
        """What lies in it; nothing if there is no such folder."""
        try:
            yield from self.iterdir()
        except NotThereError:
            return

    def read_bytes(self) -> bytes:
        """All of a file."""
        found: bytes = ask(self.address, lambda system: system._cat_file(self.address), LONGEST)
        return found


def with_status(paths: Sequence[RemotePath]) -> list[RemotePath]:
    """The same paths, each with its status, asked for all at once where it is not known.

    Raises
    ------
    RecordingError
        If one is not there or may not be looked at.
    """
    unknown = [p.address for p in paths if p._status is None]
    said = ask_all(unknown, lambda system, i: system._info(unknown[i]))
    if wrong := next((answer for answer in said if isinstance(answer, Exception)), None):
        raise wrong
    known = {where: _status(answer) for where, answer in zip(unknown, said, strict=True) if isinstance(answer, dict)}
    return [p if p._status is not None else replace(p, _status=known[p.address]) for p in paths]


def states(paths: Sequence[RemotePath]) -> list[RemoteStatus | None]:
    """What storage says of each, asked for all at once; None for what is not there.

    Raises
    ------
    RecordingError
        If one may not be looked at.
    """
    addresses = [path.address for path in paths]
    said = ask_all(addresses, lambda system, i: system._info(addresses[i]))
    if wrong := next((a for a in said if isinstance(a, Exception) and not isinstance(a, NotThereError)), None):
        raise wrong
    return [None if isinstance(answer, Exception) else _status(answer) for answer in said]


def present(folder: RemotePath, names: Sequence[str]) -> dict[str, bytes]:
    """Those of some small files that are there, all asked for at once.

    Raises
    ------
    RecordingError
        If none is, and one of them for another reason than that there is none.
    """
    addresses = [(folder / name).address for name in names]
    said = ask_all(addresses, lambda system, i: system._cat_file(addresses[i]), folder.address)
    found = {name: answer for name, answer in zip(names, said, strict=True) if isinstance(answer, bytes)}
    wrong = next((a for a in said if isinstance(a, Exception) and not isinstance(a, NotThereError)), None)
    if not found and wrong is not None:
        raise wrong
    return found


def _status(said: dict[str, Any]) -> RemoteStatus:
    size = said.get("size")
    tag = said.get("ETag") or said.get("etag") or said.get("md5Hash") or said.get("crc32c") or ""
    return RemoteStatus(said.get("type") == "directory", -1 if size is None else int(size), _seconds(said), str(tag))


def _seconds(said: dict[str, Any]) -> float:
    found = said.get("LastModified") or said.get("mtime") or said.get("updated") or 0.0
    if isinstance(found, datetime):
        return found.timestamp()
    try:
        return datetime.fromisoformat(found).timestamp() if isinstance(found, str) else float(found)
    except ValueError:
        return 0.0
