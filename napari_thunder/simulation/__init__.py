"""A zebrafish with known answers."""

from napari_thunder.simulation.kept_sample import sample
from napari_thunder.simulation.simulator import ground_truth, simulate

__all__ = ["ground_truth", "sample", "simulate"]
