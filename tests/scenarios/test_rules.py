"""Every rule of the table refuses its case and lets the nearest good one pass."""

import pytest

from driving_data.errors import InputError
from scenarios.algebra import IllTyped, LogicalScenario, scenario
from scenarios.spec.reader import read_text
from scenarios.types import digital, scenery, temporary
from scenarios.types.actors import actor, ego, role
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from scenarios.types.rules import RULES
from scenarios.types.sensors import sensors
from scenarios.types.signals import signal
from scenarios.types.traffic import traffic
from scenarios.types.weather import weather


def car(on: str, name: str = "x", kind: str = "car"):
    return actor(name, kind=kind, on=on, at="30 m", speed="8 m/s")


def acts(action: str, **values):
    return do("x", step(action, **values))


# rule: (leaves that break it, leaves that keep it, a word of the message)
CASES = {
    "impossible-action": [
        (lambda: (car("main.1", kind="pedestrian"), acts("lane_change_left")),
         lambda: (car("main.1"), acts("lane_change_left")), "a pedestrian cannot lane_change_left"),
        (lambda: (role("x", kind="cone"), acts("brake")), lambda: (role("x"), acts("brake")), "a cone cannot brake"),
    ],
    "unknown-route": [
        (lambda: (road("rural"), car("main.2")), lambda: (road("rural"), car("main.1")), "did you mean 'main.1'"),
        (lambda: (road("rural"), scenery.sign("s", "stop_sign", on="main.7")),
         lambda: (road("rural"), scenery.sign("s", "stop_sign", on="main.1")), "no route 'main.7'"),
    ],
    "beyond-road": [
        (lambda: (road("rural"), ego(on="main.1", at="3 m", speed="9 m/s", goal="700 m")),
         lambda: (road("rural", length="750 m"), ego(on="main.1", at="3 m", speed="9 m/s", goal="700 m")),
         "goal 700 m on a road of 600 m"),
        (lambda: (road("urban", length="90 m"), actor("x", on="main.1", at="120..130 m")),
         lambda: (road("urban", length="90 m"), actor("x", on="main.1", at="80..130 m")), "of 90 m"),
    ],
    "backward-stretch": [
        (lambda: (road("motorway"), traffic("f", count=1, on="main.1", speed="3 m/s", from_="300 m", to="200 m")),
         lambda: (road("motorway"), traffic("f", count=1, on="main.1", speed="3 m/s", from_="200 m", to="300 m")),
         "from 300 m to 200 m"),
    ],
    "unknown-signal": [
        (lambda: (road("motorway"), signal("main", [("green", "3 s")])),
         lambda: (road("crossroads"), signal("main", [("green", "3 s")])), "no traffic lights"),
    ],
    "wrong-dimension": [
        (lambda: (ego(on="main.1", at="3 m", speed="9 m/s"), actor("x", on="main.1", at="3 m", speed="ego.at")),
         lambda: (ego(on="main.1", at="3 m", speed="9 m/s"), actor("x", on="main.1", at="3 m", speed="ego.speed")),
         "is a length"),
    ],
    "self-reference": [
        (lambda: (car("main.1"), do("x", step("brake", when=when("ttc", "2 s", "x")))),
         lambda: (car("main.1"), do("x", step("brake", when=when("ttc", "2 s", "ego")))), "means itself"),
    ],
    "turn-without-junction": [
        (lambda: (road("motorway"), acts("turn_left", speed="5 m/s")),
         lambda: (road("crossroads"), acts("turn_left", speed="5 m/s")), "motorway, which has no junction"),
        (lambda: (road("motorway"), ego(task="turn_left")), lambda: (road("crossroads"), ego(task="turn_left")),
         "turn_left on a motorway"),
    ],
    "turn-off-route": [
        (lambda: (car("main.right"), acts("turn_left", speed="5 m/s")),
         lambda: (car("main.left"), acts("turn_left", speed="5 m/s")), "a route that goes left"),
    ],
    "no-lane-beside": [
        (lambda: (road("rural"), acts("lane_change_left")), lambda: (road("motorway"), acts("lane_change_left")),
         "no lane on its left"),
        (lambda: (road("residential"), acts("lane_change_right")),
         lambda: (road("residential"), acts("lane_change_left", to="oncoming.1")), "no lane on its right"),
    ],
    "work-zone-without-lanes": [
        (lambda: (road("roundabout"), temporary.work_zone("w")), lambda: (road("urban"), temporary.work_zone("w")),
         "no lanes to close"),
        (lambda: (road("rural"), temporary.work_zone("w", closed_lane=2)),
         lambda: (road("motorway"), temporary.work_zone("w", closed_lane=2)), "lane 2 closed of 1"),
    ],
    "tram-without-tracks": [
        (lambda: (road("motorway"), car("main.1", kind="tram")), lambda: (road("urban"), car("main.1", kind="tram")),
         "has no tracks"),
        (lambda: (road("rural"), traffic("t", count=2, on="main.1", kind="car | tram", speed="9 m/s")),
         lambda: (road("rural"), traffic("t", count=2, on="main.1", kind="car | bus", speed="9 m/s")), "a tram on a"),
    ],
    "junction-elsewhere": [
        (lambda: (road("motorway"), scenery.junction(kind="t_junction")),
         lambda: (road("t_junction"), scenery.junction(kind="t_junction")), "a t_junction on a motorway"),
    ],
    "task-without-place": [
        (lambda: (road("urban"), ego(task="enter_roundabout")),
         lambda: (road("roundabout"), ego(task="enter_roundabout")), "enter_roundabout on an urban"),
        (lambda: (road("motorway"), ego(task="drive_straight then park")), lambda: (road("urban"), ego(task="park")),
         "park on a motorway"),
    ],
    "friction-twice": [
        (lambda: (scenery.surface(friction=0.5), weather(friction=0.4)),
         lambda: (scenery.surface("icy"), weather(friction=0.1)), "friction of the surface and of the weather"),
    ],
    "name-taken": [
        (lambda: (temporary.work_zone("a"), traffic("a", count=1, on="main.1", speed="3 m/s")),
         lambda: (temporary.work_zone("a"), traffic("b", count=1, on="main.1", speed="3 m/s")), "both 'a'"),
    ],
    "unknown-sensor": [
        (lambda: (sensors("front"), digital.sensor_fault("f", kind="noise", sensor="camera_frnt")),
         lambda: (sensors("front"), digital.sensor_fault("f", kind="noise", sensor="camera_front")),
         "did you mean 'camera_front'"),
    ],
}  # fmt: skip
LISTED = [(rule, *case) for rule, cases in CASES.items() for case in cases]


def test_every_rule_has_a_case_and_a_name_of_its_own():
    assert {rule.id for rule in RULES} == set(CASES)
    assert len({rule.id for rule in RULES}) == len(RULES) and all(rule.why for rule in RULES)


@pytest.mark.parametrize(("rule", "bad", "good", "words"), LISTED, ids=[f"{case[0]}-{case[3]}" for case in LISTED])
def test_a_rule_refuses_what_breaks_it_and_lets_the_rest_pass(rule, bad, good, words):
    with pytest.raises(IllTyped, match=words):
        scenario(*bad())
    one, two = bad()
    codes = {misfit.code for check in RULES if check.id == rule
             for misfit in (*check.check(one, two), *check.check(two, one))}  # fmt: skip
    assert codes == {rule}
    assert isinstance(scenario(*good()), LogicalScenario)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: actor("x", kind="car", on="r", at="1 m", siren=True), "a car has no siren"),
        (lambda: actor("x", kind="animal", on="r", at="1 m", age="child"), "an animal has no age"),
        (lambda: actor("x", kind="animal", on="r", at="1 m", variant="excavator"), "no animal is an excavator"),
        (lambda: actor("x", kind="car", on="r", at="1 m", boom="20 deg"), "a car has no boom"),
        (lambda: actor("x", kind="bus", on="r", at="1 m", variant="dear"), "did you mean 'deer'"),
        (lambda: do("x", step("lane_change_left"), step("lane_change_left")), "say `to` which route"),
        (lambda: digital.jurisdiction("GB", driving_side="right"), "driving_side is left in GB"),
        (lambda: scenery.sign("s", "stop_sign", speed="30 km/h"), "shows no speed"),
        (lambda: scenery.sign("s"), "needs 'meaning'"),
        (lambda: scenery.sign("no name", "stop_sign"), "a name of letters"),
        (lambda: scenery.SURFACE.make("name"), "takes no name"),
        (lambda: temporary.temporary_signal("p", []), "a signal has phases"),
        (lambda: temporary.work_zone("w", phases=[{"activty": "closed"}]), "did you mean 'activity'"),
        (lambda: digital.connectivity("c", loss="120 %"), "0 to 1"),
        (lambda: ego(task="turn_lft"), "did you mean 'turn_left'"),
        (lambda: step("signal", show="lef"), "did you mean 'left'"),
    ],
)  # fmt: skip
def test_what_one_leaf_cannot_hold_is_refused_when_it_is_made(build, words):
    with pytest.raises(IllTyped, match=words):
        build()


def test_a_tram_needs_tracks_somewhere_before_it_is_drawn():
    town = scenario(road("urban"), ego(on="main.1", at="20 m", speed="8 m/s"), car("oncoming.1", kind="tram"))
    with pytest.raises(IllTyped, match="a tram and no tracks"):
        town.sample(1)
    railed = town & scenario(scenery.lane_use("track", "tram_tracks", on="oncoming.1"))
    assert railed.sample(1) in railed


FAILING = """
road: crossroads
ego: {{on: main.straight, at: 10 m, speed: 8 m/s}}
sensors: front
actors:
  lead: {{kind: van, on: main.straight, at: 40 m, speed: 8 m/s}}
do:
  lead:
    - signal_failure: {{kind: dark, signal: {signal}, for: 4 s}}
    - sensor_fault: {{kind: frozen, sensor: {sensor}}}
"""


def test_what_fails_is_there():
    assert read_text(FAILING.format(signal="signal.main", sensor="camera_front")).sample(1).actors
    with pytest.raises(InputError) as found:
        read_text(FAILING.format(signal="signal.mian", sensor="camera_frnt"))
    told = str(found.value)
    assert "no traffic light 'signal.mian'" in told and "did you mean 'signal.main'" in told
    assert "no sensor 'camera_frnt' in the rig front" in told and "did you mean 'camera_front'" in told
