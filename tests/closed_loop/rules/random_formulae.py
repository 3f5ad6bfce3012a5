"""Random formulae that both our grammar and rtamt's accept, and random traces with ties, jumps and short ends."""

from fractions import Fraction

import numpy as np

from closed_loop.rules.formula import (
    Arithmetic,
    Compare,
    Edge,
    Holds,
    Interval,
    Join,
    Not,
    Number,
    Reach,
    Shift,
    Signal,
    Window,
    text_of,
)

NAMES = ("p", "q", "r")


def random_term(rng, depth):
    kind = rng.integers(0, 8)
    if depth == 0 or kind < 4:
        return Signal(str(rng.choice(NAMES)))
    if kind == 4:
        return Number(float(rng.choice([-1.5, 0.0, 0.25, 1.0, 2.0])))
    if kind == 5:
        return Arithmetic("abs", (random_term(rng, depth - 1),))
    if kind == 6:
        return Arithmetic("exp", (Arithmetic("*", (Number(0.25), random_term(rng, 0))),))
    op = str(rng.choice(["+", "-", "*"]))
    return Arithmetic(op, (random_term(rng, depth - 1), random_term(rng, depth - 1)))


def random_interval(rng, longest):
    begin = int(rng.integers(0, 5))
    return Interval(Fraction(begin), Fraction(begin + int(rng.integers(0, longest))))


def random_node(rng, depth, longest=12):
    """A formula at most `depth` operators deep."""
    kind = rng.integers(0, 12)
    if depth == 0 or kind == 0:
        op = str(rng.choice(["<", "<=", ">", ">=", "==", "!="]))
        return Compare(op, random_term(rng, 2), Number(float(rng.choice([-1.0, 0.0, 0.5, 1.0]))))

    def child():
        return random_node(rng, depth - 1, longest)

    interval = random_interval(rng, longest) if rng.random() < 0.7 else None
    if kind in (1, 2, 3):
        return Window(str(rng.choice(["always", "eventually", "historically", "once"])), child(), interval)
    if kind in (4, 5, 6):
        op = str(rng.choice(["until", "since", "unless"]))
        # rtamt fails on an unless without bounds.
        bounds = random_interval(rng, longest) if op == "unless" else interval
        return Reach(op, child(), child(), bounds)
    if kind == 7:
        return Not(child())
    if kind == 8:
        return Shift(str(rng.choice(["prev", "s_prev", "next", "s_next"])), child())
    if kind == 9:
        return Edge(str(rng.choice(["rise", "fall"])), child())
    if kind == 10 and rng.random() < 0.2:
        # rtamt lengthens the list of a bare variable under a window in place: the variable hides in a negation.
        return Not(Holds(Signal(str(rng.choice(NAMES)))))
    op = str(rng.choice(["and", "or", "implies", "iff", "xor"], p=[0.3, 0.3, 0.2, 0.1, 0.1]))
    return Join(op, child(), child())


def random_trace(rng):
    """Three signals of 2 to 40 samples: normal, or few values so that margins tie."""
    count = int(rng.integers(2, 41))
    if rng.random() < 0.4:
        return {name: rng.integers(-2, 3, count).astype(float) for name in NAMES}
    return {name: np.round(rng.normal(0.0, 1.5, count), 6) for name in NAMES}


def random_cases(count, seed, depth=4):
    """`count` formulae as text with a trace each."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        node = random_node(rng, int(rng.integers(1, depth + 1)))
        trace = random_trace(rng)
        made.append({"spec": text_of(node), "trace": {name: trace[name].tolist() for name in NAMES}})
    return made
