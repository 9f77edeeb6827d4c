"""What is on napari's canvas: layers, legends, words, and what the mouse does there."""
