"""The language of statements about a drive: what it reads, what it refuses, what it answers, beside its slow twin."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driving_data.errors import InputError
from driving_data.rollout import Event, SignalStates
from driving_data.taxonomy import ActorClass, ActorMode
from generators.labels.predicates import View, boxes, evaluate, holds, parse, reference
from generators.labels.predicates.boxes import Boxes
from generators.labels.predicates.grammar import Names
from generators.labels.predicates.table import FUNCTIONS
from tests.generators.drives import rollout, straight

END = 5_000_000_000
WALKER = {"walker": ActorClass.PEDESTRIAN}
numbers = st.floats(-30.0, 30.0).map(lambda x: round(x, 3))
angles = st.floats(-3.1, 3.1).map(lambda x: round(x, 3))


@st.composite
def rectangles(draw):
    rows = [(draw(numbers), draw(numbers), draw(angles), draw(numbers), draw(numbers)) for _ in range(3)]
    columns = np.array(rows)
    length, width = draw(st.floats(0.3, 12.0)), draw(st.floats(0.3, 3.0))
    return Boxes(columns[:, :2], columns[:, 2], columns[:, 3:], length, width)


@given(rectangles(), rectangles())
def test_rectangles_are_as_far_apart_as_polygons(a, b):
    for k in range(3):
        assert boxes.distance(a, b)[k] == pytest.approx(reference.distance(a, b, k), abs=1e-9)
        assert boxes.longitudinal_gap(a, b)[k] == pytest.approx(reference.longitudinal_gap(a, b, k), abs=1e-9)
        assert boxes.lateral_gap(a, b)[k] == pytest.approx(reference.lateral_gap(a, b, k), abs=1e-9)
    assert boxes.distance(a, b) == pytest.approx(boxes.distance(b, a), abs=1e-9)


@given(rectangles(), rectangles())
def test_time_to_collision_is_that_of_moving_polygons(a, b):
    fast = boxes.time_to_collision(a, b)[0]
    slow = reference.time_to_collision(a, b, 0)
    if math.isfinite(slow):
        assert fast <= slow + 1e-9
        assert fast >= slow - 0.011
    elif fast < 7.9:
        # Met between two steps of the twin: a graze that is over within one of them.
        moment = Boxes(a.center_m + fast * a.velocity_mps, a.yaw_rad, a.velocity_mps, a.length_m, a.width_m)
        other = Boxes(b.center_m + fast * b.velocity_mps, b.yaw_rad, b.velocity_mps, b.length_m, b.width_m)
        assert boxes.distance(moment, other)[0] == pytest.approx(0.0, abs=1e-6)


def following():
    """The ego at 10 m/s, 20 m behind a leader at 10 m/s that brakes with 4 m/s^2 from 2 s on."""
    return rollout({"ego": straight((0, 0), (10, 0)), "lead": straight((24.5, 0), (10, 0), acceleration=(-4, 0),
                                                                       from_step=20)})  # fmt: skip


def crossing():
    """A walker from the right comes to the ego's way 30 m ahead of where the ego began."""
    return rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -4), (0, 1.5))}, WALKER)


def test_quantities_have_the_values_of_their_definitions():
    view = View.of(following())
    verdict = evaluate("gap(ego, lead) == 20 and headway(ego, lead) == 2 and speed(ego) == 36 km/h", view, 0, END)
    assert verdict.holds
    assert verdict.evidence == {"gap(ego, lead)": 20.0, "headway(ego, lead)": 2.0, "speed(ego)": 10.0}
    assert evaluate("time_to_collision(ego, lead) > 1000", view, 0, END).evidence == {
        "time_to_collision(ego, lead)": "inf"
    }
    late = evaluate("time_to_collision(ego, lead) < 3 s", view, 4_500_000_000, END)
    gap, closing = view.center_m[45, 1, 0] - view.center_m[45, 0, 0] - 4.5, 10.0 - view.speed("lead")[45]
    assert late.evidence["time_to_collision(ego, lead)"] == pytest.approx(gap / closing, abs=1e-3)


def test_windows_look_ahead_and_name_the_moment_that_decides():
    view = View.of(following())
    first = evaluate("eventually brakes(lead)", view, 0, END)
    assert first.holds and first.evidence["brakes(lead) @s"] == pytest.approx(2.0, abs=0.15)
    assert not holds("eventually brakes(lead)", view, 0, 1_500_000_000)
    assert holds("eventually[1.5, 2.5] brakes(lead)", view, 0, 0)
    assert holds("always[0, 1] not brakes(lead)", view, 0, END)
    assert not holds("always not brakes(lead)", view, 0, END)
    assert holds("finally speed(lead) < 1", view, 0, END)
    assert holds("change(speed(lead)) < -9", view, 0, END)
    assert holds("onset(brakes(lead)) < 2.3 s and onset(brakes(ego)) > 1000", view, 0, END)
    margin = evaluate("always gap(ego, lead) > 0", view, 0, END)
    assert margin.holds and margin.evidence["gap(ego, lead) @s"] == 5.0  # where it is nearest to being broken


def test_an_empty_window_holds_always_and_never_eventually():
    view = View.of(following())
    assert holds("always[60, 70] brakes(ego)", view, 0, END)
    assert not holds("eventually[60, 70] exists(ego)", view, 0, END)


def test_nothing_holds_of_whom_is_not_there():
    drive = crossing()
    valid = drive.valid.copy()
    valid[:, 1] = False
    absent = View.of(rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -4), (0, 1.5))}, WALKER,
                             valid=valid))  # fmt: skip
    for text in ("distance(ego, walker) > 0", "distance(ego, walker) <= 1000", "stands(walker)", "exists(walker)",
                 "kind(walker) == pedestrian", "kind(walker) != car"):  # fmt: skip
        assert not holds(text, absent, 0, END), text
    assert holds("not exists(walker)", absent, 0, END)


def test_crossing_needs_slant_place_and_time():
    view = View.of(crossing())
    assert holds("crossing_path(walker, ego)", view, 0, END)
    assert not holds("crossing_path(ego, ego)", view, 0, END)
    parallel = rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -4), (1.5, 0.3))}, WALKER)
    assert not holds("crossing_path(walker, ego)", View.of(parallel), 0, END)  # 11 degrees: not across
    away = rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -4), (0, -1.5))}, WALKER)
    assert not holds("crossing_path(walker, ego)", View.of(away), 0, END)
    late = rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -9), (0, 1.5))}, WALKER)
    assert not holds("crossing_path(walker, ego)", View.of(late), 0, END)  # 7.8 m at 1.5 m/s: 5.2 s
    behind = rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((-3, -4), (0, 1.5))}, WALKER)
    assert not holds("crossing_path(walker, ego)", View.of(behind), 0, END)


def test_sides_are_those_of_the_second_one():
    drive = rollout({"ego": straight((0, 0), (-5, 0)), "other": straight((10, 3), (-5, 0))})
    view = View.of(drive)
    assert holds("right_of(other, ego) and left_of(ego, other) and ahead_of(ego, other)", view, 0, END)
    assert not holds("left_of(other, ego)", view, 0, END)
    touching = View.of(rollout({"ego": straight((0, 0), (5, 0)), "other": straight((0, 2.05), (5, 0))}))
    assert holds("lateral_gap(ego, other) < 0.3 and not left_of(other, ego)", touching, 0, END)


def test_sight_is_blocked_by_what_is_high_enough():
    places = {"ego": straight((0, 0), (0, 0), 3), "van": straight((10, 0), (0, 0), 3),
              "walker": straight((20, 0), (0, 0), 3)}  # fmt: skip
    high = {"van": (5.0, 2.0, 2.6)}
    low = {"van": (0.4, 2.0, 0.4)}
    assert holds("visibility(ego, walker) == 0", View.of(rollout(places, WALKER, sizes=high)), 0, END)
    assert holds("visibility(ego, walker) == 1", View.of(rollout(places, WALKER, sizes=low)), 0, END)
    places["walker"] = straight((20, 2.3), (0, 0), 3)  # half of it looks past the van's corner
    places["van"] = straight((17, 1.0), (0, 0), 3)
    partly = View.of(rollout(places, WALKER, sizes={"van": (2.0, 2.0, 2.6)}))
    assert 0.0 < float(FUNCTIONS["visibility"].values(partly, ("ego", "walker"))[0]) < 1.0


def test_signals_modes_and_events():
    state = np.repeat([[1], [2], [3]], 17, axis=0)
    signals = SignalStates(("light.north",), state)
    hit = Event(1_000_000_000, "collision", ("ego", "walker"), {})
    modes = np.zeros((51, 2), dtype=np.uint16)
    modes[:, 1] = int(ActorMode.HESITATE)
    drive = rollout({"ego": straight((0, 0), (6, 0)), "walker": straight((30, -4), (0, 1.5))}, WALKER,
                    signals=signals, events=(hit,), modes=modes)  # fmt: skip
    view = View.of(drive)
    assert holds("signal_state(light.north) == green and finally signal_state(light.north) == red", view, 0, END)
    assert holds("eventually collides(walker, ego)", view, 0, END)
    assert not holds("eventually[1.2, 5] collides(walker, ego)", view, 0, END)
    assert holds("mode(walker, hesitate) and not mode(walker, door_open)", view, 0, END)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("brakes(walkr)", "did you mean 'walker'"),
        ("breaks(walker)", "did you mean 'brakes'"),
        ("signal_state(light.nort) == green", "did you mean 'light.north'"),
        ("signal_state(light.north) == gren", "did you mean 'green'"),
        ("signal_state(light.north) < green", "== or !="),
        ("speed(ego)", "a comparison of it"),
        ("speed(ego) < 3 s", "quantities of one unit"),
        ("speed(ego) < distance(ego, walker)", "quantities of one unit"),
        ("brakes(ego) < 3", "quantities on both sides"),
        ("mode(ego, wave)", "did you mean 'wave_on'"),
        ("distance(ego) < 3", "distance(actor, actor)"),
        ("speed(ego) < 3 mph", "a unit"),
        ("speed(ego) <", "a quantity"),
        ("brakes(ego) and", "a quantity"),
        ("brakes(ego) brakes(ego)", "the end of the statement"),
        ("eventually[3, 1] brakes(ego)", "at least 3 s"),
        ("", "a quantity"),
        ("speed(ego) < 3 $", "the end of the statement"),
    ],
)
def test_faults_say_what_was_expected(text, said):
    names = Names(("ego", "walker"), ("1.0.-1",), ("light.north",))
    with pytest.raises(InputError) as caught:
        parse(text, names)
    assert said in str(caught.value)


def test_all_faults_of_names_are_told_at_once():
    with pytest.raises(InputError) as caught:
        parse("brakes(a) and distance(b, c) < 3 s", Names(("ego",)))
    assert len(caught.value.faults) == 4


units = {"m": ("distance(ego, walker)", "gap(walker, ego)"), "m/s": ("speed(walker)", "closing_speed(ego, walker)")}
facts = st.sampled_from(["brakes(ego)", "stands(walker)", "crossing_path(walker, ego)", "ahead_of(walker, ego)"])
comparisons = st.sampled_from(sorted(units)).flatmap(
    lambda unit: st.builds(
        "{} {} {:g}".format, st.sampled_from(units[unit]), st.sampled_from(["<", ">=", ">", "<="]), st.floats(-3, 30)
    )
)
statements = st.recursive(
    facts | comparisons,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or", "implies"]), inner),
        st.builds("{}{} ({})".format, st.sampled_from(["always", "eventually"]),
                  st.sampled_from(["", "[0, 1]", "[0.5, 2.2]"]), inner),
        st.builds("finally ({})".format, inner),
        st.builds("onset({}) < onset({})".format, inner, inner),
    ),
    max_leaves=4,
)  # fmt: skip


@given(statements, st.integers(0, 50), st.integers(0, 50))
def test_statements_mean_what_their_slow_twin_says(text, one, other):
    view = VIEW
    start, end = min(one, other), max(one, other)
    node = parse(text)
    assert parse(str(node)) == node
    told = evaluate(node, view, start * 100_000_000, end * 100_000_000)
    assert told.holds == reference.truth(node, view, start, end)


VIEW = View.of(crossing())


def test_every_function_says_what_it_means():
    for function in FUNCTIONS.values():
        assert function.doc and function.gives
