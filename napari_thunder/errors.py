"""The errors a scientist can act on: each message says what is wrong, where, and what to do."""

from __future__ import annotations


class ThunderError(Exception):
    """Base of every error this package raises on purpose."""


class RecordingError(ThunderError):
    """A recording, or a file of one, cannot be read as it is."""


class NotThereError(RecordingError):
    """There is nothing at an address of object storage or the web."""


class RefusedError(RecordingError):
    """What is at an address may not be read, if there is anything."""


class MissingMetadataError(RecordingError):
    """Something the files do not say (voxel size, frame times, events) is needed and was not given."""


class FolderError(ThunderError):
    """A folder or file is not there, or may not be read."""


class TableError(ThunderError):
    """A table of events or signals does not hold what it must; names file, row and column."""


class SessionError(ThunderError):
    """A session could not be saved or restored."""


class RegionError(ThunderError):
    """A region that has no voxels, does not fit the recording, or cannot be read or written."""


class PickledError(RegionError):
    """A file can only be read by unpickling it, which asks for trust in whoever made it.

    Parameters
    ----------
    message
        What is wrong and what to do.
    path
        The file.
    """

    def __init__(self, message: str, path: object = "") -> None:
        super().__init__(message)
        self.path = str(path)


class ParameterError(ThunderError, ValueError):
    """A parameter is unknown, of the wrong kind, or outside its limits."""


class AnalysisError(ThunderError):
    """An analysis cannot be done on this recording with these parameters."""


class ModelError(AnalysisError):
    """A model of the user's own cannot be read, or went wrong; the message says where in the user's file."""


class RegistrationError(ThunderError):
    """Shifts that do not fit the recording, or a registration that cannot be done as asked."""


class EngineError(ThunderError):
    """The engine could not be started or reached, or lost its way during a job."""


class TokenError(EngineError):
    """The server wants a token, or another one."""


class ResultError(ThunderError):
    """A result could not be saved, loaded or run again."""


class JobCancelled(ThunderError):  # noqa: N818 - the end of a job, not a fault
    """The job was cancelled before it was done."""
