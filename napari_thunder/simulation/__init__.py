"""A zebrafish with known answers."""

from napari_thunder.simulation.simulator import ground_truth, sample, simulate

__all__ = ["ground_truth", "sample", "simulate"]
