"""pyqtgraph, on the Qt binding that napari uses.

pyqtgraph takes whichever binding is imported already, so qtpy chooses first. Its global options are never set.
"""

from __future__ import annotations

import qtpy.QtCore  # noqa: F401  (before pyqtgraph)

import pyqtgraph as pg  # isort: skip
from pyqtgraph.graphicsItems.ScatterPlotItem import Symbols  # isort: skip

__all__ = ["Symbols", "pg"]
