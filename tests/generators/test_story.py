"""A drive in words: events found and not found, captions true and wrong, relations, causes, radio messages."""

import numpy as np
import pytest

from driving_data.maps.lane_map import Lane, LaneKind, LaneMap, TrafficSignal
from driving_data.messages import Hazard, HazardCause, Message, MessageKind, UserState
from driving_data.rollout import Event, SignalStates
from driving_data.taxonomy import ActorClass, ActorMode
from generators.labels.predicates import View, holds, reference
from generators.labels.predicates.grammar import parse
from generators.labels.story import (
    captions_of,
    causal_graph,
    happenings,
    message_labels,
    message_rows,
    relations_of,
)
from scenarios import library
from sim_bridge.embedded.simulator import EmbeddedSimulator
from tests.generators.drives import rollout, straight

WALKER = {"walker": ActorClass.PEDESTRIAN}


def played(name, seed=3):
    scenario = library.load(name).sample(seed)
    session = EmbeddedSimulator().open([scenario], [3])
    try:
        session.run(round(scenario.duration_s / scenario.step_s), "idm_lane_follow")
        return session.rollouts()[0]
    finally:
        session.close()


@pytest.fixture(scope="module")
def late():
    return View.of(played("late_pedestrian"))


@pytest.fixture(scope="module")
def cut():
    return View.of(played("cut_in"))


def kinds(view):
    return {(event.kind, *event.actors) for event in happenings(view)}


def car(places, **rest):
    return View.of(rollout(places, **rest))


def test_hard_braking_begins_at_the_threshold():
    hard = car({"ego": straight((0, 0), (15, 0), acceleration=(-3.5, 0), from_step=10)})
    soft = car({"ego": straight((0, 0), (15, 0), acceleration=(-3.3, 0), from_step=10)})
    assert ("hard_braking", "ego") in kinds(hard) and ("hard_braking", "ego") not in kinds(soft)
    assert ("braking", "ego") in kinds(soft)
    assert not kinds(car({"ego": straight((0, 0), (15, 0), acceleration=(-0.9, 0), from_step=10)}))


def test_a_stop_is_told_once_and_a_start_after_it():
    way = np.concatenate([straight((0, 0), (6, 0), 31, (-3, 0), 5), np.zeros((20, 2))])
    way[31:] = way[30]
    rest = straight(way[-1], (0.01, 0), 30, (1.5, 0))
    view = car({"ego": np.concatenate([way, rest])})
    found = [event.kind for event in happenings(view)]
    assert found.count("stop") == 1 and found.count("start") == 1
    assert found.index("stop") < found.index("start")


def test_a_turn_needs_forty_five_degrees():
    angle = np.concatenate([np.zeros(10), np.linspace(0, np.radians(80), 30), np.full(11, np.radians(80))])
    place = np.cumsum(0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1), axis=0)
    turns = [e for e in happenings(car({"ego": place})) if e.kind == "turn"]
    assert [e.words["side"] for e in turns] == ["left"]
    gentle = np.cumsum(0.5 * np.stack([np.cos(0.5 * angle), np.sin(0.5 * angle)], axis=-1), axis=0)
    assert not [e for e in happenings(car({"ego": gentle})) if e.kind == "turn"]


def test_crossing_tells_the_side_and_near_misses_the_time():
    view = View.of(rollout({"ego": straight((0, 0), (8, 0)), "walker": straight((22, -5), (0, 1.6))}, WALKER))
    crossing = next(e for e in happenings(view) if e.kind == "crossing")
    assert (crossing.words["from"], crossing.words["to"]) == ("right", "left")
    miss = next(e for e in happenings(view) if e.kind == "near_miss")
    assert miss.values["ttc_s"] < 1.5
    hit = Event(2_600_000_000, "collision", ("walker", "ego"), {"impact_speed_mps": 5.0})
    collided = View.of(rollout({"ego": straight((0, 0), (8, 0)), "walker": straight((22, -5), (0, 1.6))}, WALKER,
                               events=(hit,)))  # fmt: skip
    found = kinds(collided)
    assert ("collision", "ego", "walker") in found  # the car first, whoever is named first in the log
    assert not any(kind == "near_miss" for kind, *_ in found)


def test_overtaking_needs_the_other_to_move():
    moving = car({"ego": straight((0, 0), (5, 0)), "fast": straight((-10, 3), (10, 0))})
    passed = next(e for e in happenings(moving) if e.kind == "overtaking")
    assert passed.actors == ("fast", "ego") and passed.words["side"] == "left"
    parked = car({"ego": straight((0, 0), (5, 0)), "parked": straight((10, 3), (0, 0))})
    assert not any(e.kind == "overtaking" for e in happenings(parked))


def test_modes_failures_and_debris_are_told():
    modes = np.zeros((51, 2), dtype=np.uint16)
    modes[10:20, 1] = int(ActorMode.HESITATE)
    burst = Event(1_000_000_000, "failure", ("ego",), {"part": "tyre", "wheel": "front_left", "remaining": 0.0})
    valid = np.ones((51, 2), dtype=bool)
    view = View.of(rollout({"ego": straight((0, 0), (8, 0)), "walker": straight((22, -5), (0, 0.01))}, WALKER,
                           modes=modes, events=(burst,)))  # fmt: skip
    assert {("hesitation", "walker"), ("tyre_burst", "ego")} <= kinds(view)
    texts = [c.text for c in captions_of(view, happenings(view), 0) if c.true]
    assert "The ego has a burst front left tyre." in texts and "The pedestrian hesitates." in texts
    valid[:20, 1] = False
    box = View.of(rollout({"ego": straight((0, 0), (8, 0)), "box": straight((40, 0), (0, 0))},
                          {"box": ActorClass.DEBRIS}, valid=valid))  # fmt: skip
    assert ("debris_falls", "box") in kinds(box)


LIBRARY = ["late_pedestrian", "cut_in", "lead_brakes_hard", "work_zone_lane_closure", "emergency_vehicle_behind",
           "unprotected_left_turn"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARY)
def test_true_captions_hold_and_wrong_ones_do_not(name):
    view = View.of(played(name))
    captions = captions_of(view, happenings(view), 7)
    assert any(c.true for c in captions) and any(not c.true for c in captions)
    for caption in captions:
        assert holds(caption.claim, view, caption.start_ns, caption.end_ns) is caption.true, caption
        first, last = view.step(caption.start_ns), view.step(caption.end_ns)
        assert reference.truth(parse(caption.claim), view, first, last) is caption.true
        assert caption.start_ns <= caption.end_ns and caption.true is (caption.wrong_in == "")
        assert "{" not in caption.text and "nan" not in caption.text


def test_wrong_captions_are_wrong_in_one_thing(cut, late):
    wrong = {c.wrong_in for v in (cut, late) for c in captions_of(v, happenings(v), 1) if not c.true}
    assert wrong == {"actor", "direction", "number", "order"}


def test_the_seed_chooses_the_wording_and_nothing_else(cut):
    one, two = (captions_of(cut, happenings(cut), seed) for seed in (0, 1))
    assert captions_of(cut, happenings(cut), 0) == one
    assert [c.text for c in one] != [c.text for c in two]
    assert sorted((c.start_ns, c.kind, c.claim) for c in one) == sorted((c.start_ns, c.kind, c.claim) for c in two)


def test_relations_hold_as_their_statements_say(late):
    rows = relations_of(late, range(0, 121, 4))
    plain = {
        "in_front_of": "ahead_of({a}, {b}) and lateral_gap({b}, {a}) == 0",
        "left_of": "left_of({a}, {b})",
        "crossing_path_of": "crossing_path({a}, {b})",
        "approaching": "time_to_collision({a}, {b}) <= 10 s",
        "yields_to": "crossing_path({b}, {a}) and (brakes({a}) or stands({a})) and distance({a}, {b}) <= 40 m",
    }
    assert set(plain) <= {row.predicate for row in rows}
    for row in rows:
        if row.predicate in plain:
            text = plain[row.predicate].format(a=row.subject, b=row.object)
            now = int(late.rollout.timestamps_ns[row.step])
            assert holds(text, late, now, now), row
    told = {(row.step, row.subject, row.object) for row in rows if row.predicate == "crossing_path_of"}
    for k in range(0, 121, 4):
        now = int(late.rollout.timestamps_ns[k])
        near = holds("distance(walker, ego) <= 50 m", late, now, now)
        assert ((k, "walker", "ego") in told) is (near and holds("crossing_path(walker, ego)", late, now, now))


def test_who_follows_has_nobody_between():
    places = {"ego": straight((0, 0), (10, 0)), "near": straight((15, 0), (10, 0)), "far": straight((30, 0), (10, 0))}
    view = car(places)
    view.kept["lanes",] = np.zeros((51, 3), dtype=np.int64)
    found = {(r.subject, r.object): r.value for r in relations_of(view, [0]) if r.predicate == "following"}
    assert found == {("ego", "near"): 1.05, ("near", "far"): 1.05}


def test_a_van_hides_the_walker_in_the_library(late):
    hidden = [r for r in relations_of(late, range(0, 60, 5)) if r.predicate == "occluded_by" and r.subject == "walker"]
    assert "hiding_van" in {r.object for r in hidden} and all(0.1 <= r.value <= 1.0 for r in hidden)


def test_causes_of_the_late_pedestrian(late):
    graph = causal_graph(late, happenings(late))
    known = {(e.cause, e.effect) for e in graph.edges if e.evidence == "mechanism"}
    assert {("trigger.walker", "crossing.walker"), ("crossing.walker", "hard_braking.ego"),
            ("crossing.walker", "yielding.ego")} <= known  # fmt: skip
    starts = {node.name: node.start_ns for node in graph.nodes}
    order = {node.name: k for k, node in enumerate(graph.nodes)}
    assert all(starts[e.cause] <= starts[e.effect] and order[e.cause] < order[e.effect] for e in graph.edges)
    assert len(starts) == len(graph.nodes) and all(0.0 < e.strength <= 1.0 for e in graph.edges)
    assert not [e for e in graph.edges if e.cause == "trigger.walker" and e.effect == "hard_braking.ego"]


def test_causes_of_braking_ahead_and_of_a_cut_in(cut):
    leader = View.of(played("lead_brakes_hard"))
    known = {(e.cause, e.effect) for e in causal_graph(leader, happenings(leader)).edges if e.evidence == "mechanism"}
    assert {("trigger.leader", "hard_braking.leader"), ("hard_braking.leader", "braking.ego.2")} <= known
    assert not {effect for _, effect in known} & {"braking.ego"}  # it slowed before anybody else did
    known = {(e.cause, e.effect) for e in causal_graph(cut, happenings(cut)).edges if e.evidence == "mechanism"}
    assert ("cut_in.cutter", "braking.ego") in known


def said(sequence, sent_s, received_s, place=(0.0, 0.0, 0.0), speed=10.0):
    state = UserState(ActorClass.CAR, place, 0.0, speed, 0.0, 0.0, (4.5, 1.8, 1.5))
    return Message(MessageKind.AWARENESS, "lead", "ego", sequence, round(sent_s * 1e9), round(received_s * 1e9), state)


def test_messages_have_their_age_error_quality_and_outcome():
    warning = Message(MessageKind.HAZARD, "rsu.one", "ego", 0, 0, 1_000_000_000,
                      Hazard(HazardCause.ROAD_WORKS, 0, (60.0, 0.0, 0.0), float("nan"), 200.0))  # fmt: skip
    messages = (said(0, 0.0, 0.04, (30.0, 0.0, 0.75)), said(1, 0.1, 0.19, (31.0, 0.0, 0.75)), warning,
                said(5, 1.0, 1.2, (40.0, 0.0, 0.75)), said(6, 1.5, 3.6, (45.0, 0.0, 0.75)))  # fmt: skip
    places = {"ego": straight((0, 0), (15, 0), acceleration=(-5, 0), from_step=30), "lead": straight((30, 0), (10, 0))}
    view = car(places, messages=messages)
    labels = message_labels(view, happenings(view))
    assert labels.quality == ("ideal", "good", "poor", "degraded", "poor")
    assert labels.lost_before.tolist() == [0, 0, 0, 3, 0]
    assert labels.position_error_m[0] == pytest.approx(0.4) and np.isnan(labels.position_error_m[2])
    assert labels.position_uncertainty_m[3] == pytest.approx(1.5 + 10.0 * 0.2)
    assert labels.outcome[0] == "hard_braking" and labels.outcome[-1] == "none"
    rows = message_rows(labels)
    assert rows[2]["sender_speed_mps"] is None and rows[0]["age_s"] == pytest.approx(0.04)
    assert ("warning", "ego") in kinds(view)
    assert message_labels(car(places), ()) is None


def lane(name, start, end, y=0.0, **rest):
    x = np.linspace(start, end, 5)
    middle, side = np.stack([x, np.full(5, y), np.zeros(5)], axis=-1), np.array([0.0, 1.75, 0.0])
    return Lane(name, LaneKind.DRIVING, middle, middle + side, middle - side, **rest)


def test_lights_lanes_and_turns_on_a_map():
    left = lane("a.left", -10, 40, 3.5, right_neighbor="a")
    right = lane("a", -10, 40, left_neighbor="a.left", successors=("b",))
    light = TrafficSignal("light", np.array([42.0, 4.0, 5.0]), 0.0, ("a",), np.array([[40.0, -1.75, 0], [40, 1.75, 0]]))
    lane_map = LaneMap((left, right, lane("b", 40, 90, predecessors=("a",))), (light,))
    state = np.array([[1]] * 20 + [[2]] * 10 + [[3]] * 21)
    way = straight((0, 0), (4, 0))
    cutter = straight((12, 3.5), (4, 0))
    cutter[15:30, 1] = np.linspace(3.5, 0.0, 15)
    cutter[30:, 1] = 0.0
    view = View.of(rollout({"ego": way, "cutter": cutter}, yaw={"cutter": 0.0}, lane_map=lane_map,
                           signals=SignalStates(("light",), state)))  # fmt: skip
    found = {event.kind: event for event in happenings(view)}
    changes = [(e.words["from"], e.words["to"]) for e in happenings(view) if e.kind == "signal_change"]
    assert changes == [("green", "yellow"), ("yellow", "red")]
    assert found["lane_change"].words["side"] == "right" and found["cut_in"].words["side"] == "left"
    assert found["cut_in"].actors == ("cutter", "ego")
    captions = captions_of(view, happenings(view), 2)
    assert all(holds(c.claim, view, c.start_ns, c.end_ns) is c.true for c in captions)
    wrong = [c.text for c in captions if c.wrong_in == "direction"]
    assert any("from yellow to green" in text or "turns green" in text for text in wrong), wrong
    rows = {(r.subject, r.predicate, r.object) for r in relations_of(view, [10])}
    assert ("ego", "controlled_by", "light") in rows and ("cutter", "following", "ego") not in rows
    stopped = View.of(rollout({"ego": straight((36, 0), (0, 0))}, yaw={"ego": 0.0}, lane_map=lane_map,
                              signals=SignalStates(("light",), state)))  # fmt: skip
    assert ("ego", "stopped_at", "light") in {(r.subject, r.predicate, r.object) for r in relations_of(stopped, [0])}


def test_who_spins_after_a_collision_does_not_turn():
    angle = np.concatenate([np.zeros(20), np.linspace(0, 2.0, 15), np.full(16, 2.0)])
    place = np.cumsum(0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1), axis=0)
    other = straight((11, 3), (0, 0))
    hit = Event(2_000_000_000, "collision", ("ego", "other"), {})
    assert any(e.kind == "turn" for e in happenings(car({"ego": place, "other": other})))
    assert not any(e.kind == "turn" for e in happenings(car({"ego": place, "other": other}, events=(hit,))))
