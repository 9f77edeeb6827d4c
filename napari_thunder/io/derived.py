"""What every movie has in common that is made of another one as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from napari_thunder.io.source import Source


@dataclass(frozen=True)
class DerivedSource:
    """A movie of the shape of another, in float32.

    Parameters
    ----------
    source
        The other movie.
    """

    source: Source
    done: ClassVar[str]
    """What is done to it, for the name of its format."""

    @property
    def uri(self) -> str:
        return self.source.uri

    @property
    def format(self) -> str:
        return f"{self.source.format}, {self.done}"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return self.source.chunks
