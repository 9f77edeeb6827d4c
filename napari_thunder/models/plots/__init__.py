"""What the curves of results and the values of their maps look like as plots, and which voxels are chosen there."""
