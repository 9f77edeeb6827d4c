"""What is done to the series before an analysis."""
