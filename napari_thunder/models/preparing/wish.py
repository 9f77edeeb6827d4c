"""What shall be made of a recording, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from napari_thunder.io.uri import split_uri
from napari_thunder.parameters import build
from napari_thunder.preparing import Preparation
from napari_thunder.recording import Recording

SUFFIX = ".ome.zarr"
_ENDINGS = (".ome.zarr", ".zarr", ".ome.tif", ".ome.tiff", ".nii.gz")


class Keep(StrEnum):
    """Which voxels a store keeps."""

    KNOWN = "known"
    REGION = "region"
    AUTOMATIC = "automatic"
    EVERYTHING = "everything"


class Motion(StrEnum):
    """With which registration a recording is prepared."""

    AS_SEEN = "as seen"
    RAW = "raw"
    CHOSEN = "chosen"


_BRAIN = {Keep.AUTOMATIC: "automatic", Keep.EVERYTHING: "everything"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants prepared.

    Parameters
    ----------
    path
        Of the store, as the engine sees it.
    given
        Settings beside their defaults, right or wrong.
    keep
        Which voxels are kept: the recording's own mask if it has one, a region, the brain found automatically, or all.
    region
        Key of that region.
    motion
        As the recording is seen now, as it was recorded, or by a registration of one's choice.
    entry
        Key of that registration.
    """

    path: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    keep: Keep = Keep.KNOWN
    region: int = 0
    motion: Motion = Motion.AS_SEEN
    entry: int = 0

    @property
    def settings(self) -> Preparation:
        """As `prepare` takes them.

        Raises
        ------
        ParameterError
            If one of them is wrong.
        """
        return build(Preparation, {**self.given, "brain": _BRAIN.get(self.keep, "given")})


def suggested_path(recording: Recording) -> str:
    """A place beside the recording, or in the home folder for one that lies on no disk; never the recording's own."""
    if ":" in recording.uri.split("?")[0].split("/")[0][2:]:
        return str(Path.home() / f"{_stem(recording.name)}{SUFFIX}")
    path = Path(str(split_uri(recording.uri)[0]))
    beside = path.parent / f"{_stem(path.name)}{SUFFIX}"
    return str(beside if beside != path else path.parent / f"{_stem(path.name)}-prepared{SUFFIX}")


def with_suffix(path: str) -> str:
    """A store's path with its ending, where a person left it out."""
    path = path.strip().rstrip("/\\")
    return path if not path or path.endswith(".zarr") else path + SUFFIX


def _stem(name: str) -> str:
    known = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), Path(name).suffix)
    return name[: len(name) - len(known)] or name
