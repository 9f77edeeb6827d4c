"""Event tables, behaviour signals and the regressors made of them."""

from napari_thunder.events.design import read_design
from napari_thunder.events.event_table import check_events, frames_in_events, read_events
from napari_thunder.events.kernel import KERNELS, Kernel
from napari_thunder.events.regressors import event_groups, event_regressors
from napari_thunder.events.signals import check_signals, read_signals, sample_signals

__all__ = [
    "KERNELS",
    "Kernel",
    "check_events",
    "check_signals",
    "event_groups",
    "event_regressors",
    "frames_in_events",
    "read_design",
    "read_events",
    "read_signals",
    "sample_signals",
]
