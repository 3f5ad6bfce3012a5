"""How much of its time the suite spends on drawn examples.

An ordinary run draws the same few examples every time, so that it is short and says the same twice. With
`ROADLOOM_THOROUGH=1` each law gets as many as its test asks for, drawn afresh: do that before a release, and after a
change to what a law is about.
"""

import os

THOROUGH = os.environ.get("ROADLOOM_THOROUGH", "") not in ("", "0")
ORDINARY = 25


def examples(thorough: int) -> int:
    """How many examples to draw for a test that asks for `thorough` of them."""
    return thorough if THOROUGH else min(thorough, ORDINARY)
