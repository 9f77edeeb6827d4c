"""Many regions or groups of voxels as one state."""
