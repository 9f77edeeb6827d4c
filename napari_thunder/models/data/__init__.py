"""Recordings, their tables, and the engine."""
