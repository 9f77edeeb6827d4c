"""Traces: the series of regions and voxels, how they are shown, and how they answer events."""
