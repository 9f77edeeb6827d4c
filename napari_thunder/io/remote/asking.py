"""Questions to storage: each is answered, or ends in an error that says why, in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from napari_thunder.errors import NotThereError
from napari_thunder.io.remote.filesystem import AT_ONCE, LONGEST, PATIENCE, FileSystem, file_system, forget
from napari_thunder.io.remote.troubles import storage_error

Answer = TypeVar("Answer")
Question = Callable[[FileSystem], Coroutine[Any, Any, Answer]]


def ask(address: str, question: Question[Answer], patience: float | None = PATIENCE) -> Answer:
    """The answer of the file system of an address; blocks.

    Parameters
    ----------
    question
        Makes the coroutine that asks.
    patience
        Seconds; None to go on for as long as bytes come.

    Raises
    ------
    RecordingError
        If there is nothing (`NotThereError`), it may not be read, or nobody answers.
    """
    try:
        system = file_system(address)
        from fsspec.asyn import sync

        answer: Answer = sync(system.loop, question, system, timeout=patience)
        return answer
    except Exception as error:
        raise _explained(address, error) from None


def ask_all(
    addresses: Sequence[str],
    question: Callable[[FileSystem, int], Coroutine[Any, Any, Answer]],
    named: str | None = None,
) -> list[Answer | Exception]:
    """Answers to the same question of many addresses of one kind, many at once; errors take the place of answers.

    Parameters
    ----------
    question
        Makes the coroutine that asks for the i-th address.
    named
        What errors call it, if not by these addresses.
    """
    if not addresses:
        return []

    async def every(system: FileSystem) -> list[Answer | BaseException]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(i: int) -> Answer:
            async with gate:
                return await asyncio.wait_for(question(system, i), LONGEST)

        return await asyncio.gather(*(one(i) for i in range(len(addresses))), return_exceptions=True)

    answers = ask(addresses[0], every, None)
    return [
        _explained(named or where, answer) if isinstance(answer, BaseException) else answer
        for where, answer in zip(addresses, answers, strict=True)
    ]


def _explained(address: str, error: BaseException) -> Exception:
    found = storage_error(address, error)
    if not isinstance(found, NotThereError):
        forget()  # so that a login, or a network that came back, counts at the next try
    return found.with_traceback(None)


def within_loop(address: str, question: Question[Answer]) -> Coroutine[Any, Any, Answer]:
    """The same as `ask` for a coroutine that runs in an event loop other than the file system's."""

    async def limited(system: FileSystem) -> Answer:
        return await asyncio.wait_for(question(system), LONGEST)

    async def answered() -> Answer:
        try:
            system = file_system(address)
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(limited(system), system.loop))
        except Exception as error:
            raise _explained(address, error) from None

    return answered()
