"""Voxels that do the same, together."""
