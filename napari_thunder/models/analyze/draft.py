"""The analysis that is being prepared: chosen, filled in, not yet run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from psygnal import Signal

from napari_thunder.analysis.again import OWN
from napari_thunder.analysis.registry import analyses, steps
from napari_thunder.tables import plain

ChainLink = tuple[str, Mapping[str, Any]]
"""Name of a preprocessing step, and its parameters."""


@dataclass(frozen=True, slots=True)
class Link:
    """A step of the preprocessing as it is edited.

    Parameters
    ----------
    name
        Of the step, as on the command line.
    parameters
        Those that were filled in; the others keep their defaults.
    on
        Whether it is done; one that is off stays in its place to be tried again.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    on: bool = True


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A function in a Python file of the user's.

    Parameters
    ----------
    path
        Of the file; empty for none.
    function
        Empty where it is not chosen yet.
    """

    path: str = ""
    function: str = ""


@dataclass(frozen=True, slots=True)
class MapsInput:
    """Maps of a result that are the input, in place of a recording.

    Parameters
    ----------
    result
        Its key on the desk.
    names
        Of its maps.
    standardize
        Whether each is brought to mean 0 and sd 1 first.
    """

    result: int
    names: tuple[str, ...]
    standardize: bool = True


class Draft:
    """What Run will compute.

    `changed()` is emitted for every change, whoever made it.

    Attributes
    ----------
    analysis
        Its name, as on the command line.
    given
        Parameters that were filled in, by analysis; those left out keep their defaults.
    links
        The preprocessing as it is edited, steps that are off included.
    region
        Key of the region it is restricted to; None for the whole brain, or for `mask_file`.
    mask_file
        File of regions or labels it is restricted to; empty for none.
    asked
        Keys of the regions whose activity it asks for; None for all that are drawn.
    maps
        Maps of a result it is computed on; None for the recording.
    model
        The function of the user's own that `own_model` stands for.
    """

    changed = Signal()

    def __init__(self, analysis: str = "summary_images") -> None:
        self.analysis = analysis
        self.given: dict[str, dict[str, Any]] = {}
        self.links: tuple[Link, ...] = ()
        self.region: int | None = None
        self.mask_file = ""
        self.asked: tuple[int, ...] | None = None
        self.maps: MapsInput | None = None
        self.model = ModelChoice()

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Those filled in for the analysis that is chosen."""
        return self.given.get(self._form(self.analysis), {})

    def _form(self, analysis: str) -> str:
        """What parameters are kept under: each function of the user's own has a form of its own."""
        return analysis if analysis != OWN else f"{OWN} {self.model.path} {self.model.function}"

    @property
    def chain(self) -> tuple[ChainLink, ...]:
        """The preprocessing that is done."""
        return tuple((link.name, link.parameters) for link in self.links if link.on)

    def choose(self, analysis: str) -> None:
        """Choose an analysis; what was filled in for it before is remembered."""
        self._set(analysis=analysis)

    def fill(self, parameters: Mapping[str, Any]) -> None:
        """Fill in parameters of the analysis that is chosen."""
        self._set(given=self.given | {self._form(self.analysis): dict(parameters)})

    def preprocess(self, chain: Iterable[ChainLink]) -> None:
        """Set the preprocessing."""
        self.arrange([Link(name, dict(parameters)) for name, parameters in chain])

    def arrange(self, links: Sequence[Link]) -> None:
        """Set the preprocessing, with steps that are off."""
        self._set(links=tuple(links))

    def add_step(self, name: str) -> None:
        """Put a step at the end of the preprocessing."""
        self.arrange([*self.links, Link(name)])

    def remove_step(self, place: int) -> None:
        """Take a step out of the preprocessing."""
        self.arrange([link for at, link in enumerate(self.links) if at != place])

    def move_step(self, place: int, to: int) -> None:
        """Do a step earlier or later."""
        links = list(self.links)
        links.insert(max(0, min(to, len(links) - 1)), links.pop(place))
        self.arrange(links)

    def edit_step(self, place: int, **new: Any) -> None:
        """Change a step: `edit_step(0, on=False)`."""
        links = list(self.links)
        links[place] = replace(links[place], **new)
        self.arrange(links)

    def restrict(self, region: int | None) -> None:
        """Compute in a region only, or in the whole brain."""
        self._set(region=region, mask_file="")

    def restrict_to_file(self, path: str) -> None:
        """Compute inside the regions or labels of a file only."""
        self._set(region=None, mask_file=path)

    def ask_for(self, regions: Iterable[int] | None) -> None:
        """Ask for the activity of some regions, or of all that are drawn."""
        self._set(asked=None if regions is None else tuple(regions))

    def choose_maps(self, maps: MapsInput | None) -> None:
        """Compute on maps of a result, or on the recording."""
        self._set(maps=maps)

    def choose_model(self, model: ModelChoice) -> None:
        """Choose a function of the user's own; runs nothing."""
        self._set(model=model)

    def take(self, analysis: str, parameters: Mapping[str, Any], chain: Sequence[ChainLink] = ()) -> None:
        """Take over an analysis that was run before, to be changed."""
        links = tuple(Link(name, dict(given)) for name, given in chain)
        given = self.given | {self._form(analysis): dict(parameters)}
        self._set(analysis=analysis, given=given, links=links)

    def to_plain(self) -> dict[str, Any]:
        """What is prepared, as JSON can hold it; the region by its key, which is good on this desk only."""
        return {
            "analysis": self.analysis,
            "given": {name: _plain(given) for name, given in self.given.items()},
            "links": [{"name": x.name, "parameters": _plain(x.parameters), "on": x.on} for x in self.links],
            "region": self.region,
            "mask_file": self.mask_file,
            "asked": None if self.asked is None else list(self.asked),
            "maps": None if self.maps is None else asdict(self.maps),
            "model": asdict(self.model),
        }

    def from_plain(
        self, stored: Any, regions: Mapping[int, int] | None = None, results: Mapping[int, int] | None = None
    ) -> None:
        """Prepare what `to_plain` wrote down; what is not understood (of another version, damaged) is left out.

        Parameters
        ----------
        regions, results
            What the keys of regions and results became on this desk.
        """
        if not isinstance(stored, Mapping):
            return
        analysis, given, links = stored.get("analysis"), stored.get("given"), stored.get("links")
        mask_file = stored.get("mask_file")
        self._set(
            analysis=analysis if _known(analysis) else self.analysis,
            given={n: dict(g) for n, g in _items(given) if _known(str(n).split(" ")[0]) and isinstance(g, Mapping)},
            links=tuple(link for stored in (links if isinstance(links, list) else ()) if (link := _link(stored))),
            region=(regions or {}).get(stored.get("region") or 0),
            mask_file=mask_file if isinstance(mask_file, str) else "",
            asked=_keys(stored.get("asked"), regions or {}),
            maps=_maps(stored.get("maps"), results or {}),
            model=_model(stored.get("model")),
        )

    def _set(self, **new: Any) -> None:
        if any(getattr(self, name) != value for name, value in new.items()):
            for name, value in new.items():
                setattr(self, name, value)
            self.changed.emit()


def _link(stored: Any) -> Link | None:
    if not isinstance(stored, Mapping) or stored.get("name") not in steps():
        return None
    return Link(stored["name"], dict(_items(stored.get("parameters"))), stored.get("on") is not False)


def _known(analysis: Any) -> bool:
    return analysis == OWN or analysis in analyses()


def _keys(stored: Any, became: Mapping[int, int]) -> tuple[int, ...] | None:
    """Keys as they are now; all, where none of them is left."""
    if not isinstance(stored, list):
        return None
    return tuple(became[key] for key in stored if isinstance(key, int) and key in became) or None


def _maps(stored: Any, results: Mapping[int, int]) -> MapsInput | None:
    if not isinstance(stored, Mapping) or not isinstance(stored.get("names"), list):
        return None
    key = results.get(stored.get("result") or 0)
    return None if key is None else MapsInput(key, tuple(map(str, stored["names"])), stored.get("standardize") is True)


def _model(stored: Any) -> ModelChoice:
    if not isinstance(stored, Mapping):
        return ModelChoice()
    return ModelChoice(str(stored.get("path", "")), str(stored.get("function", "")))


def _items(stored: Any) -> Iterable[tuple[str, Any]]:
    return stored.items() if isinstance(stored, Mapping) else ()


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in parameters.items()}
