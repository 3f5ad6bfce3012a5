"""Conditions that are solved: spaces that nothing meets are recognised and named, thin ones are drawn from exactly."""
