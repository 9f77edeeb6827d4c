"""The Data tab: recordings and the engine."""
