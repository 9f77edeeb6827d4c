"""Object storage and the web, by fsspec: `s3://`, `gs://`, `https://`."""

from napari_thunder.io.remote.path import RemotePath

__all__ = ["RemotePath"]
