"""Where a person starts to look for files: the home folder and the disks."""

from __future__ import annotations

import os
import string
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = ("/proc", "/sys", "/dev", "/run", "/boot", "/etc", "/snap", "/var/lib", "/usr")
_NO_DISKS = (
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "debugfs",
    "devpts",
    "devtmpfs",
    "fusectl",
    "mqueue",
    "proc",
    "securityfs",
    "sysfs",
    "tracefs",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder to start from, and what a person calls it."""

    name: str
    path: str


def home() -> Path:
    """The home folder; the top of the disk for a user without one, as workers' are sometimes."""
    found = Path(os.path.expanduser("~"))
    return found if found.is_dir() else Path(found.anchor or "/")


def places() -> tuple[Place, ...]:
    """The home folder, then the disks; looks at no disk, as a dead one would hang."""
    found = [Place("Home", str(home())), *(Place(path, path) for path in _disks())]
    return tuple({place.path: place for place in found}.values())


def _disks() -> Iterator[str]:
    if sys.platform == "win32":
        yield from (f"{letter}:\\" for letter in string.ascii_uppercase if os.path.exists(f"{letter}:\\"))
        return
    yield "/"
    if sys.platform == "darwin":
        yield from (f"/Volumes/{name}" for name in sorted(os.listdir("/Volumes")))
        return
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    yield from sorted({where for where in map(_disk_of, mounts) if where})


def _disk_of(mount: str) -> str:
    """The folder of a line in /proc/mounts if a person would look for data there."""
    _, where, kind, *_ = [*mount.split(" "), "", "", ""]
    where = where.replace("\\040", " ")
    system = where == "/" or any(where == part or where.startswith(f"{part}/") for part in _SYSTEM)
    return "" if system or kind in _NO_DISKS or not os.path.isabs(where) else where
