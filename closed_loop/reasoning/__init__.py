"""Questions about a drive with ways to answer them, each step checked against the world; what if, played again."""

from closed_loop.reasoning.counterfactual import Intervention, Replay, with_counterfactuals
from closed_loop.reasoning.questions import QUESTIONS
from closed_loop.reasoning.reason import reason, told
from closed_loop.reasoning.verify import Report, admitted, verify

__all__ = ["QUESTIONS", "Intervention", "Replay", "Report", "admitted", "reason", "told", "verify",
           "with_counterfactuals"]  # fmt: skip
