"""Each voxel against signals, regions and its neighbours."""
