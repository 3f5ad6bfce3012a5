"""The monitor: its slow twin, its laws, its errors, and what simplified versions of it would answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closed_loop.rules import parse, robustness, satisfaction
from closed_loop.rules.evaluate import evaluation, trace_of
from closed_loop.rules.formula import text_of, walk
from closed_loop.rules.numeric import NumpyArrays
from closed_loop.rules.reference import robustness_at
from closed_loop.rules.witness import witness_of
from driving_data.errors import InputError
from tests.closed_loop.rules.random_formulae import NAMES, random_node, random_trace
from tests.effort import examples

INF = float("inf")


def margins(text, step_s=1.0, **signals):
    return robustness(parse(text), {name: np.array(value, dtype=float) for name, value in signals.items()}, step_s)


@settings(max_examples=examples(60))
@given(seed=st.integers(0, 2**32 - 1))
def test_every_margin_equals_the_definition(seed):
    rng = np.random.default_rng(seed)
    formula = parse_node(random_node(rng, 2, 4))
    trace = {name: values[:7] for name, values in random_trace(rng).items()}
    ours = robustness(formula, trace, 1.0)
    lists = {name: values.tolist() for name, values in trace.items()}
    theirs = [robustness_at(formula, lists, 1.0, t) for t in range(len(ours))]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def parse_node(node):
    return parse(text_of(node))


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_quantifiers_equal_the_definition_whoever_is_absent(seed):
    rng = np.random.default_rng(seed)
    count, actors = int(rng.integers(2, 6)), int(rng.integers(0, 3))
    there = rng.random((count, actors)) < 0.7
    gap = np.where(there, rng.normal(size=(count, actors)), np.nan)
    apart = rng.normal(size=(count, actors, actors))
    apart[~(there[:, :, None] & there[:, None, :])] = np.nan
    signals = {"gap(*)": gap, "apart(*,*)": apart, "v": rng.normal(size=count)}
    for text in (
        "A a1: (gap(a1) >= 0.2) or once[0:2] (gap(a1) < v)",
        "E a1: gap(a1) until[1:3] (v >= 0)",
        "A a1: E a2: apart(a1, a2) >= 0 or gap(a2) >= gap(a1)",
        "A a2: E a1: apart(a1, a2) >= 0 and prev gap(a1)",
        "always (v >= 0 -> E a1: (rise(gap(a1) >= 0)))",
    ):
        formula = parse(text)
        ours = robustness(formula, signals, 1.0, present=there)
        lists = {name: value.tolist() for name, value in signals.items()}
        theirs = [robustness_at(formula, lists, 1.0, t, there.tolist()) for t in range(count)]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12, err_msg=text)


@settings(max_examples=examples(30))
@given(seed=st.integers(0, 2**32 - 1))
def test_a_batch_is_its_traces_one_by_one(seed):
    rng = np.random.default_rng(seed)
    formula = parse_node(random_node(rng, 4))
    signals = {name: rng.normal(size=(2, 3, 17)) for name in NAMES}
    whole = robustness(formula, signals, 1.0)
    assert whole.shape == (2, 3, 17)
    for row in np.ndindex(2, 3):
        one = robustness(formula, {name: value[row] for name, value in signals.items()}, 1.0)
        assert np.array_equal(one, whole[row])


def test_a_batch_of_many_blocks_is_its_traces():
    signals = {name: np.random.default_rng(3).normal(size=(350, 300)) for name in ("x", "y")}
    formula = parse("always[0:9] (x >= -1) until[2:50] once[0:5] (y >= 1)")
    whole = robustness(formula, signals, 1.0)
    for row in (0, 108, 109, 110, 349):
        assert np.array_equal(whole[row], robustness(formula, {k: v[row] for k, v in signals.items()}, 1.0))


@settings(max_examples=examples(40))
@given(seed=st.integers(0, 2**32 - 1))
def test_the_sign_of_the_margin_is_the_truth(seed):
    rng = np.random.default_rng(seed)
    formula, trace = parse_node(random_node(rng, 4)), random_trace(rng)
    if any(getattr(node, "op", "") in ("iff", "xor") for node in walk(formula.root)):
        return  # rtamt's margins of these compare margins: -|l - r| is negative for two that both hold
    margin, holds = robustness(formula, trace, 1.0), satisfaction(formula, trace, 1.0)
    assert (holds[margin > 0]).all() and not (holds[margin < 0]).any()


@settings(max_examples=examples(40))
@given(seed=st.integers(0, 2**32 - 1))
def test_the_witness_has_the_margin_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    formula, trace = parse_node(random_node(rng, 4)), random_trace(rng)
    running = evaluation(formula, trace_of(formula, trace), 1.0)
    whole = running.value(formula.root)[0]
    if any(getattr(node, "op", "") in ("iff", "xor") for node in walk(formula.root)):
        return
    for t in range(whole.shape[-1]):
        found = witness_of(running, formula.root, 0, t)
        if found is None:
            assert np.isinf(whole[t])
        else:
            assert (-found.margin if found.negated else found.margin) == whole[t]


@settings(max_examples=examples(150))
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40),
    low=st.integers(-50, 50),
    width=st.integers(0, 60),
)
def test_sliding_windows_equal_a_loop(values, low, width):
    x = np.array(values)
    got = NumpyArrays().least(x[None], low, low + width)[0]
    want = [min(values[max(t + low, 0) : max(t + low + width + 1, 0)], default=INF) for t in range(len(values))]
    assert np.array_equal(got, want)


def test_simplified_logics_answer_otherwise():
    # A left side that must hold at the witness too would say -1.
    assert margins("x until y", x=[1, 1, -1], y=[-1, -1, 2])[0] == 1
    # Windows are clipped at the end, not padded with the last value, nor violated for want of samples.
    assert np.array_equal(margins("always[2:3] x", x=[5, 4, 3]), [3, INF, INF])
    assert np.array_equal(margins("eventually[2:3] x", x=[5, 4, 3]), [3, -INF, -INF])
    # Once looks back from each moment and forgets: no running maximum.
    assert np.array_equal(margins("once[1:2] x", x=[9, 0, 1, 2]), [-INF, 9, 9, 1])
    # Weak and strong forms differ at the ends.
    assert margins("prev x", x=[1, 2])[0] == INF and margins("s_prev x", x=[1, 2])[0] == -INF
    assert margins("next x", x=[1, 2])[1] == INF and margins("s_next x", x=[1, 2])[1] == -INF
    assert margins("rise(x)", x=[3, 4])[0] == 3 and margins("fall(x)", x=[3, 4])[0] == -3
    # An implication inside a quantifier is judged actor by actor, not least against least.
    gap, near = np.array([[1.0, -2.0]]), np.array([[-3.0, 2.0]])
    assert robustness(parse("A a: (near(a) -> gap(a))"), {"gap(*)": gap, "near(*)": near}, 1.0)[0] == -2
    assert robustness(parse("A a: (near(a) -> gap(a))"), {"gap(*)": gap[:, :1], "near(*)": near[:, :1]}, 1.0)[0] == 3
    # At margin 0 the comparison decides.
    zero = {"x": np.zeros(1)}
    assert satisfaction(parse("x >= 0"), zero, 1.0)[0] and not satisfaction(parse("x > 0"), zero, 1.0)[0]
    assert not satisfaction(parse("not (x >= 0)"), zero, 1.0)[0] and satisfaction(parse("not (x > 0)"), zero, 1.0)[0]
    assert satisfaction(parse("x"), zero, 1.0)[0]
    assert not satisfaction(parse("x"), zero, 1.0, strict=frozenset({"x"}))[0]


def test_intervals_count_seconds_or_samples():
    x = np.arange(10.0)
    assert margins("once[0,0.3s] x", step_s=0.1, x=-x)[9] == -6
    assert margins("eventually[100ms:300ms] x", step_s=0.1, x=x)[0] == 3
    assert margins("eventually[0:3] x", step_s=0.1, x=x)[0] == 3
    # A bound between samples counts those inside: 0.5 s at 0.2 s a step reaches two samples ahead.
    assert margins("eventually[0,0.5s] x", step_s=0.2, x=x)[0] == 2
    assert margins("eventually[2:inf] x", x=x)[0] == 9 and margins("always[8:inf] x", x=x)[3] == INF
    with pytest.raises(ValueError, match="no sample lies within"):
        margins("always[0.01s,0.05s] x", step_s=0.1, x=x)
    with pytest.raises(ValueError, match="whole numbers"):
        margins("always[0:1.5] x", x=x)


def test_iff_compares_margins_as_rtamt_does():
    assert margins("x iff y", x=[3.0], y=[1.0])[0] == -2 and margins("x xor y", x=[3.0], y=[1.0])[0] == 2
    assert satisfaction(parse("x iff y"), {"x": np.array([3.0]), "y": np.array([1.0])}, 1.0)[0]
    assert margins("prev x iff prev y", x=[3.0], y=[1.0])[0] == 0


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("always (speed >= 3 and ", (1, 24), "the end of the formula"),
        ("alwyas(speed >= 3)", (1, 1), "did you mean 'always'"),
        ("speed >= 3\n  and sped <= 2", (2, 7), "did you mean 'speed'"),
        ("once[3s,1s] speed", (1, 5), "bounds in order"),
        ("once[0,1h] speed", (1, 9), "s, ms, us or ns"),
        ("speed implies speed implies speed", (1, 21), "parentheses"),
        ("A a1: gap(a2) >= 1", (1, 11), "an actor, one of a1, ego, a0"),
        ("(speed >= 1", (1, 12), "')' that closes"),
        ("speed >= (speed >= 2)", (1, 10), "terms on both sides"),
        ("speed $ 2", (1, 7), "'$'"),
        ("-(speed >= 2)", (1, 2), "negated by 'not'"),
    ],
)
def test_a_wrong_formula_is_told_with_its_place(text, place, told):
    with pytest.raises(InputError) as caught:
        parse(text, signals=("speed", "gap"), file="rules.yaml")
    fault = caught.value.faults[0]
    assert (fault.line, fault.column) == place
    assert told in str(fault) and str(fault).startswith("rules.yaml:")


def test_every_unknown_name_is_told_at_once():
    with pytest.raises(InputError) as caught:
        parse("sped >= 1 and gapp >= 2", signals=("speed", "gap"))
    assert [fault.nearest for fault in caught.value.faults] == ["speed", "gap"]
    with pytest.raises(InputError, match="given are gap"):
        robustness(parse("gapp >= 1"), {"gap": np.zeros(3)}, 1.0)


def test_values_that_are_no_numbers_are_refused_not_judged():
    with pytest.raises(ValueError, match="no number"):
        margins("x >= 1", x=[1.0, np.nan])
    with pytest.raises(ValueError, match="no number"):
        margins("sqrt(x) >= 1", x=[-1.0])
    there = np.ones((2, 1), dtype=bool)
    with pytest.raises(ValueError, match="no number"):
        robustness(parse("A a: gap(a) >= 1"), {"gap(*)": np.array([[1.0], [np.nan]])}, 1.0, present=there)
    with pytest.raises(ValueError, match="moments"):
        robustness(parse("x >= y"), {"x": np.zeros(3), "y": np.zeros(4)}, 1.0)


@pytest.mark.parametrize("text", ["a until b and c", "not a and b or c", "always a >= 1 and b", "a iff b implies c",
                                  "a xor b or c", "always a until b", "a - b - c >= 0", "a + b * c >= 1"])  # fmt: skip
def test_operators_bind_as_in_rtamt(text):
    grouped = {
        "a until b and c": "(a until b) and c", "not a and b or c": "((not a) and b) or c",
        "always a >= 1 and b": "(always (a >= 1)) and b", "a iff b implies c": "a iff (b implies c)",
        "a xor b or c": "a xor (b or c)", "always a until b": "(always a) until b",
        "a - b - c >= 0": "((a - b) - c) >= 0", "a + b * c >= 1": "(a + (b * c)) >= 1",
    }  # fmt: skip
    assert parse(text).root == parse(grouped[text]).root


def test_a_formula_nested_without_end_is_told_not_a_crash():
    with pytest.raises(InputError, match="inside one another"):
        parse("not " * 500 + "x")
    with pytest.raises(InputError):
        parse("(" * 500 + "x" + ")" * 500)
    with pytest.raises(InputError, match="in a row"):
        parse(" and ".join(["x"] * 500))
    assert parse(" and ".join(["x"] * 90)).signals()
