"""Answers on the terminal: for a person, or as JSON for a script."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any


def say(options: argparse.Namespace, facts: Mapping[str, Any], readable: Callable[[], None]) -> None:
    """The facts as JSON if asked for, else as a person reads them."""
    if options.json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
    else:
        readable()


def aligned(rows: Mapping[str, str]) -> None:
    """Names and texts in two columns."""
    width = max(map(len, rows))
    for name, text in rows.items():
        print(f"{name:<{width}}  {text}")


def warn(sentence: str) -> None:
    """A sentence that is no answer."""
    print(f"napari-thunder: {sentence}", file=sys.stderr)
