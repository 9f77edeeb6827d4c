"""The Registration tab and what belongs to it."""
