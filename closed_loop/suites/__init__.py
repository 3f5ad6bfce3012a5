"""Suites: named lists of concrete scenarios, and the runner that drives policies through them."""
