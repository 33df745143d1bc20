"""The embedded models: training (train), conversion of public checkpoints (export), what both share, and tests of all three."""
