"""A job as a progress bar."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from napari_thunder.engine import Job


@contextmanager
def watched(title: str, options: argparse.Namespace) -> Iterator[Job]:
    """A job with a progress bar when a person is watching; Ctrl+C cancels it."""
    job = Job(title)
    before = signal.signal(signal.SIGINT, lambda *_: job.cancel())
    quiet = options.json or not sys.stderr.isatty()
    shape = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
    try:
        with tqdm(total=1.0, desc=title, disable=quiet, bar_format=shape, leave=False) as bar:
            job.changed.connect(lambda: _draw(bar, job), check_nargs=False)
            yield job
    finally:
        signal.signal(signal.SIGINT, before)


def _draw(bar: Any, job: Job) -> None:
    bar.set_description_str(f"{job.title}{': ' + job.message if job.message else ''}", refresh=False)
    bar.n = job.fraction
    bar.refresh()
