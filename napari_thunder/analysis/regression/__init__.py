"""Each voxel as a sum of what happened."""
