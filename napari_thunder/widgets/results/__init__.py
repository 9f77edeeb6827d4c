"""The Results tab: what was computed, and how it is looked at."""
