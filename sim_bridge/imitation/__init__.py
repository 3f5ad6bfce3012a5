"""A driver learned from logs: features, training, weights."""
