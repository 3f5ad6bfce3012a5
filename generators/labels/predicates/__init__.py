"""Statements about a drive that can be checked: a small typed language over a rollout, with the values behind each."""

from generators.labels.predicates.evaluate import Verdict, evaluate, holds
from generators.labels.predicates.grammar import parse
from generators.labels.predicates.table import FUNCTIONS
from generators.labels.predicates.view import View

__all__ = ["FUNCTIONS", "Verdict", "View", "evaluate", "holds", "parse"]
