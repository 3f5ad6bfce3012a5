"""Rules as formulae: signal temporal logic with robustness over batches."""

from closed_loop.rules.evaluate import robustness, satisfaction
from closed_loop.rules.formula import Formula
from closed_loop.rules.grammar import parse

__all__ = ["Formula", "parse", "robustness", "satisfaction"]
