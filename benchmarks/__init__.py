"""Benchmarks: each module measures one room and says against whom."""
