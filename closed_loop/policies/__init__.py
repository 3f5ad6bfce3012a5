"""Baseline policies: vectorised over worlds, deterministic, parameters as frozen dataclasses with sources."""
