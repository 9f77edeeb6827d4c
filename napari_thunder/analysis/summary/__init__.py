"""What each voxel is like over the whole recording."""
