"""The name of an engine, apart from the token that opens it."""

from __future__ import annotations

from urllib.parse import quote, unquote

_SERVER = "sc://"


def is_server(target: str) -> bool:
    """Whether it is the address of a Spark Connect server."""
    return target.startswith(_SERVER)


def split_token(target: str) -> tuple[str, str]:
    """An engine's name as it may be shown and kept, and the token that was typed into it, if any."""
    if not is_server(target):
        return target.strip(), ""
    place, *options = target.strip().split(";")
    tokens = [option.partition("=")[2] for option in options if option.startswith("token=")]
    rest = [option for option in options if not option.startswith("token=")]
    shown = ";".join([place, *rest]) if rest else place.removesuffix("/")
    return shown, unquote(tokens[-1]) if tokens else ""


def with_token(target: str, token: str) -> str:
    """The address with the token in it, to be used once and shown nowhere."""
    return f"{target};token={quote(token, safe='')}" if token and is_server(target) else target
