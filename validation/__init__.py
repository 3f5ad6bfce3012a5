"""DOUBTS: may we believe it? Checks, planted faults that measure the checks, and the gate."""
