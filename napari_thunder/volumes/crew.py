"""Threads that look for work and that nobody ever waits for."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread, current_thread

IDLE_SECONDS = 60.0
"""A thread that had nothing to do for so long ends; the next wish starts another."""

Work = Callable[[], None]


class Crew:
    """A few daemon threads. Except for what the threads do themselves, it is called by whoever holds the condition.

    Parameters
    ----------
    name
        Of the threads, for a debugger.
    condition
        Notified when there may be work.
    next_work
        Something to do now, or None; called while the condition is held.
    seconds_until_more
        How long until there may be work without anybody's doing; called likewise.
    size
        Threads at most.
    """

    def __init__(
        self,
        name: str,
        condition: Condition,
        next_work: Callable[[], Work | None],
        seconds_until_more: Callable[[], float],
        size: int,
    ) -> None:
        self.threads: list[Thread] = []
        self.epoch = 0
        self._name = name
        self._condition = condition
        self._next_work = next_work
        self._seconds_until_more = seconds_until_more
        self._size = size
        self._n_idle = 0

    def wake(self) -> None:
        """Let a thread look for work; only the first is started here, as starting one takes milliseconds."""
        if not self.threads:
            self._new_thread().start()
        self._condition.notify_all()

    def abandon(self) -> None:
        """Leave the threads behind: each ends with what it does now."""
        self.epoch += 1
        self.threads, self._n_idle = [], 0
        self._condition.notify_all()

    def _new_thread(self) -> Thread:
        self.threads.append(Thread(target=self._work, args=(self.epoch,), name=self._name, daemon=True))
        return self.threads[-1]

    def _work(self, epoch: int) -> None:
        while (work := self._take(epoch)) is not None:
            self._keep_one_spare(epoch)
            work()

    def _keep_one_spare(self, epoch: int) -> None:
        with self._condition:
            if self.epoch != epoch or self._n_idle or len(self.threads) >= self._size:
                return
            thread = self._new_thread()
        thread.start()

    def _take(self, epoch: int) -> Work | None:
        """Wait for something to do; None when there is no more to come."""
        bored = False
        with self._condition:
            while self.epoch == epoch:
                work = self._next_work()
                if work is not None:
                    return work
                if bored:
                    self.threads.remove(current_thread())
                    break
                bored = self._idle(epoch)
        return None

    def _idle(self, epoch: int) -> bool:
        """Sleep; whether nothing happened for so long that it is time to end."""
        self._n_idle += 1
        seconds = self._seconds_until_more()
        woken = self._condition.wait(max(0.001, min(IDLE_SECONDS, seconds)))
        if self.epoch == epoch:
            self._n_idle -= 1
        return not woken and seconds >= IDLE_SECONDS
