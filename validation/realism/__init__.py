"""How likely the real log is under simulated rollouts."""
