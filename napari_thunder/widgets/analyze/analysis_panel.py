"""Choose an analysis, its parameters and the preprocessing before it: a view of the draft."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.analysis.again import OWN
from napari_thunder.analysis.registry import analyses
from napari_thunder.models.analyze.draft import Draft
from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.models.analyze.own_models import OwnModels
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.rois.regions import Regions
from napari_thunder.recording import Recording
from napari_thunder.widgets.analyze.analysis_finder import AnalysisFinder
from napari_thunder.widgets.analyze.chain_editor import ChainEditor
from napari_thunder.widgets.analyze.docs_dialog import DocsDialog
from napari_thunder.widgets.analyze.model_panel import ModelPanel
from napari_thunder.widgets.analyze.parameter_form import ParameterForm
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why


class AnalysisPanel(QWidget):
    """What to compute.

    Parameters
    ----------
    draft
        What it shows and changes; several panels of one draft stay in step.
    datasets
        Whose current recording offers its event columns and signals.
    regions
        Whose names are offered.
    models
        The user's own.
    """

    def __init__(
        self, draft: Draft, datasets: Datasets, regions: Regions, models: OwnModels, main_thread: MainThread
    ) -> None:
        super().__init__()
        self._draft = draft
        self._datasets = datasets
        self._regions = regions
        self._names: tuple[str, ...] = ()
        self._models = models
        self._recording: Recording | None = None
        self._shown: object = ""
        self._forms: dict[object, ParameterForm] = {}
        self.finder = AnalysisFinder()
        self.finder.chosen.connect(self.choose)
        self.finder.entered.connect(lambda: self.form.focus_first())
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.docs_button = QPushButton("Docs…")
        self.docs_button.clicked.connect(self.show_docs)
        self.reset_button = QPushButton("Reset to defaults")
        self.reset_button.clicked.connect(self._reset)
        self.model = ModelPanel(models, main_thread)
        self.form: ParameterForm = ParameterForm()
        self.chain = ChainEditor(draft)
        self._lay_out()
        main_thread.connect(datasets.changed, self._follow, newest=True)
        main_thread.connect(draft.changed, self._follow, newest=True)
        main_thread.connect(models.changed, self._follow, newest=True)
        main_thread.connect(regions.changed, self._follow, newest=True)
        self._follow()

    @property
    def name(self) -> str:
        """Of the analysis chosen, as on the command line."""
        return self._draft.analysis

    def choose(self, name: str) -> None:
        """Choose an analysis by its name."""
        self._draft.choose(name)
        self._follow()

    def given(self) -> dict[str, Any]:
        """The parameters as the form shows them."""
        return self.form.given()

    def commit(self) -> None:
        """Take over what is still being typed."""
        self._write()

    def show_docs(self) -> None:
        """Open what is written about the analysis."""
        chosen = self._chosen()
        if chosen is not None:
            DocsDialog(chosen, self).open()

    def _chosen(self) -> Any:
        """The class of the analysis; None for a model of the user's own that is not loaded."""
        return self._models.cls if self.name == OWN else analyses()[self.name]

    def _lay_out(self) -> None:
        said = QHBoxLayout()
        said.addWidget(self.summary, 1)
        said.addWidget(self.docs_button)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.finder)
        self._layout.addLayout(said)
        self._layout.addWidget(self.model)
        self._layout.addWidget(self.form)
        self._layout.addWidget(self.reset_button)
        self._layout.addWidget(QLabel("<b>Preprocessing</b>"))
        self._layout.addWidget(self.chain)

    def _follow(self) -> None:
        current = self._datasets.current
        recording = current.recording if current else None
        regions = tuple(region.name for region in self._regions)
        if recording is not self._recording or regions != self._names:
            self._recording, self._names, self._shown = recording, regions, ""
            self.chain.set_recording(recording)
            self._forget_forms()
        chosen = self._chosen()
        if self._shown is not (chosen or OWN):
            self._shown = chosen or OWN
            self._show_form(chosen)
        self.form.fill(self._draft.parameters)
        self._mark()
        self.chain.show_chain()

    def _show_form(self, chosen: Any) -> None:
        self.finder.show_chosen(self.name)
        self.model.setVisible(self.name == OWN)
        self.summary.setText("A function in a Python file of yours" if chosen is None else chosen.summary)
        said = "" if chosen is None else f"What {chosen.title} computes, with formulas and sources; needs no network"
        say_why(self.docs_button, "" if chosen is not None else "Choose your file first.", said)
        form = self._forms.get(chosen)
        if form is None:
            fields = () if chosen is None else form_fields(chosen, self._recording, self._names)
            form = self._forms[chosen] = ParameterForm(fields, fold=True)
            form.changed.connect(self._write)
        self._layout.replaceWidget(self.form, form)
        self.form.hide()
        form.setVisible(bool(form.given()))
        self.form = form

    def _forget_forms(self) -> None:
        """Forms offer what one recording has; the one in sight goes when it is replaced."""
        shown, self.form = self.form, ParameterForm()
        self._layout.replaceWidget(shown, self.form)
        for form in {shown, *self._forms.values()}:
            form.hide()
            form.deleteLater()
        self._forms.clear()

    def _write(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._draft.fill(given_beside_defaults(chosen, self.form.given()))
            self._mark()

    def _reset(self) -> None:
        self._draft.fill({})
        self._follow()

    def _mark(self) -> None:
        chosen = self._chosen()
        self.reset_button.setVisible(bool(self.form.given()))
        if chosen is None:
            return
        self.form.mark(what_is_wrong(chosen, self.form.given() | dict(self._draft.parameters), self._recording))
        changed = bool(self._draft.parameters)
        say_why(self.reset_button, "" if changed else "All are at their defaults.", "Set all parameters to defaults")
