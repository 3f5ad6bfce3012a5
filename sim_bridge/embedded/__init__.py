"""The embedded simulator: batched traffic worlds on compiled kernels."""
