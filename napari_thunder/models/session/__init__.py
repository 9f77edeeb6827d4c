"""The whole desk, saved, kept safe and restored."""
