"""The Plots dock."""
