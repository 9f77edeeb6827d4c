"""Each voxel by frequency."""
