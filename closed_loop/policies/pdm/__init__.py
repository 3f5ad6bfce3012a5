"""A proposal planner after PDM-Closed: unroll, simulate, score, choose."""
