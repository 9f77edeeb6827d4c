"""The file of a model of the user's own, and which of its functions is meant."""

from __future__ import annotations

import shutil
from pathlib import Path

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.analyze.own_models import OwnModels
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.file_dialog import ask_for_file, ask_where_to
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_KINDS = ("Python files (*.py)",)
_LOOK_EVERY = 900
_NONE = (
    "Choose a Python file with a function that takes series (time, voxels) and gives back named maps. Its parameters "
    "become a form. Save the example to begin with: it runs as it is."
)
_REMEMBERED = "{name} is remembered from before. Loading it runs its code: load it only if you know what is in it."


class ModelPanel(QWidget):
    """Chooses the file and the function; a file that changes on disk is read again.

    Parameters
    ----------
    models
        What it shows and changes.
    """

    def __init__(self, models: OwnModels, main_thread: MainThread) -> None:
        super().__init__()
        self._models = models
        self.file = QLabel()
        self.file.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.file.setWordWrap(True)
        self.choose_button = self._button("Choose file…", "Choose the Python file of your model; its code is run")
        self.choose_button.clicked.connect(self._browse)
        self.load_button = self._button("Load", "")
        self.load_button.clicked.connect(models.load)
        self.example_button = self._button("Save an example…", "Save a file with two models, to be changed into yours")
        self.example_button.clicked.connect(self._save_example)
        self.function = QComboBox()
        self.function.setAccessibleName("Function of your file")
        self.function.setToolTip("The function of your file that is run")
        self.function.activated.connect(lambda at: models.choose_function(self.function.itemText(at)))
        needs_focus_to_scroll(self.function)
        self.trouble = TroubleLabel()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        main_thread.connect(models.changed, self.refresh, newest=True)
        self.refresh()

    def refresh(self) -> None:
        """Show which file there is, and what is wrong with it."""
        models, path = self._models, self._models.choice.path
        name = Path(path).name
        remembered = bool(path) and not models.confirmed
        self.file.setText(_NONE if not path else _REMEMBERED.format(name=path) if remembered else path)
        self.file.setToolTip(path)
        self.load_button.setText("Load" if remembered else "Reload")
        why_not = "" if path and not models.busy else "Wait until it is loaded." if path else "Choose a file first."
        say_why(
            self.load_button, why_not,
            f"Run the code of {name}" if remembered else f"Read {name} again; that happens by itself when it is saved",
        )  # fmt: skip
        self.load_button.setVisible(bool(path))
        self._show_functions()
        self.trouble.show_trouble(None if remembered else models.trouble)

    def _show_functions(self) -> None:
        models = self._models
        names = list(models.names) if models.confirmed else []
        if [self.function.itemText(i) for i in range(self.function.count())] != names:
            self.function.clear()
            self.function.addItems(names)
        self.function.setCurrentIndex(self.function.findText(models.choice.function))
        self.function.setPlaceholderText("choose one")
        for widget in (self.function, self._form.labelForField(self.function)):
            widget.setVisible(len(names) > 1)

    def _look(self) -> None:
        if self.isVisible():
            self._models.look()

    def _browse(self) -> None:
        ask_for_file(self, "The Python file of your model", _KINDS, self._models.choose)

    def _save_example(self) -> None:
        ask_where_to(self, "Save the example", "my_model.py", _KINDS, self._write_example)

    def _write_example(self, path: str, *_: str) -> None:
        from napari_thunder import resources

        try:
            shutil.copyfile(Path(str(resources.__file__)).with_name("example_model.py"), path)
        except OSError as error:
            self.trouble.show_trouble(Trouble(f"{path}: cannot be written: {error.strerror or error}."))
            return
        self._models.choose(path, "event_gain")

    def _button(self, text: str, tooltip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tooltip)
        button.setAccessibleName(f"{text.rstrip('…')} (own model)")
        return button

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.choose_button, self.load_button, self.example_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow("Function", self.function)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.file)
        layout.addLayout(buttons)
        layout.addLayout(self._form)
        layout.addWidget(self.trouble)
