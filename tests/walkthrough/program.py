"""One of the programs of the walk: a window, a person in another thread, a watchdog. Prints what it saw as JSON."""

from __future__ import annotations

import argparse
import json
import threading
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import napari
import numpy as np
import pandas as pd

from napari_thunder.io.array import ArraySource
from napari_thunder.recording import from_source
from napari_thunder.widgets.app import open_window
from tests.walkthrough.analyst import Analyst, analyses
from tests.walkthrough.mover import Mover
from tests.walkthrough.person import Person
from tests.walkthrough.plain import REGION, open_plain, plain
from tests.walkthrough.watchdog import Watchdog
from tests.walkthrough.window import Window
from tests.widgets.conftest import SlowSource


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("walk", choices=("first", "again", "slow", "moving", "plain", "analyses"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", default="threads")
    parser.add_argument("--uri", default="")
    parser.add_argument("--events", default="")
    options = parser.parse_args()
    viewer, dock = (open_plain(), None) if options.walk == "plain" else open_window(engine="")
    watchdog = Watchdog()
    kind = {"moving": Mover, "analyses": Analyst}.get(options.walk, Person)
    person = kind(Window(viewer, dock), watchdog, options.out)
    failures: list[str] = []
    walk = threading.Thread(target=_walk, args=(person, options, failures), name="person", daemon=True)
    watchdog.begin()
    walk.start()
    napari.run()
    if dock is not None:
        dock.desk.close(2.0)
    seen = {"longest": watchdog.longest, "stalls": [asdict(s) for s in watchdog.stalls], "failures": failures}
    (options.out / f"{options.walk}.json").write_text(json.dumps(seen, indent=1))


def _walk(person: Person, options: argparse.Namespace, failures: list[str]) -> None:
    try:
        WALKS[options.walk](person, options)
    except Exception:
        failures.append(traceback.format_exc())
        person.step("failed", lambda: person.hands.press("Escape"))
    finally:
        person.window.ask(person._watchdog.end)
        person.window.later(person.window.viewer.close)


def _first(person: Person, options: Any) -> None:
    person.step("empty", lambda: None)
    person.step("connected", lambda: person.connect(options.engine))
    person.step("opened", lambda: person.open(options.uri))
    person.step("described", lambda: person.describe(options.events))
    _explore(person)
    person.step("exported", lambda: person.export(str(options.out / "tuning.tif")))
    person.step("saved", lambda: person.save(str(options.out / "fish.thunder.json")))


def _again(person: Person, options: Any) -> None:
    person.step("restored", lambda: person.restore(str(options.out / "fish.thunder.json")))


def _slow(person: Person, options: Any) -> None:
    """All of it with a source that takes 0.5 s for a volume and 5 s for a block of series."""
    desk = person.desk
    person.step("slow-connected", lambda: person.connect("threads"))
    recording = _slow_fish(options.uri, options.events)
    person.step("slow-opened", lambda: _put(person, recording))
    _explore(person, "slow-")
    person.step("slow-saved", lambda: desk.regions and person.save(str(options.out / "slow.thunder.json")))


def _moving(person: Mover, options: Any) -> None:
    """From a fish that moves to a registered store."""
    person.step("moving-connected", lambda: person.connect("threads"))
    person.step("moving-opened", lambda: person.open(options.uri))
    person.step("moving-tried", person.try_out)
    person.step("moving-registered", person.register)
    person.step("moving-judged", person.judge)
    for layout in ("flicker", "side by side", "difference", "overlay"):
        person.step(f"moving-{layout}", lambda layout=layout: person.look(layout))  # type: ignore[misc]
    person.step("moving-as it was", lambda: person.look_away("overlay"))
    person.step("moving-excluded", person.exclude)
    person.step("moving-used", person.use)
    person.step("moving-reported", lambda: person.report(str(options.out / "registration.html")))
    person.step("moving-prepared", lambda: person.prepare(str(options.out / "prepared.zarr")))
    person.step("moving-scrubbed", person.scrub)


def _put(person: Person, recording: Any) -> None:
    person.window.later(lambda: person.desk.datasets.add(recording))
    person.window.wait(lambda: person.desk.datasets.current is not None and person.dock.settled, "opening")


def _explore(person: Person, prefix: str = "") -> None:
    person.step(f"{prefix}scrubbed", person.scrub)
    person.step(f"{prefix}drawn", lambda: person.draw(REGION))
    person.step(f"{prefix}traced", person.see_trace)
    person.step(f"{prefix}pointed", lambda: person.point((30, 45), (33, 60)))
    person.step(f"{prefix}tuned", person.tune)
    person.step(f"{prefix}thresholded", person.threshold)
    person.step(f"{prefix}hovered", lambda: person.hover((44, 40), (50, 55)))


def _slow_fish(uri: str, events: str) -> Any:
    import napari_thunder as nt

    known = nt.open(uri)
    movie = np.stack([known.read_volume(t) for t in range(known.shape[0])])
    source = SlowSource(ArraySource(movie, "slow fish"), 0.5, block_seconds=5.0)
    return from_source(source, frame_rate=1.0, voxel_size=(1, 1, 1), events=pd.read_csv(events))


WALKS = {"first": _first, "again": _again, "slow": _slow, "moving": _moving, "plain": plain, "analyses": analyses}

if __name__ == "__main__":
    main()
