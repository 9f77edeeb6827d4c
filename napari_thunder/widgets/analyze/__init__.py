"""The Analyze tab: what to compute, and what is being computed."""
