"""Walk through the window with real mouse and key events, and watch its thread: `make walkthrough`.

Needs the zebrafish in ../shared/data (or NAPARI_THUNDER_DATA), `xdotool`, and a display of 1600 × 1000, be it virtual.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import napari_thunder as nt
from tests.walkthrough.mover import SHAPE
from tests.walkthrough.watchdog import LIMIT, Whose

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("NAPARI_THUNDER_DATA", ROOT.parent / "shared" / "data"))
LONGEST = 1800


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "walkthrough", help="folder for the pictures")
    parser.add_argument("--only", choices=("fish", "slow", "moving", "plain", "analyses"), help="one of the walks")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        events = events_file(Path(scratch))
        about = ["--out", str(options.out), "--uri", str(DATA / "fish" / "series"), "--events", events]
        walks = []
        if options.only in (None, "fish"):
            with server(Path(scratch)) as (port, token):
                walks.append(walk("first", [*about, "--engine", f"sc://127.0.0.1:{port}"], token, options.out))
                walks.append(walk("again", about, token, options.out))
        if options.only in (None, "slow"):
            walks.append(walk("slow", about, "", options.out))
        if options.only in (None, "moving"):
            walks.append(
                walk("moving", ["--out", str(options.out), "--uri", moving_fish(Path(scratch))], "", options.out)
            )
        if options.only == "analyses":
            walks.append(walk("analyses", about, "", options.out))
        if options.only in (None, "fish", "slow", "plain"):
            walks.append(walk("plain", about, "", options.out))
    failures = [text for seen in walks for text in seen["failures"]]
    report(walks)
    sys.exit("\n".join(failures) if failures else 0)


def walk(name: str, arguments: list[str], token: str, out: Path) -> dict[str, Any]:
    """Go one of the walks in a program of its own, with settings of its own."""
    print(f"{name}:", flush=True)
    mine = {"NAPARI_CONFIG": str(out / "settings.yaml"), "XDG_STATE_HOME": str(out / "state"), "PYTHONPATH": str(ROOT)}
    secret = {"NAPARI_THUNDER_TOKEN": token} if token else {}
    command = [sys.executable, "-W", "ignore", "-m", "tests.walkthrough.program", name, *arguments]
    ended = subprocess.run(command, env={**os.environ, **mine, **secret}, timeout=LONGEST, check=False)
    if ended.returncode:
        sys.exit(f"the program of the walk {name!r} ended with {ended.returncode}")
    seen: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
    return seen


@contextmanager
def server(scratch: Path) -> Iterator[tuple[str, str]]:
    """A Spark Connect server in a process of its own; gives its port and token."""
    place = scratch / "server"
    process = subprocess.Popen([sys.executable, "-m", "tests.walkthrough.server", str(place)], stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 180
        while not place.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("the Spark Connect server did not start")
            time.sleep(0.2)
        port, token = place.read_text().split()
        yield port, token
    finally:
        process.communicate(timeout=60)


def events_file(folder: Path) -> str:
    """The stimulus of the fish as a table: 12 directions, motion on in frames 10 to 19 of each trial of 20."""
    with np.load(DATA / "fish" / "fish.npz") as stored:
        degrees = np.rad2deg(stored["stim_direction_rad"]) % 360
    starts = np.arange(12) * 20.0 + 10
    path = folder / "events.csv"
    pd.DataFrame({"start_time": starts, "stop_time": starts + 10, "direction": degrees}).to_csv(path, index=False)
    return str(path)


def moving_fish(folder: Path) -> str:
    """A fish that drifts, trembles, jumps once and twitches, on disk."""
    path = folder / "moving.zarr"
    motion = nt.Motion(drift=12, jitter=3, jumps=1, twitches=3, jump_size=30)
    nt.simulate(path, shape=SHAPE, seed=3, motion=motion)
    return str(path)


def report(walks: list[dict[str, Any]]) -> None:
    """Print the longest stall of each step, and what the window's thread did in those of our making.

    Busy is what the thread computed itself; by the clock a loaded machine makes everything longer.
    """
    groups = (
        ("longest, ms", ("clock", "busy")),
        ("above 50 ms", ("all", "ours")),
        ("longest of ours", ("clock", "busy")),
    )
    groups += (("longest, clock", ("napari for us", "napari", "Qt")),)
    print("\n" + " " * 20 + "".join(f"{title:>{15 * len(heads)}}" for title, heads in groups))
    print(f"{'step':<20}" + "".join(f"{head:>15}" for _, heads in groups for head in heads))
    for seen in walks:
        for step, longest in seen["longest"].items():
            if not step.startswith("("):
                print(f"{step:<20}" + "".join(f"{number:>15.0f}" for number in _row(seen["stalls"], step, longest)))
    ours = [s for seen in walks for s in seen["stalls"] if _busy(s) > LIMIT / 3 or _part(s, Whose.OURS) > 2 * LIMIT]
    for stall in sorted(ours, key=_busy, reverse=True):
        print(
            f"\n{stall['step']}: {1000 * stall['seconds']:.0f} ms, {1000 * stall['busy']:.0f} ms of them busy; ", end=""
        )
        print(f"ours {1000 * _part(stall, Whose.OURS):.0f} ms, {1000 * _busy(stall):.0f} ms of them busy")
        print("\n".join(f"  {line}" for line in stall["doing"][-6:]))


def _row(stalls: list[dict[str, Any]], step: str, longest: float) -> Iterator[float]:
    of_step = [stall for stall in stalls if stall["step"] == step]
    yield 1000 * longest
    yield 1000 * max((stall["busy"] for stall in of_step), default=0)
    yield len(of_step)
    yield sum(_part(stall, Whose.OURS) > LIMIT for stall in of_step)
    yield 1000 * max((_part(stall, Whose.OURS) for stall in of_step), default=0)
    yield 1000 * max(map(_busy, of_step), default=0)
    for who in (Whose.ASKED, Whose.NAPARI, Whose.QT):
        yield 1000 * max((_part(stall, who) for stall in of_step), default=0)


def _busy(stall: dict[str, Any]) -> float:
    """Seconds of a stall that the thread computed in our code."""
    return float(stall["busy"] * stall["shares"].get(Whose.OURS, 0.0))


def _part(stall: dict[str, Any], of: Whose) -> float:
    """Seconds of a stall in somebody's code."""
    return float(stall["seconds"] * stall["shares"].get(of, 0.0))


if __name__ == "__main__":
    main()
