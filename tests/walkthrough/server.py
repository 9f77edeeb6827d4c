"""A Spark Connect server in a process of its own: `python -m tests.walkthrough.server FILE` writes port and token."""

from __future__ import annotations

import sys
from pathlib import Path

from napari_thunder.cluster.embedded import start_embedded


def main() -> None:
    server = start_embedded(cores=2)
    place = Path(sys.argv[1])
    draft = place.with_suffix(".part")
    draft.touch(mode=0o600)
    draft.write_text(f"{server.port}\n{server.token}\n")
    draft.replace(place)
    try:
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
