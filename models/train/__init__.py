"""The recipe of the embedded models; README.md has the steps."""
