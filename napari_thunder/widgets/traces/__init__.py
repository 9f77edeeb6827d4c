"""The Traces dock: activity over time."""
