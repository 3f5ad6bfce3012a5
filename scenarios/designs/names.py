"""Names of designs."""

import re


def strength_of(design: str) -> int | None:
    """The strength that the name of a design asks for: 2 of `pairwise`, t of `<t>way`; None of any other."""
    if design == "pairwise":
        return 2
    found = re.fullmatch(r"([1-6])-?way", design)
    return int(found.group(1)) if found else None
