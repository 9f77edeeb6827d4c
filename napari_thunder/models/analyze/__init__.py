"""Analyses: prepared, queued, run."""
