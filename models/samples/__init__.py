"""Recordings to try the program on, and what made them."""
