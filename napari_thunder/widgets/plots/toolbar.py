"""What can be chosen and done with plots, in one row above them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from napari_thunder.widgets.elided_combo import ElidedCombo
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_EXPORTS = (("Numbers as CSV…", "csv"), ("Plot as SVG…", "svg"), ("Plot as PNG…", "png"))
_COPIES = (("Numbers", "numbers"), ("Picture", "picture"))
_TOOLS = (
    (Tool.RECTANGLE, "▭", "Choose by a rectangle; with Shift, beside what is chosen"),
    (Tool.LASSO, "◯", "Choose by going around it; with Shift, beside what is chosen"),
)
_STRETCH = 20
"""How much sooner lists are given room than words."""
_AXES = ("to the right", "up", "to the back")


class Toolbar(QWidget):
    """Signals: `result_chosen(key)`, `plot_chosen(name)`, `axes_chosen()` (see `axes`), `configured()` for `deep` and
    `by_time`, `tool_chosen(tool)`, `all_asked()`, `exported(what)` and `copied(what)`.
    """

    result_chosen = Signal(int)
    plot_chosen = Signal(str)
    axes_chosen = Signal()
    configured = Signal()
    tool_chosen = Signal(object)
    all_asked = Signal()
    exported = Signal(str)
    copied = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.results = _combo("Result", "Whose curves and maps are plotted", 280, Qt.TextElideMode.ElideMiddle)
        self.plots = _combo("Plot", "Which of its curves, or two of its maps against each other", 280)
        self.axes = tuple(_combo(f"Axis {where}", f"What is drawn {where}", 160) for where in _AXES)
        self.times = QLabel("×")
        self.deep = _button("3-D", "Show three components at once; drag or the arrow keys turn them")
        self.by_time = _button("By time", "Colour from early to late, instead of by condition")
        self.tools = tuple(_tool_button(*known) for known in _TOOLS)
        self.all = _button("All", "Show the whole plot (Home)")
        self.moment = QLabel()
        self.copy = _button("Copy", "")
        self.export = _button("Export", "")
        self._connect()
        self._lay_out()
        self.show_axes((), ())
        self.show_tools(None)
        self.show_trajectory(False)

    @property
    def chosen_axes(self) -> tuple[int, ...]:
        """Numbers of what is on the axes, as `show_axes` listed it."""
        return tuple(combo.currentIndex() for combo in self.axes)

    def show_results(self, results: Sequence[tuple[int, str]], key: int | None) -> None:
        """Offer these results."""
        _fill(self.results, [(name, number) for number, name in results], key)
        say_why(self.results, "" if results else "There is no result yet.", "Whose curves and maps are plotted")

    def show_plots(self, plots: Sequence[tuple[str, str]], name: str) -> None:
        """Offer these plots by name and title."""
        _fill(self.plots, [(title, name) for name, title in plots], name)
        say_why(self.plots, "" if plots else "There is nothing to plot yet.", self.plots.accessibleDescription())

    def show_axes(self, names: Sequence[str], chosen: Sequence[int]) -> None:
        """Offer these for each axis, of which there are as many as are chosen."""
        for at, combo in enumerate(self.axes):
            combo.setVisible(at < len(chosen))
            if at < len(chosen):
                _fill(combo, [(name, number) for number, name in enumerate(names)], chosen[at])
        self.times.setVisible(len(chosen) > 1)

    def show_tools(self, tool: Tool | None) -> None:
        """Offer rectangle and lasso, with this one in hand; None where neither is of use."""
        for button, (known, _, _) in zip(self.tools, _TOOLS, strict=True):
            button.setVisible(tool is not None)
            button.setChecked(known is tool)

    def show_trajectory(self, there: bool, *, why_not_deep: str = "") -> None:
        """Offer what only trajectories have."""
        self.deep.setVisible(there)
        self.by_time.setVisible(there)
        say_why(self.deep, why_not_deep, self.deep.accessibleDescription())

    def show_possible(self, why_not: str) -> None:
        """Disable what cannot be done, with the reason."""
        say_why(self.all, why_not, "Show the whole plot (Home)")
        say_why(self.copy, why_not, "Copy the numbers or a picture of the plot")
        say_why(self.export, why_not, "Save the numbers or a picture of the plot")

    def say(self, words: str) -> None:
        """Say what is under the mouse."""
        self.moment.setText(words)

    def _connect(self) -> None:
        self.results.activated.connect(lambda _: self.result_chosen.emit(self.results.currentData()))
        self.plots.activated.connect(lambda _: self.plot_chosen.emit(self.plots.currentData()))
        for combo in self.axes:
            combo.activated.connect(lambda _: self.axes_chosen.emit())
        for button in (self.deep, self.by_time):
            button.setCheckable(True)
            button.toggled.connect(lambda _: self.configured.emit())
        for button, (tool, _, _) in zip(self.tools, _TOOLS, strict=True):
            button.clicked.connect(lambda _, tool=tool: self.tool_chosen.emit(tool))
        self.all.clicked.connect(lambda _: self.all_asked.emit())
        for button, entries, signal in ((self.copy, _COPIES, self.copied), (self.export, _EXPORTS, self.exported)):
            menu = QMenu(button)
            for text, what in entries:
                menu.addAction(text).setData(what)
            menu.triggered.connect(_emit_data(signal.emit))
            button.setMenu(menu)

    def _lay_out(self) -> None:
        self.moment.setAccessibleName("Under the mouse")
        self.moment.setTextFormat(Qt.TextFormat.PlainText)
        self.moment.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # gives way first
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        x, y, z = self.axes
        for widget in (self.results, self.plots, x, self.times, y, z):
            layout.addWidget(widget, 0 if widget is self.times else _STRETCH)
        for widget in (self.deep, self.by_time, *self.tools, self.all):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(self.moment, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.export)


def _emit_data(emit: Callable[[str], None]) -> Callable[..., None]:
    return lambda action: emit(action.data())


def _combo(name: str, tip: str, width: int, elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> QComboBox:
    """A list that is as wide as it may be while there is room, and gives way to a few letters."""
    combo = ElidedCombo(elide)
    combo.setAccessibleName(name)
    combo.setAccessibleDescription(tip)
    combo.setToolTip(tip)
    combo.setMinimumContentsLength(4)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    combo.setMaximumWidth(width)
    needs_focus_to_scroll(combo)
    return combo


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(text)
    button.setAccessibleDescription(tip)
    return button


def _tool_button(tool: Tool, sign: str, tip: str) -> QPushButton:
    button = _button(sign, tip)
    button.setAccessibleName(f"Choose by {tool}")
    button.setCheckable(True)
    return button


def _fill(combo: QComboBox, entries: Sequence[tuple[str, object]], chosen: object) -> None:
    """Offer other entries, if they are others, and show the one that is chosen."""
    now = [(combo.itemText(at), combo.itemData(at)) for at in range(combo.count())]
    with QSignalBlocker(combo):
        if now != list(entries):
            combo.clear()
            for text, data in entries:
                combo.addItem(text, data)
                combo.setItemData(combo.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
        combo.setCurrentIndex(next((at for at, (_, data) in enumerate(entries) if data == chosen), -1))
