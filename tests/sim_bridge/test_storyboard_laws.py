"""Laws of what the player is built from: transitions, the exact network, and the table of what is played."""

import math
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import storyboard as sb
from sim_bridge.embedded.storyboard.conditions import compare, compare_text
from sim_bridge.embedded.storyboard.features import PLAYED, table
from sim_bridge.embedded.storyboard.place import Place
from sim_bridge.embedded.storyboard.transition import Transition
from tests.effort import examples
from tests.sim_bridge.storyboards import network, road_text

SHAPES = st.sampled_from(["linear", "sinusoidal", "cubic"])
VALUES = st.floats(-50.0, 50.0)


def moved(shape, dimension, value, start, target):
    move = Transition.of(sb.Dynamics(shape, dimension, value))
    move.aim(start=start, target=target)
    return move


@given(SHAPES, st.floats(0.5, 20.0), VALUES, VALUES)
def test_a_transition_goes_from_start_to_target_and_never_back(shape, span, start, target):
    move = moved(shape, "time", span, start, target)
    seen = [move.value()]
    for _ in range(40):
        move.step(span / 40)
        seen.append(move.value())
    assert seen[0] == pytest.approx(start, abs=1e-6)
    assert seen[-1] == pytest.approx(target, abs=1e-6)
    assert move.over
    rises = [(b - a) * math.copysign(1.0, target - start) for a, b in pairwise(seen)]
    assert min(rises) >= -1e-9


@given(SHAPES, st.floats(1.0, 10.0), VALUES, VALUES, st.floats(0.05, 0.95))
def test_the_slope_is_the_derivative_of_the_value(shape, span, start, target, share):
    move, h = moved(shape, "time", span, start, target), 1e-5
    move.param = share * span
    slope, before = move.slope(), move.value()
    move.param += h
    assert (move.value() - before) / h == pytest.approx(slope, abs=1e-2)


@given(SHAPES, st.floats(0.2, 8.0), VALUES, VALUES)
def test_a_rate_is_the_peak_of_the_slope(shape, rate, start, target):
    move = moved(shape, "rate", rate, start, target)
    if abs(target - start) < 0.1:
        return
    peak = 0.0
    for k in range(1, 400):
        move.param = move.span * k / 400
        peak = max(peak, abs(move.slope()))
    assert peak == pytest.approx(rate, rel=1e-3)


@settings(max_examples=examples(30))
@given(st.sampled_from([0.0, 0.005, -0.01]), st.floats(5.0, 290.0), st.floats(-6.0, 3.0))
def test_a_point_of_the_network_is_found_again(curvature, s, t):
    shape = "<line/>" if curvature == 0.0 else f'<arc curvature="{curvature}"/>'
    roads = network(road_text(shape, 300.0))
    x, y, _ = roads.point("1", s, t)
    found = roads.nearest(x, y)
    assert found is not None
    assert found[0] == "1"
    assert found[1:] == pytest.approx((s, t), abs=1e-3)
    place = Place(roads)
    place.set_point(x, y)
    assert (place.s, place.t) == pytest.approx((s, t), abs=1e-3)


def test_going_forth_and_back_ends_where_it_began():
    place = Place(network(road_text('<arc curvature="0.01"/>', 300.0)))
    place.set_lane("1", -2, 50.0, 0.3)
    x, y, heading = place.x, place.y, place.heading
    for _ in range(100):
        place.advance(1.0)
    assert math.hypot(place.x - x, place.y - y) > 50.0
    for _ in range(100):
        place.advance(-1.0)
    assert (place.x, place.y, place.heading) == pytest.approx((x, y, heading), abs=1e-6)


@pytest.mark.parametrize(
    ("rule", "below", "equal", "above"),
    [
        ("lessThan", True, False, False),
        ("lessOrEqual", True, True, False),
        ("equalTo", False, True, False),
        ("notEqualTo", True, False, True),
        ("greaterOrEqual", False, True, True),
        ("greaterThan", False, False, True),
    ],
)
def test_rules_between_numbers_and_texts(rule, below, equal, above):
    for found, wanted in ((1.0, below), (2.0, equal), (3.0, above)):
        assert compare(found, rule, 2.0) is wanted
        assert compare_text(str(found), rule, "2") is wanted
    for found, wanted in (("a", below), ("b", equal), ("c", above)):
        assert compare_text(found, rule, "b") is wanted


def test_truth_values_compare_whatever_their_letters():
    assert compare_text("True", "equalTo", "true")
    assert not compare_text("false", "equalTo", "TRUE")


def test_the_table_of_what_is_played_has_every_member():
    members = {
        *get_args(sb.Action), *get_args(sb.ByValue), *get_args(sb.ByEntity), *get_args(sb.Position),
        *get_args(sb.Shape),
    }  # fmt: skip
    assert set(PLAYED) == members
    assert all(played.exact or played.remark for played in PLAYED.values())
    assert table().count("\n") == len(PLAYED) + 2


@pytest.mark.parametrize(
    ("text", "state"),
    [("off;off;on", "GREEN"), ("on;off;off", "RED"), ("on;on;off", "RED_YELLOW"), ("yellow", "YELLOW"), ("x", "OFF")],
)
def test_lamp_texts_name_states(text, state):
    assert sb.signal_state(text).name == state
