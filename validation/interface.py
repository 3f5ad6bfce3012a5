"""What validation is made of: the two ports and what they give."""

from driving_data.ports import Check, SetCheck
from driving_data.verdict import ValidationReport, Verdict

__all__ = ["Check", "SetCheck", "ValidationReport", "Verdict"]
