"""HTML and SVG elements: text is escaped unless it is an element itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_VOID = frozenset({"br", "img", "meta", "line", "rect", "circle", "polyline", "path", "image"})


class Html(str):
    """Markup that is put in as it is."""

    __slots__ = ()


Content = str | Html


def element(name: str, /, *content: Content, **attributes: str | float) -> Html:
    """An element.

    Parameters
    ----------
    content
        Elements, and text, which is escaped.
    attributes
        `class_` becomes `class`, `stroke_width` becomes `stroke-width`; values are escaped.
    """
    given = "".join(f' {_name(key)}="{escape(_value(value))}"' for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Elements and text one after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in content))


def table(
    header: tuple[Content, ...], rows: Sequence[tuple[Content, ...]], *, numbers: tuple[int, ...] = (), style: str = ""
) -> Html:
    """A table; the columns in `numbers` are aligned to the right."""

    def cells(kind: str, row: tuple[Content, ...]) -> Html:
        made = [element(kind, text, **({"class_": "n"} if i in numbers else {})) for i, text in enumerate(row)]
        return element("tr", *made)

    body = element("tbody", *(cells("td", row) for row in rows))
    return element("div", element("table", element("thead", cells("th", header)), body), class_=f"wide {style}".strip())


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-") if key != "viewBox" else key


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
