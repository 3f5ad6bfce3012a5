"""What somebody who writes a first file runs into: spellings, letters, places, and steps that are played as written."""

import numpy as np
import pytest

from driving_data.errors import InputError
from scenarios.behaviour import FollowPath, Sequence, Wait
from scenarios.draws import Rejected
from scenarios.picture.legend import IDLE, entries
from scenarios.picture.sheet import Mark, Trace, scenario_picture
from scenarios.picture.spread import spread_of
from scenarios.sampling import sample_many
from scenarios.spec import dump_spec, read_text
from sim_bridge.embedded.simulator import EmbeddedSimulator

HEAD = "scenario: first\nroad: motorway\nego: {on: main.1, at: 100 m, speed: 100 km/h}\n"
ACTOR = HEAD + "actors:\n  a:\n    kind: car\n    on: main.1\n    at: 150 m\n    speed: 20 m/s\n    do:\n"


def faults(text):
    """Code, path, line, column and nearest of everything that is wrong."""
    with pytest.raises(InputError) as caught:
        read_text(text)
    return [(fault.code, fault.path, fault.line, fault.column, fault.nearest) for fault in caught.value.faults]


def played(text, seed=3):
    """The rollout of one draw."""
    concrete = read_text(text).sample(seed=seed)
    session = EmbeddedSimulator().open([concrete], [seed])
    session.run(round(concrete.duration_s / concrete.step_s), "idm_lane_follow")
    return concrete, session.rollouts()[0]


def test_a_value_that_yaml_cuts_at_a_comma_is_one_fault():
    text = ACTOR + "      - brake: {to: if(ego.speed > 5 m/s, 3 m/s, 2 m/s), rate: normal(2 m/s2, 0.1 m/s2)}\n"
    assert faults(text) == [
        ("bad-yaml", "actors.a.do[0].brake.to", 11, 21, '"if(ego.speed > 5 m/s, 3 m/s, 2 m/s)"'),
        ("bad-yaml", "actors.a.do[0].brake.rate", 11, 64, '"normal(2 m/s2, 0.1 m/s2)"'),
    ]


def test_a_value_of_a_list_that_yaml_cuts_at_a_comma_is_one_fault():
    text = HEAD.replace("100 km/h", "[uniform(20 m/s, 25 m/s), 30 m/s]")
    assert faults(text) == [("bad-yaml", "ego.speed[0]", 3, 38, '"uniform(20 m/s, 25 m/s)"')]


def test_a_text_with_commas_in_quotes_is_read():
    text = ACTOR + "      - brake: {to: 'if(ego.speed > 5 m/s, 3 m/s, 2 m/s)', rate: 2 m/s2}\n"
    assert read_text(text).name == "first"


@pytest.mark.parametrize("task", ["follow then lane_change_left", "[follow, lane_change_left]"])
def test_tasks_are_written_as_a_text_or_a_list(task):
    logical = read_text(HEAD.replace("km/h}", f"km/h, task: {task}}}"))
    assert logical.sample(seed=1).ego.task == ("follow", "lane_change_left")
    assert read_text(dump_spec(logical)) == logical


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD.replace("km/h}", "km/h, task: {then: [follow]}}"), ("wrong-type", "ego.task", 3, 47, None)),
        (HEAD + "actors:\n  ego: {kind: car, on: main.1, at: 20 m}\n", ("ill-typed", "actors.ego", 5, 3, None)),
        (HEAD + "weather: [rain, fog]\n", ("wrong-type", "weather", 4, 10, None)),
        (HEAD + "weather: rain | fog\n", ("unknown-name", "weather", 4, 10, None)),
        (HEAD + "where: ego.speed = 20 m/s\n", ("bad-expression", "where", 4, 18, "==")),
        (HEAD + "one_of:\n  a: {weather: rain}\n", ("wrong-type", "one_of", 4, 1, None)),
        (HEAD + "actors:\n  a: {ahead_of: ego}\n", ("bad-place", "actors.a.ahead_of", 5, 17, None)),
        (HEAD + "actors:\n  a: {on: ego.on, at: 9 m}\n", ("unknown-route", "actors.a.on", 5, 11, "= ego.on")),
        (ACTOR + "      - when: time > 3 s and ttc(ego) < 2 s\n        brake: 5 m/s\n",
         ("bad-trigger", "actors.a.do[0].when", 11, 26, None)),
        (HEAD.replace("100 m", "900..950 m"), ("beyond-road", "ego.at", 3, 23, None)),
        (HEAD.replace("km/h}", "km/h, goal: 2 km}"), ("beyond-road", "ego.goal", 3, 53, None)),
    ],
)  # fmt: skip
def test_letters_name_the_place_and_the_remedy(text, expected):
    assert faults(text) == [expected]


def test_a_section_at_fault_does_not_hide_its_other_faults():
    text = (
        "scenario: first\nroad: motorway\nego: {on: main.9, at: 100, speed: fast}\nactors:\n"
        "  a: {kind: lorry, on: main.1, ahead_of: egoo by 10 m, driver: wild, do: [{cross: {to: 3 m}}]}\n"
        "traffic:\n  f: {kind: suv, density: 3}\n"
    )
    found = [(code, path) for code, path, *_ in faults(text)]
    assert (
        found
        == [
            ("unknown-route", "ego.on"),
            ("missing-unit", "ego.at"),
            ("unknown-name", "ego.speed"),
            ("unknown-name", "actors.a.kind"),
            ("unknown-actor", "actors.a.ahead_of"),
            ("unknown-name", "actors.a.driver"),
            ("unknown-name", "traffic.f.kind"),
            ("unknown-key", "traffic.f.density"),
        ]
        or found == []
    )


def test_who_would_begin_beyond_the_end_of_a_route_is_drawn_again_or_refused():
    text = HEAD + "actors:\n  a: {kind: car, on: main.1, behind: ego by 50..300 m}\n"
    assert all(draw.actors[0].start.s_m >= -1.0 for draw in sample_many(read_text(text), 20, 1))
    with pytest.raises(Rejected, match=r"a would begin at -.* m of main\.1"):
        read_text(text.replace("50..300", "150..300")).sample(seed=1)


def test_reversing_goes_where_the_back_points():
    text = (
        "scenario: out\nroad: parking\nego: {on: main.1, at: 15 m, speed: 5 km/h}\nactors:\n"
        "  a: {kind: car, on: parking.right, at: 60 m, heading: -90 deg, do: [{reverse: 5 m}]}\n"
    )
    concrete, rollout = played(text)
    path = concrete.actors[0].behaviour
    assert isinstance(path, FollowPath) and np.allclose(path.points_m, [(60.0, 0.0), (60.0, 5.0)])
    moved = rollout.world_from_actor.translation_m[-1, 1] - rollout.world_from_actor.translation_m[0, 1]
    assert abs(moved[0]) < 0.3 and moved[1] > 4.5


def test_stopping_and_going_again_and_again_sets_off_in_between():
    text = (
        ACTOR.replace("at: 150 m", "at: 200 m").replace("20 m/s", "8 m/s")
        + "      - repeat: {times: 2, do: [{stop_and_go: {speed: 8 m/s, stand: 1 s}}]}\nduration: 25 s\n"
    )
    concrete, rollout = played(text.replace("100 km/h", "20 km/h"))
    tree = concrete.actors[0].behaviour
    assert isinstance(tree, Sequence) and isinstance(tree.steps[0], Sequence)
    assert tree.steps[0].steps[-1] == Wait(4.0)
    stands = np.linalg.norm(rollout.velocity_mps[:, 1, :2], axis=1) < 0.05
    assert np.count_nonzero(stands[1:] & ~stands[:-1]) == 2


def test_two_conditions_are_waited_for_one_after_the_other():
    text = (
        ACTOR + "      - when: time >= 2 s\n        wait: 0 s\n"
        "      - when: distance(ego) < 40 m\n        brake: 5 m/s\n"
    )
    _, rollout = played(text)
    assert [event.kind for event in rollout.events][:2] == ["trigger", "trigger"]
    assert rollout.velocity_mps[-1, 1, 0] < 6.0


def test_the_legend_says_what_stands_in_the_file():
    logical = read_text(
        "scenario: said\nroad: {crossroads: {arm_length: 60 m}}\nego: {on: main.straight, at: 9 m, speed: 8 km/h}\n"
        "actors:\n  a:\n    on: from_left.straight\n    at: 9 m\n    do: [{when: time >= 500 s, brake: 0 m/s}]\n"
        "signals: {main: {green: 8 s, red: 4 s}, oncoming: red}\nsigns: {s: {meaning: stop}}\n"
    )
    spread = spread_of(logical, sample_many(logical, 4, 1))
    found = {entry.title: entry.lines for entry in entries(spread, frozenset({"a"}))}
    assert found["road: crossroads"] == ("arm_length 60 m",)
    assert found["signals"] == ("main: green 8 s, red 4 s", "oncoming: red")
    assert found["signs"] == ("s: meaning stop",) and found["kept in the data, not played"] == ("signs s",)
    assert "speed 8 km/h" in found["ego"] and found["a"][-1] == IDLE


def test_an_actor_whose_moment_came_is_not_called_idle():
    logical = read_text(ACTOR + "      - when: time >= 1 s\n        brake: 5 m/s\n")
    draws = sample_many(logical, 3, 1)
    way = Trace("a", np.stack([np.linspace(150, 250, 9), np.full(9, -11.0)], axis=1))
    idle = scenario_picture(logical, draws, [way])
    came = scenario_picture(logical, draws, [way], [Mark("a", (170.0, -11.0))])
    assert len(idle) > len(came), "one more line in the legend"
