"""What went wrong, in a form that a window can show."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass

from napari_thunder.errors import MissingMetadataError, ModelError, ThunderError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as a person reads it.

    Parameters
    ----------
    message
        What is wrong, where, and what to do.
    details
        The traceback, for whoever is asked for help.
    missing
        Whether it is for want of something that can be filled in.
    verbatim
        Whether it quotes a program, whose words are left alone.
    """

    message: str
    details: str = ""
    missing: bool = False
    verbatim: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Trouble:
        """The trouble an exception stands for; it goes to the log too."""
        details = "".join(traceback.format_exception(error))
        log.info("%s", details)
        if isinstance(error, ThunderError):
            return cls(str(error), details, isinstance(error, MissingMetadataError), isinstance(error, ModelError))
        said = str(error) or "no reason given"
        return cls(
            f"Something unexpected went wrong ({type(error).__name__}: {said}). Details has the whole story.", details
        )
