"""Choose an analysis, its parameters and the preprocessing before it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QStandardItem, QStandardItemModel
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.analysis.registry import analyses
from napari_thunder.models.datasets import Datasets
from napari_thunder.models.form import form_fields
from napari_thunder.recording import Recording
from napari_thunder.widgets.analyze.chain_editor import ChainEditor
from napari_thunder.widgets.analyze.parameter_form import ParameterForm
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll


class AnalysisPanel(QWidget):
    """What to compute.

    Parameters
    ----------
    datasets
        Whose current recording offers its event columns and signals.
    """

    def __init__(self, datasets: Datasets, main_thread: MainThread) -> None:
        super().__init__()
        self._datasets = datasets
        self._recording: Recording | None = None
        self.chooser = QComboBox()
        self.chooser.setModel(_by_family(self.chooser))
        self.choose("summary_images")
        self.chooser.setAccessibleName("Analysis")
        self.chooser.currentIndexChanged.connect(lambda _: self._show_form())
        needs_focus_to_scroll(self.chooser)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.form = ParameterForm()
        self.chain = ChainEditor()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.chooser, self.summary, self.form, QLabel("<b>Preprocessing</b>"), self.chain):
            self._layout.addWidget(widget)
        main_thread.connect(datasets.changed, self._follow, newest=True)
        self._show_form()

    @property
    def name(self) -> str:
        """Of the analysis chosen, as on the command line."""
        return str(self.chooser.currentData())

    def choose(self, name: str) -> None:
        """Choose an analysis by its name."""
        self.chooser.setCurrentIndex(self.chooser.findData(name))

    def given(self) -> dict[str, Any]:
        """The parameters filled in."""
        return self.form.given()

    def _follow(self) -> None:
        current = self._datasets.current
        recording = current.recording if current else None
        if recording is not self._recording:
            self._recording = recording
            self.chain.set_recording(recording)
            self._show_form()

    def _show_form(self) -> None:
        chosen = analyses()[self.name]
        self.summary.setText(chosen.summary)
        self.chooser.setToolTip(chosen.summary)
        form = ParameterForm(form_fields(chosen, self._recording))
        self._layout.replaceWidget(self.form, form)
        self.form.hide()
        self.form.deleteLater()
        self.form = form


def _by_family(parent: QComboBox) -> QStandardItemModel:
    """Analyses under the names of their families, which cannot be chosen themselves."""
    model = QStandardItemModel(parent)
    for family, members in groupby(sorted(analyses().items(), key=_family_of), key=_family_of):
        head = QStandardItem(family)
        head.setFlags(Qt.ItemFlag.NoItemFlags)
        model.appendRow(head)
        for name, cls in members:
            item = QStandardItem(cls.title)
            item.setData(name, Qt.ItemDataRole.UserRole)
            item.setToolTip(cls.summary)
            model.appendRow(item)
    return model


def _family_of(item: tuple[str, Any]) -> str:
    return str(item[1].family)
