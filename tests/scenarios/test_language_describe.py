"""Scenarios into English and back: what is described is what is read."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driving_data.errors import InputError
from driving_data.rollout import Rollout
from driving_data.segment import Segment, Source
from scenarios import library
from scenarios.algebra import LogicalScenario, scenario
from scenarios.concrete import ConcreteScenario
from scenarios.language import read
from scenarios.language.describe import describe, slots_of, text_of
from scenarios.language.describe.text import speed_text
from scenarios.language.realise import realise
from scenarios.language.slots import ActorSlots, EgoSlots, Reading, RoadSlots, Slots, TriggerSlots, V2xSlots
from scenarios.types.actors import actor, ego
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from sim_bridge.embedded.simulator import EmbeddedSimulator


def comparable(slots: Slots) -> Any:
    """Slots as they are compared: sets without order, numbers to two decimals."""
    plain = rounded(slots.to_plain())
    for key in ("weather", "surface", "negations"):
        plain[key].sort()
    plain["road"]["features"].sort()
    for one in plain["actors"]:
        one["relation"].sort()
    return plain


def rounded(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: rounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [rounded(value) for value in data]
    return round(data, 2) if isinstance(data, float) else data


def drawn(name: str, index: int = 0) -> ConcreteScenario:
    return library.load(name).sample(3, index)


@pytest.mark.parametrize("name", library.names())
def test_library_scenarios_are_read_back_from_their_descriptions(name: str) -> None:
    for thing in (library.load(name), drawn(name), drawn(name, 1)):
        reading = read(describe(thing))
        assert comparable(reading.slots) == comparable(slots_of(thing)), describe(thing)
        assert reading.not_understood == (), describe(thing)


SAID = [
    Slots(road=RoadSlots("roundabout"), ego=EgoSlots(("enter_roundabout",)), light="dawn", weather=("fog",)),
    Slots(road=RoadSlots("motorway", 3), ego=EgoSlots(("lane_change_left",), (25.0, 30.0)), surface=("icy",)),
    Slots(road=RoadSlots("intersection", None, False), ego=EgoSlots(("turn_left",)), negations=("no pedestrians",)),
    Slots(road=RoadSlots("rural"), actors=(ActorSlots("truck", 1, ("ahead",), ("brake", "stop"), (10.0, 10.0)),)),
    Slots(road=RoadSlots("tunnel"), v2x=V2xSlots((150.0, 150.0), (0.2, 0.2))),
    Slots(
        road=RoadSlots("urban", features=("crosswalk",)), ego=EgoSlots(("drive_straight",), (10.0, 10.0)),
        actors=(
            ActorSlots("bus", 1, ("parked", "right")),
            ActorSlots("child", 2, ("left", "crossing"), ("cross",), occluded_by="bus",
                       trigger=TriggerSlots("distance", (20.0, 20.0))),
        ),
    ),
    Slots(actors=(ActorSlots("animal", 1, ("crossing", "right"), ("cross",)), ActorSlots("van", 2, ("oncoming",)))),
]  # fmt: skip


@pytest.mark.parametrize("slots", SAID, ids=[text_of(slots) for slots in SAID])
def test_what_is_said_is_read_back(slots: Slots) -> None:
    assert comparable(read(text_of(slots)).slots) == comparable(slots), text_of(slots)


def test_what_was_realised_describes_itself_as_what_was_said() -> None:
    text = "By day the ego drives at 90 km/h on a three-lane motorway; a car in the left lane cuts in after 3 s."
    found = slots_of(realise(read(text)).logical)
    (cutter,) = found.actors
    assert (found.road.kind, found.road.lanes_per_direction, found.light) == ("motorway", 3, "day")
    assert rounded([*(found.ego.speed_mps or ())]) == [25.0, 25.0]
    assert (cutter.kind, cutter.manoeuvre) == ("car", ("cut_in",)) and "left_lane" in cutter.relation
    assert cutter.trigger == TriggerSlots("time", (3.0, 3.0))


def test_texts_are_english() -> None:
    slots = Slots(
        RoadSlots("motorway", 1), ("rain", "wind"), "night", ("wet",), EgoSlots(("drive_straight",), (25.0, 25.0)),
        (
            ActorSlots("emergency_vehicle", 1, ("behind",), ("signal",)),
            ActorSlots("emergency_vehicle", "several", ("oncoming",)),
            ActorSlots("e_scooter", 1, (), ("swerve",)),
        ),
    )  # fmt: skip
    assert text_of(slots) == (
        "The ego drives at 90 km/h on a motorway with one lane per direction at night in rain and in strong wind. "
        "The road is wet. An emergency vehicle behind the ego signals. "
        "There are several further oncoming emergency vehicles. An e-scooter swerves."
    )
    assert speed_text((1.2, 2.0)) == "1.2 to 2 m/s" and speed_text((None, 25.0)) == "at most 90 km/h"
    assert speed_text((13.333, 13.333)) == "48 km/h" and speed_text((10.01, None)) == "at least 10.01 m/s"


def test_a_drawn_scenario_carries_the_writers_words_and_its_own() -> None:
    concrete = drawn("cut_in")
    own = library.load("cut_in").description
    assert concrete.description == f"{own} {describe(concrete)}"
    assert f"{concrete.ego.speed_mps * 3.6:.1f}".rstrip("0").rstrip(".") in concrete.description


def played(whole: LogicalScenario) -> Rollout:
    session = EmbeddedSimulator().open([whole.sample(1)], [1])
    session.run(80, "constant_speed")
    (rollout,) = session.rollouts()
    session.close()
    return rollout


def braking(gap: str) -> Rollout:
    return played(
        scenario(
            road("rural"),
            ego(on="main.1", at="60 m", speed="20 m/s"),
            actor(
                "leader", kind="van", on="main.1", relation="ahead_of", of="ego", by=gap, speed="20 m/s", driver="none"
            ),
            do("leader", step("lead_brake", when=when("time", "2 s"), to="10 m/s", rate="5 m/s2")),
        )
    )


def test_rollouts_tell_who_braked_and_who_came_close() -> None:
    rollout = braking("90 m")
    text = describe(rollout)
    assert text.startswith("In 8.0 s the ego drives 160 m at 72 km/h by day")
    assert "There is a van." in text and "The van 'leader' brakes after 2." in text and "up to 5.0 m/s²" in text
    gap = rollout.world_from_actor.translation_m[-1, 1, 0] - rollout.world_from_actor.translation_m[-1, 0, 0]
    gap -= 0.5 * rollout.actors.size_m[:, 0].sum()
    assert f"The van 'leader' comes closest to the ego: {gap:.1f} m after 8.0 s." in text


def test_rollouts_tell_of_contact() -> None:
    assert "The ego and the van 'leader' collide after" in describe(braking("8 m"))


def test_rollouts_of_one_who_is_alone() -> None:
    rollout = played(scenario(road("rural"), ego(on="main.1", at="60 m", speed="0 m/s")))
    assert describe(rollout).startswith("The ego stands for 8.0 s") and "Nobody else is there." in describe(rollout)


def test_segments_tell_their_source() -> None:
    from driving_data.provenance import Provenance
    from scenarios.types.sensors import rig

    rollout = braking("90 m")
    segment = Segment(
        "s", Source.SYNTHETIC, rollout, rig("none"), Provenance("test", seed=1, family="scenario:lead_brakes")
    )
    assert describe(segment) == f"A synthetic segment of 8.0 s from the scenario lead brakes. {describe(rollout)}"


def test_other_things_do_not_describe_themselves() -> None:
    with pytest.raises(TypeError, match="int"):
        describe(3)


def test_descriptions_of_the_same_draw_are_the_same() -> None:
    assert describe(drawn("late_pedestrian")) == describe(drawn("late_pedestrian"))
    assert np.all([describe(drawn("cut_in")) != describe(drawn("cut_in", 1))])


def test_contradictions_are_refused_with_both_phrases() -> None:
    with pytest.raises(InputError) as caught:
        realise(read("A deer crosses the road. There are no animals."))
    assert "deer" in str(caught.value) and "no animals" in str(caught.value)
    assert Reading("", Slots()).slots == Slots()


def test_the_examples_of_the_page_run() -> None:
    page = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, "docs/language.md", "exec"), {})
