"""Spark as an engine, on this computer or a remote cluster, through Spark Connect."""

from napari_thunder.engine.spark.engine import SparkEngine

__all__ = ["SparkEngine"]
