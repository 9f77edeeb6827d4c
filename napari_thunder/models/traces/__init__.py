"""Traces: which are wanted, read, shown and summed up."""
