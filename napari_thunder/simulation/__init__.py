"""A zebrafish with known answers."""

from napari_thunder.simulation.kept_sample import sample
from napari_thunder.simulation.movement import Motion
from napari_thunder.simulation.simulator import ground_truth, simulate

__all__ = ["Motion", "ground_truth", "sample", "simulate"]
