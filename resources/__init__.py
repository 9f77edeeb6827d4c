"""Icons and pictures; installed as `napari_thunder.resources`."""
