"""The ROIs tab: regions drawn, painted, imported."""
