"""Results, and how they are looked at."""
