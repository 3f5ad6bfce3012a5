"""Mixtures of real, synthetic and augmented segments, exact in ratio and resumable."""
