"""Logs as worlds: what was recorded happens again around a free ego."""
