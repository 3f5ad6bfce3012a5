"""WORLDS: what then happened. Simulators that turn a concrete scenario into a rollout."""
