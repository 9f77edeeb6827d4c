"""Preparing a recording: a store that is fast to look at and to analyse, made by many workers, resumable."""

from napari_thunder.io.storing.checksums import Verification
from napari_thunder.preparing.plan import PreparationPlan
from napari_thunder.preparing.settings import Preparation
from napari_thunder.preparing.writing import plan_preparation, prepare, verify

__all__ = ["Preparation", "PreparationPlan", "Verification", "plan_preparation", "prepare", "verify"]
