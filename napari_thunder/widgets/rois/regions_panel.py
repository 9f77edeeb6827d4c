"""The regions on the desk, and what can be done with them."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_thunder.io.regions import read_region_formats, region_formats
from napari_thunder.models import Desk
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.canvas.region_layers import RegionLayers
from napari_thunder.widgets.file_dialog import ask_for_file, ask_for_folder, ask_where_to
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.rois.region_actions import RegionAction
from napari_thunder.widgets.rois.region_list import RegionList
from napari_thunder.widgets.rois.region_table import RegionTable
from napari_thunder.widgets.rois.trust_question import TrustQuestion
from napari_thunder.widgets.trouble_label import TroubleLabel

_NONE = "No regions yet. Draw one on the brain, make one from a map, or import a file."
_PER_ROW = 4


class RegionsPanel(QWidget):
    """A table of regions with buttons, keys and a context menu.

    Parameters
    ----------
    desk
        Whose regions they are.
    layers
        Where they are drawn.
    """

    def __init__(self, desk: Desk, layers: RegionLayers, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._layers = layers
        self.table = RegionTable(desk.regions, self._space)
        self.list = RegionList(self.table)
        self.none = QLabel(_NONE)
        self.note = QLabel()
        self.trouble = TroubleLabel()
        self.actions_by_name = self._actions()
        self.buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self._connect(main_thread)
        self._trust = TrustQuestion(self, desk.region_files)
        self.show_regions()

    def let_go(self) -> None:
        """Undo the connections; the panel is about to go."""
        self._layers.chosen_changed.disconnect(self._show_chosen, missing_ok=True)
        self._layers.troubled.disconnect(self._show_trouble, missing_ok=True)

    def show_regions(self) -> None:
        """Show the regions as they are now."""
        self.table.show()
        self.none.setVisible(not len(self._desk.regions))
        self.list.setVisible(bool(len(self._desk.regions)))
        self._show_chosen()

    def import_regions(self, path: str) -> None:
        """Read a file of regions; returns at once."""
        volume, _ = self._space()
        if volume is not None:
            self._desk.region_files.read(path, volume, self._layers.plane)

    def export_regions(self, path: str) -> None:
        """Write the chosen regions, or all when none is chosen; returns at once."""
        self._desk.region_files.write(path, self.list.keys or None, self._space()[1])

    def delete(self) -> None:
        """Take the chosen regions off the desk."""
        self._desk.regions.remove(*self.list.keys)

    def _space(self) -> tuple[Any, Any]:
        current = self._desk.datasets.current
        return (None, None) if current is None else (current.recording.shape[1:], current.recording.voxel_size)

    def _actions(self) -> dict[str, RegionAction]:
        regions, layers = self._desk.regions, self._layers
        return {
            "go to": RegionAction(
                "Go to", "Show its plane, with the region in the middle", self._go_to, self._one_that_fits
            ),
            "rename": RegionAction("Rename", "Type another name", self.list.rename, self._one, "F2"),
            "duplicate": RegionAction(
                "Duplicate", "Make another one of the same voxels", self._duplicate, self._some, "Ctrl+D"
            ),
            "delete": RegionAction("Delete", "Take the chosen regions off the desk", self.delete, self._some, "Del"),
            "undo": RegionAction(
                "Undo",
                "Take back the last change of a region",
                layers.undo,
                lambda: "" if regions.can_undo else "There is no change to take back.",
                "Ctrl+Z",
            ),
            "redo": RegionAction(
                "Redo",
                "Make the change again that was taken back",
                layers.redo,
                lambda: "" if regions.can_redo else "There is nothing to make again.",
                "Ctrl+Shift+Z",
            ),
            "import": RegionAction(
                "Import…",
                "Read regions from GeoJSON, ImageJ ROIs or a label image, or cells of suite2p, CaImAn or NWB",
                self._import,
                self._can_import,
            ),
            "import folder": RegionAction(
                "Import folder…",
                "Read the cells that suite2p found on all planes, or the labels of an OME-Zarr",
                self._import_folder,
                self._can_import,
            ),
            "export": RegionAction(
                "Export…", "Write the chosen regions, or all when none is chosen, to a file", self._export, self._any
            ),
            "colour": RegionAction("Colour…", "Choose another colour", self.list.recolor, self._some),
            "paint": RegionAction("Paint on", "Add voxels to it with the brush", self._paint, self._can_paint),
            "analyze": RegionAction(
                "Use as mask in Analyze", "Compute in this region only", self._restrict, self._one_that_fits
            ),
        }

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(4)
        shown = ("go to", "rename", "duplicate", "delete", "undo", "redo", "import", "export")
        for at, name in enumerate(shown):
            self.buttons[name] = self.actions_by_name[name].button()
            grid.addWidget(self.buttons[name], at // _PER_ROW, at % _PER_ROW)
        self.buttons["analyze"] = self.actions_by_name["analyze"].button()
        self.buttons["import folder"] = self.actions_by_name["import folder"].button()
        grid.addWidget(self.buttons["analyze"], 2, 0, 1, _PER_ROW // 2)
        grid.addWidget(self.buttons["import folder"], 2, _PER_ROW // 2, 1, _PER_ROW // 2)
        for action in self.actions_by_name.values():
            action.bind(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for label in (self.none, self.note):
            label.setWordWrap(True)
        for widget in (self.none, self.list):
            layout.addWidget(widget)
        layout.addLayout(grid)
        layout.addWidget(self.note)
        layout.addWidget(self.trouble)
        self.note.setVisible(False)

    def _connect(self, main_thread: MainThread) -> None:
        desk = self._desk
        self.list.picked.connect(lambda: self._layers.choose(self.list.keys))
        self.list.recolored.connect(lambda key, color: desk.regions.edit(key, color=color))
        self.list.opened.connect(self._layers.go_to)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self._layers.chosen_changed.connect(self._show_chosen)
        self._layers.troubled.connect(self._show_trouble)
        main_thread.connect(desk.regions.changed, self.show_regions, newest=True)
        main_thread.connect(desk.datasets.changed, self.show_regions, newest=True)
        main_thread.connect(desk.region_files.changed, self._show_file, newest=True)

    def _show_chosen(self) -> None:
        self.list.choose(self._layers.chosen)
        for name, button in self.buttons.items():
            self.actions_by_name[name].show_on(button)

    def _show_trouble(self, trouble: Trouble | None) -> None:
        self.trouble.show_trouble(trouble)

    def _show_file(self) -> None:
        files = self._desk.region_files
        self._say("Reading or writing the file…" if files.busy else " ".join(files.notes) or self._trust.note)
        self.trouble.show_trouble(files.trouble)
        self._trust.ask_if_new()

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("go to", "rename", "colour", "paint", "duplicate", "delete", "analyze", "export"):
            action = self.actions_by_name[name]
            entry = menu.addAction(f"{action.title}\t{action.key}" if action.key else action.title)
            entry.setEnabled(not action.why_not())
            entry.triggered.connect(lambda _=False, do=action.perform: do())
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _some(self) -> str:
        return "" if self.list.keys else "Choose a region in the table first."

    def _one(self) -> str:
        return "" if len(self.list.keys) == 1 else "Choose one region in the table first."

    def _any(self) -> str:
        return "" if len(self._desk.regions) else "There is no region yet."

    def _can_import(self) -> str:
        return "" if self._space()[0] is not None else "Open a recording first: regions are read for its volume."

    def _one_that_fits(self) -> str:
        if reason := self._one():
            return reason
        region, volume = self._desk.regions.get(self.list.keys[0]), self._space()[0]
        return region.why_unfit(volume) if region is not None and volume is not None else ""

    def _can_paint(self) -> str:
        if reason := self._one_that_fits():
            return reason
        region = self._desk.regions.get(self.list.keys[0])
        outlined = region is not None and region.outline is not None
        return "It was drawn: move its outline or its corners instead." if outlined else ""

    def _go_to(self) -> None:
        self._layers.go_to(self.list.keys[0])

    def _paint(self) -> None:
        self._layers.paint_on(self.list.keys[0])

    def _duplicate(self) -> None:
        with self._desk.regions.one_step():
            for key in self.list.keys:
                self._desk.regions.duplicate(key)

    def _restrict(self) -> None:
        self._desk.draft.restrict(self.list.keys[0])
        self._desk.attend.emit("analyze")

    def _import(self) -> None:
        patterns = " ".join(f"*{suffix}" for known in read_region_formats() for suffix in known.suffixes)
        ask_for_file(self, "Import regions", [f"Regions ({patterns})", "All files (*)"], self.import_regions)

    def _import_folder(self) -> None:
        ask_for_folder(self, "Import the cells in a folder", self.import_regions)

    def _export(self) -> None:
        filters = [f"{known.name} (*{known.suffixes[0]})" for known in region_formats()]
        ask_where_to(self, "Export regions", "regions", filters, self.export_regions)
