"""Readers of real logs: each gives `Segment(REAL)`, and unpickles nothing unsafe."""
