"""How the current recording is looked at: raw, as ΔF/F or averaged; its contrast; what the canvas says."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.data.datasets import Dataset
from napari_thunder.volumes import MovieView, ViewKind
from napari_thunder.volumes.views import MOST_HALF_WIDTH
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.row import row_of
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.showing import Showing
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll
from napari_thunder.widgets.workplace import Workplace

_EDIT_MS = 300

_KINDS = {
    ViewKind.RAW: ("Voxels", "The voxels as they were recorded"),
    ViewKind.DFF: ("ΔF/F", "Change relative to each voxel's baseline, computed by the engine"),
    ViewKind.MEAN: ("Mean over frames", "Mean over a few frames around the one that is shown"),
}
_ASSUMED = "Its voxel size is not known: it is drawn as if 1 µm, to lie with the others. Give it above."
_NO_RECORDING = "Open a recording first."


class ViewPanel(QWidget):
    """Chooses the view of the current recording.

    Parameters
    ----------
    workplace
        Whose recordings are looked at.
    main_thread
        Brings news of them here.
    """

    def __init__(self, workplace: Workplace, main_thread: MainThread) -> None:
        super().__init__()
        self._workplace = workplace
        self._views = workplace.desk.views
        self._showing = Showing()
        self.kind = self._make_kind()
        self.half_width = self._make_half_width()
        self.percentile = self._make_percentile()
        self.contrast = QPushButton("Auto contrast")
        self.contrast.clicked.connect(lambda: workplace.recording_views.auto_contrast())
        self.caption = QCheckBox("Caption")
        self.caption.setToolTip("Say time, frame and stimulus on the canvas")
        self.caption.setChecked(workplace.caption.shown)
        self.caption.toggled.connect(workplace.caption.show)
        self.side_by_side = QCheckBox("Side by side")
        self.side_by_side.toggled.connect(self._show_side_by_side)
        self.state = QLabel()
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop computing, and show the voxels as they are")
        self.cancel.clicked.connect(self._cancel)
        self.retry = QPushButton("Try again")
        self.retry.clicked.connect(self._retry)
        self.trouble = TroubleLabel()
        self.space = QLabel(_ASSUMED)
        self.space.setWordWrap(True)
        self._edited = QTimer(self)
        self._edited.setSingleShot(True)
        self._edited.setInterval(_EDIT_MS)
        self._edited.timeout.connect(self._apply)
        self._lay_out()
        desk, layers = workplace.desk, workplace.layers
        for signal in (desk.datasets.changed, self._views.changed, workplace.caption.changed, layers.arranged):
            main_thread.connect(signal, self._show, newest=True)
        self._show()

    def _make_kind(self) -> QComboBox:
        kind = QComboBox()
        for value, (title, tip) in _KINDS.items():
            kind.addItem(title, value)
            kind.setItemData(kind.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        kind.setAccessibleName("View of the recording")
        kind.activated.connect(lambda _: self._apply())
        needs_focus_to_scroll(kind)
        return kind

    def _make_half_width(self) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(0, MOST_HALF_WIDTH)
        spin.setPrefix("± ")
        spin.setSuffix(" frames")
        spin.setSpecialValueText("one frame")
        spin.setAccessibleName("Frames to average on either side")
        spin.valueChanged.connect(self._on_edited)
        needs_focus_to_scroll(spin)
        return spin

    def _make_percentile(self) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(0, 100)
        spin.setDecimals(0)
        spin.setPrefix("percentile ")
        spin.setAccessibleName("Percentile over time that is the baseline")
        spin.valueChanged.connect(self._on_edited)
        needs_focus_to_scroll(spin)
        return spin

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, field in (("Show", self.kind), ("Average over", self.half_width), ("Baseline", self.percentile)):
            form.addRow(title, field)
        self._busy = row_of(self.state, self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        for part in (
            self._busy,
            self.trouble,
            self.retry,
            self.space,
            row_of(self.contrast, self.caption, self.side_by_side),
        ):
            layout.addWidget(part)

    def _on_edited(self) -> None:
        if not self._showing:
            self._edited.start()

    def _apply(self) -> None:
        dataset = self._current()
        self._edited.stop()
        if dataset is None:
            return
        kind = ViewKind(self.kind.currentData())
        half_width = self.half_width.value()
        if kind is ViewKind.MEAN and self._views.view(dataset.key).kind is ViewKind.MEAN:
            half_width = max(1, half_width)
        self._views.show(dataset.key, kind=kind, half_width=half_width, baseline_percentile=self.percentile.value())

    def _cancel(self) -> None:
        if (dataset := self._current()) is not None:
            self._views.cancel(dataset.key)

    def _retry(self) -> None:
        if (dataset := self._current()) is not None:
            self._views.retry(dataset.key)

    def _show_side_by_side(self, wanted: bool) -> None:
        if not self._showing:
            self._workplace.layers.show_side_by_side(wanted)

    def _current(self) -> Dataset | None:
        return self._workplace.desk.datasets.current

    def _show(self, *_: object) -> None:
        dataset = self._current()
        view = MovieView() if dataset is None else self._views.view(dataset.key)
        with self._showing:
            if not self._edited.isActive():
                self.kind.setCurrentIndex(self.kind.findData(view.kind))
                self.half_width.setValue(view.half_width)
                self.percentile.setValue(20.0 if view.baseline_percentile is None else view.baseline_percentile)
            self.caption.setChecked(self._workplace.caption.shown)
            self.side_by_side.setChecked(self._workplace.layers.side_by_side)
        self._show_whats_possible(dataset, view)
        self._show_progress(dataset)
        self.space.setVisible(self._is_drawn_as_if_known(dataset))

    def _show_whats_possible(self, dataset: Dataset | None, view: MovieView) -> None:
        missing = _NO_RECORDING if dataset is None else ""
        say_why(self.kind, missing, "What the layer of the current recording shows")
        averaged = "Choose ΔF/F or a mean first." if view.kind is ViewKind.RAW else ""
        say_why(
            self.half_width, missing or averaged, "Frames on either side of the shown one; excluded ones are left out"
        )
        relative = "" if view.kind is ViewKind.DFF else "Choose ΔF/F first."
        say_why(self.percentile, missing or relative, "Percentile over up to 60 frames spread over the recording")
        say_why(self.contrast, missing, "Span the contrast by what is shown now; each view keeps its own")
        alone = "" if len(self._workplace.desk.datasets) > 1 else "Open a second recording first."
        say_why(self.side_by_side, alone, "Show every recording in a part of the canvas of its own")

    def _is_drawn_as_if_known(self, dataset: Dataset | None) -> bool:
        others = (other.recording.voxel_size for other in self._workplace.desk.datasets)
        return dataset is not None and dataset.recording.voxel_size is None and any(others)

    def _show_progress(self, dataset: Dataset | None) -> None:
        job = None if dataset is None else self._views.job(dataset.key)
        computing = job is not None and job.started is not None
        self._busy.setVisible(computing)
        if job is not None and computing:
            self.state.setText(f"Computing the baseline, {job.fraction:.0%}…")
        trouble = None if dataset is None else self._views.trouble(dataset.key)
        self.trouble.show_trouble(trouble)
        self.retry.setVisible(trouble is not None)
