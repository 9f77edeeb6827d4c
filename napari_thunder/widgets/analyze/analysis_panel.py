"""Choose an analysis, its parameters and the preprocessing before it: a view of the draft."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.analysis.registry import analyses
from napari_thunder.models.analyze.draft import Draft
from napari_thunder.models.analyze.form import form_fields, given_beside_defaults, what_is_wrong
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.recording import Recording
from napari_thunder.widgets.analyze.analysis_finder import AnalysisFinder
from napari_thunder.widgets.analyze.chain_editor import ChainEditor
from napari_thunder.widgets.analyze.docs_dialog import DocsDialog
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
    """

    def __init__(self, draft: Draft, datasets: Datasets, main_thread: MainThread) -> None:
        super().__init__()
        self._draft = draft
        self._datasets = datasets
        self._recording: Recording | None = None
        self._shown = ""
        self._forms: dict[str, ParameterForm] = {}
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
        self.form: ParameterForm = ParameterForm()
        self.chain = ChainEditor(draft)
        self._lay_out()
        main_thread.connect(datasets.changed, self._follow, newest=True)
        main_thread.connect(draft.changed, self._follow, newest=True)
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
        DocsDialog(analyses()[self.name], self).open()

    def _lay_out(self) -> None:
        said = QHBoxLayout()
        said.addWidget(self.summary, 1)
        said.addWidget(self.docs_button)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.finder)
        self._layout.addLayout(said)
        self._layout.addWidget(self.form)
        self._layout.addWidget(self.reset_button)
        self._layout.addWidget(QLabel("<b>Preprocessing</b>"))
        self._layout.addWidget(self.chain)

    def _follow(self) -> None:
        current = self._datasets.current
        recording = current.recording if current else None
        if recording is not self._recording:
            self._recording, self._shown = recording, ""
            self.chain.set_recording(recording)
            self._forget_forms()
        if self._shown != self.name:
            self._shown = self.name
            self._show_form()
        self.form.fill(self._draft.parameters)
        self._mark()
        self.chain.show_chain()

    def _show_form(self) -> None:
        chosen: Any = analyses()[self.name]
        self.finder.show_chosen(self.name)
        self.summary.setText(chosen.summary)
        self.docs_button.setToolTip(f"What {chosen.title} computes, with formulas and sources; needs no network")
        form = self._forms.get(self.name)
        if form is None:
            form = self._forms[self.name] = ParameterForm(form_fields(chosen, self._recording))
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
        self._draft.fill(given_beside_defaults(analyses()[self.name], self.form.given()))
        self._mark()

    def _reset(self) -> None:
        self._draft.fill({})
        self._follow()

    def _mark(self) -> None:
        chosen = analyses()[self.name]
        self.form.mark(what_is_wrong(chosen, self.form.given() | dict(self._draft.parameters), self._recording))
        changed = bool(self._draft.parameters)
        self.reset_button.setVisible(bool(self.form.given()))
        say_why(self.reset_button, "" if changed else "All are at their defaults.", "Set all parameters to defaults")
