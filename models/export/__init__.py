"""Converters of public checkpoints; README.md has the commands."""
