"""What Spark says when things go wrong, in words that say what to do."""

from __future__ import annotations

import re
from typing import Any

import grpc
import numpy as np

import napari_thunder.errors as errors
from napari_thunder.blocks import Block
from napari_thunder.engine.answers import Failure
from napari_thunder.errors import EngineError, ThunderError, TokenError


class LostError(EngineError):
    """The server cannot be reached any more; the next call connects anew."""


class ForgottenError(LostError):
    """The server is there but has forgotten our session."""


class OnTheWorker(Exception):  # noqa: N818 - the place of an error, not an error
    """The traceback of an error that was raised on a worker."""


_FORGOTTEN = ("SESSION_CLOSED", "SESSION_NOT_FOUND", "SESSION_CHANGED", "NO_ACTIVE_SESSION")
_UNREACHABLE = ("StatusCode.UNAVAILABLE", "RETRIES_EXCEEDED", "failed to connect to all addresses", "Socket closed")
_CANCELLED = ("OPERATION_CANCELED", "OPERATION_CANCELLED")
_WORKER_GONE = "Python worker exited unexpectedly"
_OTHER_PYTHON = re.compile(r"worker has different version:?\s+(\S+) than that in driver:?\s+(\S+?),? ")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def is_cancelled(error: BaseException) -> bool:
    """Whether a query ended because someone interrupted it."""
    return any(word in str(error) for word in _CANCELLED)


def explained(error: BaseException, server: str) -> ThunderError:
    """What an exception of Spark or gRPC means for the person at the desk.

    Parameters
    ----------
    error
        As it was raised.
    server
        Name of the server, without secrets.
    """
    if isinstance(error, ThunderError):
        return error
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, grpc.RpcError) and hasattr(error, "code"):
        text = f"{error.code()} {text}"
    return _explained(text, server)


def lost(server: str, kind: type[LostError] = LostError) -> LostError:
    """The error that says the connection is gone."""
    return kind(f"{server}: lost connection to the Spark server. What has arrived stays; try again to connect anew.")


def _explained(text: str, server: str) -> EngineError:
    other, missing = _OTHER_PYTHON.search(text), _NO_MODULE.search(text)
    if "UNAUTHENTICATED" in text:
        return TokenError(
            f"{server}: the server did not accept the token. Set NAPARI_THUNDER_TOKEN to the server's token, or store "
            "it in the keyring (service napari-thunder, user host:port)."
        )
    if other is not None:
        return EngineError(
            f"{server}: the cluster's workers run Python {other[1]}, but this is Python {other[2]}; the two must be "
            f"the same. Run napari-thunder with Python {other[1]}, or let the cluster's PYSPARK_PYTHON be a {other[2]}."
        )
    if missing is not None:
        return EngineError(
            f"{server}: the cluster's Python has no {missing[1]}. Install it where the workers run: "
            f"pip install {missing[1].split('.')[0]}"
        )
    if _WORKER_GONE in text:
        return EngineError(
            f"{server}: a worker process was ended while it computed, most likely because its computer ran out of "
            "memory. Close what else uses memory there, or let Spark run fewer tasks at once; then try again."
        )
    if any(word in text for word in (*_FORGOTTEN, *_UNREACHABLE)):
        return lost(server, ForgottenError if any(word in text for word in _FORGOTTEN) else LostError)
    if any(word in text for word in _CANCELLED):
        return EngineError(f"{server}: the work was stopped on the server by someone else.")
    return EngineError(f"{server}: Spark failed: {_gist(text)}")


def raised_by_worker(failure: Failure, block: Block | None) -> ThunderError:
    """The error a worker ended with: of the same class if it is one of ours."""
    kind: Any = getattr(errors, failure.kind, None)
    if isinstance(kind, type) and issubclass(kind, ThunderError):
        error: ThunderError = kind(failure.message)
    else:
        where = "" if block is None else f" in block {block.index} (corner z, y, x = {block.start})"
        error = EngineError(f"The computation failed{where}: {failure.kind}: {failure.message}")
    error.__cause__ = OnTheWorker(failure.trace)
    return error


def check_versions(facts: dict[str, Any], server: str) -> None:
    """Raises
    ------
    EngineError
        If the worker's Python packages cannot do our work.
    """
    ours, theirs = (int(version.split(".")[0]) for version in (np.__version__, facts["numpy"]))
    if theirs < 2:
        raise EngineError(
            f"{server}: the cluster's workers have numpy {facts['numpy']}, but numpy 2 or newer is needed (here it is "
            f"{np.__version__}). Install it where the workers run: pip install 'numpy>={ours}'"
        )
    if facts["missing"]:
        names = " ".join(facts["missing"])
        raise EngineError(
            f"{server}: the cluster's Python has no {names.replace(' ', ', no ')}. "
            f"Install it where the workers run: pip install {names}"
        )


def _gist(text: str) -> str:
    """The last line of a worker's traceback if there is one, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line for line in lines if re.match(r"^(\w+\.)*\w*(Error|Exception): ", line)]
    return (raised[-1] if len(raised) > 1 else lines[0])[:500] if lines else "it did not say why"
