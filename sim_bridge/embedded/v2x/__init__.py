"""Radio between vehicles, people and the roadside: who says what, and what of it arrives when."""
