"""What goes wrong with storage, in words: which computer asked whom, what was refused, and what to do.

An error's own text may hold an address that a server redirected to, with a signature in it; so it is not repeated, and
the error is not kept as a cause.
"""

from __future__ import annotations

import asyncio
import os
import socket

from napari_thunder.errors import NotThereError, RecordingError, RefusedError
from napari_thunder.io.remote.address import where_credentials, without_secrets


def storage_error(address: str, error: BaseException) -> RecordingError:
    """The error for what a file system raised when it was asked for an address."""
    if isinstance(error, RecordingError):
        return error
    where, chain = without_secrets(address), list(_chain(error))
    kinds = {kind.__name__ for e in chain for kind in type(e).__mro__}
    codes = {code for e in chain if (code := _code(e))}
    if "NoSuchBucket" in codes:
        return NotThereError(
            f"{where}: there is no such bucket on {_server(address)}. Check its spelling{_endpoint(address)}."
        )
    if isinstance(error, FileNotFoundError) or codes & {"404", "NoSuchKey"}:
        return NotThereError(f"{where}: there is nothing at this address. Check the spelling{_endpoint(address)}.")
    if "ParamValidationError" in kinds or codes & {"InvalidBucketName"}:
        return RecordingError(f"{where}: a bucket cannot have this name. Check the spelling.")
    if "SSL" in "".join(kinds) or "ClientConnectorCertificateError" in kinds:
        return RecordingError(
            f"{where}: {_server(address)} shows a certificate that {_here()} does not trust. Check the address, or ask "
            "whoever runs the server."
        )
    if _is_refused(error, kinds, codes):
        return RefusedError(
            f"{where}: {_server(address)} does not let {_here()} read this. {where_credentials(address)}"
        )
    if kinds & _UNREACHABLE:
        return RecordingError(
            f"{where}: {_server(address)} cannot be reached from {_here()}. Check the network and the address"
            f"{_endpoint(address)}; then open it again."
        )
    if kinds & _SILENT or isinstance(error, TimeoutError | asyncio.TimeoutError):
        return RecordingError(
            f"{where}: {_server(address)} does not answer {_here()} in time. Check the network, and try again later."
        )
    if kinds & _BROKEN:
        return RecordingError(f"{where}: the connection to {_server(address)} broke. Try again.")
    said = f" ({_status(error)})" if _status(error) else ""
    return RecordingError(f"{where}: {_server(address)} answered with an error: {type(error).__name__}{said}.")


_UNREACHABLE = {
    "EndpointConnectionError", "ConnectTimeoutError", "ClientConnectorError", "ClientConnectorDNSError", "gaierror",
    "ConnectionRefusedError", "ServerDisconnectedError", "ConnectionTimeoutError", "ProxyConnectionError",
    "TransportError",
}  # fmt: skip
_SILENT = {"ReadTimeoutError", "ServerTimeoutError", "SocketTimeoutError", "FSTimeoutError"}
_BROKEN = {"ClientPayloadError", "ConnectionClosedError", "IncompleteRead", "ResponseStreamingError", "HTTPClientError",
           "ClientConnectionError", "ConnectionResetError"}  # fmt: skip
_REFUSED = {
    "401", "403", "407", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "AllAccessDisabled", "RequestTimeTooSkewed",
}  # fmt: skip


_WITHOUT_CREDENTIALS = {
    "NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError", "RefreshError", "UnauthorizedSSOTokenError",
    "SSOTokenLoadError", "ProfileNotFound", "DefaultCredentialsError",
}  # fmt: skip


def _is_refused(error: BaseException, kinds: set[str], codes: set[str]) -> bool:
    forbidden = type(error) is OSError and str(error).startswith("Forbidden")  # gcsfs
    return isinstance(error, PermissionError) or bool(codes & _REFUSED or kinds & _WITHOUT_CREDENTIALS) or forbidden


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _code(error: BaseException) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return str(getattr(error, "status", "") or getattr(error, "code", "") or "")


def _status(error: BaseException) -> str:
    """What can be said of it safely: a code, or the system's words."""
    code = next((code for e in _chain(error) if (code := _code(e))), "")
    return code or (getattr(error, "strerror", None) or "")


def _server(address: str) -> str:
    """Who was asked."""
    scheme = address.partition("://")[0]
    if scheme == "s3":
        return _s3_endpoint() or "Amazon S3"
    if scheme == "gs":
        return os.environ.get("STORAGE_EMULATOR_HOST", "Google Cloud Storage")
    return without_secrets(address).partition("://")[2].split("/")[0]


def _endpoint(address: str) -> str:
    if not address.startswith("s3://"):
        return ""
    return " and AWS_ENDPOINT_URL" if _s3_endpoint() else ", or set AWS_ENDPOINT_URL if it lies on another server"


def _s3_endpoint() -> str:
    found = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    return without_secrets(found)


def _here() -> str:
    return f"this computer ({socket.gethostname()})"
