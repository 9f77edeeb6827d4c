"""What can be done with the results that are chosen: the same actions for buttons and for the menu of the table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QAction, QMenu, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.running_again import prepare_again, run_again, why_not_run_again
from napari_thunder.models.results.exports import EXPORTS, Export, file_name, with_ending
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.models.trouble import Trouble
from napari_thunder.reproduce import Recipe, as_command_line, as_python, needs_folder
from napari_thunder.widgets.canvas.snapshot import save_picture
from napari_thunder.widgets.file_dialog import ask, ask_for_folder, ask_where_to

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_TWO = "Choose two results first: click one, then Ctrl+click the other. For two maps of one result, add a second view."


class ResultActions(QObject):
    """Actions on the results that are chosen.

    Parameters
    ----------
    workplace
        Whose desk and canvas.
    chosen
        Gives the keys of the results that are chosen, the topmost first.
    parent
        Owns the dialogs.
    """

    def __init__(self, workplace: Workplace, chosen: Callable[[], list[int]], parent: QWidget) -> None:
        super().__init__(parent)
        self._workplace = workplace
        self._desk = workplace.desk
        self._chosen = chosen
        self._window = parent
        self.open = self._action("Open…", self.open_file)
        self.save = self._action("Save…", self.save_file)
        self.remove = self._action("Remove", self.remove_chosen)
        self.undo = self._action("Undo remove", lambda: self._desk.results.bring_back())
        self.compare = self._action("Compare", self.toggle_comparison)
        self.subtract = self._action("Difference", self.subtract_chosen)
        self.second_view = self._action("Second view", self.add_view)
        self.show = self._action("Show", partial(self._switch, True))
        self.hide = self._action("Hide", partial(self._switch, False))
        self.rerun = self._action("As it is", self.run_again)
        self.change = self._action("With changed parameters…", self.prepare_again)
        self.copy_python = self._action("As Python", partial(self._copy, False))
        self.copy_command = self._action("As command line", partial(self._copy, True))
        self.exports = [self._action(e.title, partial(self.export, e)) for e in EXPORTS]
        self.pictures = [self._action(f"{n}×", partial(self.save_view, n)) for n in (1, 2, 3, 4)]
        self.export_menu, self.copy_menu, self.rerun_menu = self._menus()
        self.refresh()

    @property
    def buttons(self) -> tuple[QAction | QMenu, ...]:
        """What has a button, row by row of three."""
        return (
            self.open, self.save, self.export_menu,
            self.compare, self.subtract, self.copy_menu,
            self.remove, self.undo, self.rerun_menu,
        )  # fmt: skip

    @property
    def entries(self) -> list[ResultEntry]:
        """The results that are chosen."""
        found = (self._desk.results.get(key) for key in self._chosen())
        return [entry for entry in found if entry is not None]

    def menu(self) -> QMenu:
        """The menu of the table."""
        menu = QMenu(self._window)
        menu.setToolTipsVisible(True)
        for group in (
            (self.show, self.hide, self.second_view),
            (self.compare, self.subtract),
            (self.save, self.export_menu, self.copy_menu, self.rerun_menu),
            (self.remove, self.undo),
        ):
            for action in group:
                menu.addMenu(action) if isinstance(action, QMenu) else menu.addAction(action)
            menu.addSeparator()
        return menu

    def refresh(self) -> None:
        """Enable what can be done now; say of the rest why not."""
        entries = self.entries
        first = entries[0] if entries else None
        none = "" if first else "Choose a result first."
        whole = none or ("" if all(e.finished for e in entries) else "Wait until it is computed.")
        one = whole or ("" if len(entries) == 1 else "Choose one result only.")
        kept = one or ("It is a preview: run it in full to keep it." if first and first.state == "preview" else "")
        spec = self._desk.pictures.spec(first.key) if first else None
        comparing = self._workplace.comparison.pair is not None
        pair = "" if len(entries) == 2 and not whole else _TWO
        self.compare.setText("End compare" if comparing else "Compare")
        last = self._desk.results.removed_last
        say = self._say
        say(self.save, kept, "Save it as a Zarr that opens again, with how it was made (Ctrl+S in the table)")
        say(self.remove, none, "Take it off the desk; a saved file stays (Delete in the table)")
        say(self.undo, "" if last else "Nothing was removed.", f"Bring back {last.name}" if last else "")
        say(self.compare, "" if comparing else pair, "End the comparison" if comparing else "Side by side (Shift+C)")
        say(self.subtract, pair, "Subtract the lower of the two maps from the upper, as a result of its own")
        say(self.second_view, one, "The same result once more, to look at another of its maps beside this one")
        say(self.show, none, "Show on the canvas")
        say(self.hide, none, "Hide on the canvas")
        again = one or why_not_run_again(self._desk, first)
        say(self.rerun, again or self._desk.why_not_run(), "Same recording, same parameters, same numbers")
        say(self.change, again, "Take its parameters over to Analyze, to change them")
        for action in (self.copy_python, self.copy_command):
            say(action, kept, "Copy a program that makes the same numbers again")
        for action, form in zip(self.exports, EXPORTS, strict=True):
            say(action, kept or (form.why_not(first, spec) if first else ""), form.tip)

    def open_file(self) -> None:
        """Ask for a saved result, and open it."""
        title = "Open a saved result (a folder ending in .zarr)"
        ask_for_folder(self._window, title, self._desk.results.load)

    def save_file(self) -> None:
        """Ask where to, and save the result that is chosen."""

        def write(entry: ResultEntry, path: Path) -> None:
            self._desk.results.save(entry.key, str(path), overwrite=True)  # the dialog has asked

        self._to_file(".zarr", "Save the result", write)

    def export(self, form: Export) -> None:
        """Ask where to, and export the result that is chosen."""

        def write(entry: ResultEntry, path: Path) -> None:
            spec = self._desk.pictures.spec(entry.key)
            self._desk.results.write(lambda: form.write(entry, spec, path), str(path))

        self._to_file(form.ending, form.title.rstrip("…"), write)

    def save_view(self, times: int) -> None:
        """Ask where to, and save the canvas with its legends as a picture, `times` as fine as on the screen."""

        def write(_: object, path: Path) -> None:
            results, place = self._desk.results, self._workplace
            save_picture(
                place.viewer,
                place.map_legends,
                times,
                lambda make: results.write(lambda: make(path), str(path)),
            )

        self._to_file(".png", "Save the view", write, needs_entry=False)

    def remove_chosen(self) -> None:
        """Remove what is chosen; asks once if something would be lost that undo may not bring back."""
        entries = self.entries
        unsaved = [entry.name for entry in entries if entry.lost_when_removed]
        keys = [entry.key for entry in entries]
        if len(unsaved) > 1:
            question = f"{len(unsaved)} of these results are not saved. Remove them?"
            ask(self._window, "Remove results", question, lambda: self._remove(keys))
        else:
            self._remove(keys)

    def toggle_comparison(self) -> None:
        """Put the two results that are chosen side by side, or the view back as it was."""
        comparison, keys = self._workplace.comparison, [entry.key for entry in self.entries]
        if comparison.pair is not None:
            comparison.end()
        elif len(keys) == 2:
            comparison.begin(*keys)
        else:
            self._tell(_TWO)
        self.refresh()

    def subtract_chosen(self) -> None:
        """Make the difference of the maps that the two chosen results show."""
        entries = self.entries
        if len(entries) != 2:
            self._tell(_TWO)
            return
        maps = [self._desk.pictures.map_shown(entry.key) for entry in entries]
        if maps[0] is None or maps[1] is None:
            self._tell("Several factors in one picture have no difference: choose a single one under Shown.")
            return
        self._desk.results.subtract(entries[0].key, maps[0], entries[1].key, maps[1])

    def add_view(self) -> None:
        """The result that is chosen once more, with a look of its own."""
        for entry in self.entries[:1]:
            self._desk.results.add(entry.name, entry.dataset, path=entry.path)

    def run_again(self) -> None:
        """Compute the result that is chosen anew."""
        self._try(lambda entry: run_again(self._desk, entry))

    def prepare_again(self) -> None:
        """Take the parameters of the result that is chosen over to Analyze."""
        self._try(lambda entry: prepare_again(self._desk, entry))

    def _copy(self, command: bool) -> None:
        self._try(lambda entry: self._copy_recipe(entry, command=command))

    def _copy_recipe(self, entry: ResultEntry, *, command: bool) -> None:
        if needs_folder(entry.dataset, command_line=command):
            title = "Choose a folder for the tables that it needs"
            ask_for_folder(self._window, title, partial(self._copy_with_tables, entry, command))
        else:
            self._put_recipe(entry, None, command=command)

    def _copy_with_tables(self, entry: ResultEntry, command: bool, folder: str) -> None:
        try:
            self._put_recipe(entry, folder, command=command)
        except ThunderError as error:
            self._tell(str(error))

    def _put_recipe(self, entry: ResultEntry, folder: str | None, *, command: bool) -> None:
        recipe = (as_command_line if command else as_python)(entry.dataset, folder)
        QGuiApplication.clipboard().setText(recipe.text)
        self._tell("")
        self._workplace.viewer.status = _said_of(recipe)

    def _switch(self, on: bool) -> None:
        self._desk.pictures.switch(self._chosen(), on)

    def _to_file(
        self, ending: str, title: str, write: Callable[[Any, Path], None], *, needs_entry: bool = True
    ) -> None:
        entry = next(iter(self.entries), None)
        if entry is None and needs_entry:
            return
        name = f"view{ending}" if entry is None else file_name(entry, ending)
        kinds = [f"{ending[1:].upper()} (*{ending})"]
        ask_where_to(self._window, title, name, kinds, lambda path: write(entry, with_ending(path, ending)))

    def _try(self, work: Callable[[ResultEntry], Any]) -> None:
        for entry in self.entries[:1]:
            try:
                work(entry)
            except ThunderError as error:
                self._tell(str(error))

    def _remove(self, keys: list[int]) -> None:
        for key in keys:
            if self._desk.results.get(key) is not None:
                self._desk.results.remove(key)

    def _tell(self, message: str) -> None:
        self._desk.results.tell(Trouble(message) if message else None)

    def _menus(self) -> tuple[QMenu, QMenu, QMenu]:
        export, copy, again = (
            QMenu("Export", self._window),
            QMenu("Copy", self._window),
            QMenu("Run again", self._window),
        )
        export.addActions(self.exports)
        picture = export.addMenu("The view with its legends as PNG")
        picture.addActions(self.pictures)
        copy.addActions([self.copy_python, self.copy_command])
        again.addActions([self.rerun, self.change])
        export.setToolTip("Write it for other programs")
        copy.setToolTip("Copy a program that makes it again")
        again.setToolTip("Compute it again")
        for menu in (export, copy, again, picture):
            menu.setToolTipsVisible(True)
        return export, copy, again

    def _action(self, text: str, slot: Callable[[], Any]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda *_: slot())
        return action

    @staticmethod
    def _say(action: QAction, why_not: str, otherwise: str) -> None:
        action.setEnabled(not why_not)
        action.setToolTip(why_not or otherwise)


def _said_of(recipe: Recipe) -> str:
    if not recipe.files:
        return "Copied. Paste it where it shall run."
    return f"Copied. It needs the {len(recipe.files)} file(s) just written to {recipe.files[0].parent}."
