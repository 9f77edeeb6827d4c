"""Tuning to features of stimuli and behaviour."""
