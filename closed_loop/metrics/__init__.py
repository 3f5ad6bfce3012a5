"""Metrics of closed-loop driving: pure functions of a rollout, each with id, version, unit, source and validity."""
