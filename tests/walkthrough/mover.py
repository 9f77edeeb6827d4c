"""The way from a moving fish to a registered store that answers fast, as a person goes it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.walkthrough.person import Person

SHAPE = (300, 8, 96, 144)
_LONG = 240.0


class Mover(Person):
    """Registers, judges, looks, leaves frames out, reports and prepares."""

    @property
    def registration(self) -> Any:
        return self.dock.registration

    def try_out(self) -> None:
        self.tab("Registration")
        self.click(lambda: self.registration.run_panel.try_button)
        self.window.wait(lambda: self.desk.registration.trial is not None, "the trial", _LONG)

    def register(self) -> None:
        self.click(lambda: self.registration.run_panel.run_button)
        self.window.wait(lambda: self._entry() is not None and self._entry().finished, "the registration", _LONG)

    def judge(self) -> None:
        """It is judged by itself once it is registered."""
        self.window.wait(lambda: self._entry().verdict is not None, "the verdict", _LONG)

    def exclude(self) -> None:
        """Leave out what stands out, if anything does."""
        if self.window.ask(lambda: len(self._entry().outliers)):
            self.click(lambda: self.registration.frames.rule_button)
            self.window.wait(lambda: self._recording().exclude_frames, "the excluded frames")

    def use(self) -> None:
        self.click(lambda: self.registration.entries.use_button)
        self.window.wait(lambda: self._recording().shifts is not None and self.dock.settled, "the registered frames")

    def look(self, layout: str) -> None:
        """Look at frames before and after, one of the ways there are."""
        views = self.registration.views
        self.click(lambda: next(b for key, b in views.layouts.items() if key.value == layout))
        time.sleep(2.0)

    def look_away(self, layout: str) -> None:
        self.look(layout)
        self.window.wait(lambda: self.dock.settled, "the layers as they were")

    def report(self, path: str) -> None:
        self.click(lambda: self.registration.entries.report_button)
        self.answer("Report on the registration", path)
        self.window.wait(lambda: Path(path).exists(), "the report", _LONG)

    def prepare(self, path: str) -> None:
        """Write a store, and open it."""
        self.tab("Prepare")
        tab = self.dock.prepare
        self.fill(lambda: tab.place.path, path)
        self.window.wait(lambda: tab.plan.run_button.isEnabled(), "the plan", _LONG)
        self.click(lambda: tab.plan.run_button)
        self.window.wait(lambda: tab.plan.open_button.isVisible(), "the store", _LONG)
        self.click(lambda: tab.plan.open_button)
        self.window.wait(lambda: self._recording().uri == path and self.dock.settled, "the store on the canvas")

    def _entry(self) -> Any:
        return self.desk.registration.current
