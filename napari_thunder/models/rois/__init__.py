"""Regions, with undo, and their files."""
