"""Rules as formulae: signal temporal logic with robustness over batches, and the traffic rules written in it."""

from closed_loop.rules.evaluate import robustness, satisfaction
from closed_loop.rules.formula import Formula
from closed_loop.rules.grammar import parse
from closed_loop.rules.monitor import RuleVerdict, monitor, monitor_all
from closed_loop.rules.rulebook import Rule, load_rules, shipped_rules

__all__ = [
    "Formula",
    "Rule",
    "RuleVerdict",
    "load_rules",
    "monitor",
    "monitor_all",
    "parse",
    "robustness",
    "satisfaction",
    "shipped_rules",
]
