"""What was played and what was seen: bins measured again, real and generated data in the same cells."""

from dataclasses import replace

import numpy as np
import pytest

from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.provenance import Provenance
from driving_data.rollout import Actors, Event, Rollout, SignalStates
from driving_data.segment import Segment, Source
from driving_data.sensors import SensorRig
from driving_data.store import SegmentStore
from driving_data.taxonomy import ActorClass
from scenarios.algebra import scenario
from scenarios.coverage import coverage_of_rows, grid_of
from scenarios.coverage.realised import measured, outcome_axes, outcome_bins, outcome_of, realise
from scenarios.coverage.segments import facets_of, labelled_classes, sources_of
from scenarios.types.about import about
from scenarios.types.actors import actor, ego
from scenarios.types.manoeuvres import do, step, when
from scenarios.types.road import road
from scenarios.types.weather import weather

LOGICAL = scenario(
    about("braking"), road("motorway"), weather(rain="0..10 mm/h"), ego(on="main.2", at="150 m", speed="20..30 m/s"),
    actor("lead", on="main.2", relation="ahead_of", of="ego", by="20..40 m", speed="20 m/s"),
    do("lead", step("brake", to="0 m/s", rate="2..8 m/s2", when=when("time", "1..3 s"))),
)  # fmt: skip


def rollout(events=(), rain=4.0, ego_speed=22.0, lead_at=(30.0, 0.0), lead_speed=10.0, yaw=0.0):
    """Two cars for eleven moments: the ego at constant speed, the lead ahead of it, everything turned by `yaw`."""
    time = np.arange(11) * 0.1
    turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]])
    places, speeds = np.zeros((11, 2, 3)), np.zeros((11, 2, 3))
    places[:, 0, 0], places[:, 1, 0] = ego_speed * time, lead_at[0] + lead_speed * time
    places[:, 1, 1], speeds[:, 0, 0], speeds[:, 1, 0] = lead_at[1], ego_speed, lead_speed
    zeros = np.zeros((11, 2))
    return Rollout(
        timestamps_ns=(time * 1e9).astype(np.int64),
        actors=Actors(("ego", "lead"), np.array([1, 1]), np.array([[4.0, 2.0, 1.5], [6.0, 2.0, 1.5]]), np.zeros(2)),
        ego_index=0, world_from_actor=SE3(np.broadcast_to(turn, (11, 2, 3, 3)).copy(), places @ turn.T),
        velocity_mps=speeds @ turn.T, acceleration_mps2=np.zeros((11, 2, 3)), yaw_rate_radps=zeros, steering_rad=zeros,
        lights=np.zeros((11, 2), dtype=np.uint8), valid=np.ones((11, 2), dtype=bool),
        signals=SignalStates((), np.zeros((11, 0), dtype=np.int64)), events=tuple(events), lane_map=None,
        environment=Environment(rain_mmph=rain, cloud_cover=0.9),
    )  # fmt: skip


@pytest.mark.parametrize("yaw", [0.0, 1.2, -2.5])
def test_gap_and_time_to_collision_by_hand(yaw):
    found = outcome_of(rollout(yaw=yaw))
    # At the last moment 30 + 10 - 22 = 18 m between centres, half of 4 m and of 6 m off, 12 m/s closing.
    assert found.min_gap_m == pytest.approx(13.0) and found.min_ttc_s == pytest.approx(13 / 12)
    assert not found.collided
    assert outcome_bins(found) == {"outcome.min_gap": "10..20 m", "outcome.min_ttc": "1..2 s", "outcome.collided": "no"}


def test_who_is_not_in_the_path_or_not_closing_in_does_not_count():
    beside = outcome_of(rollout(lead_at=(30.0, 3.5)))
    assert np.isinf(beside.min_gap_m) and np.isinf(beside.min_ttc_s)
    away = outcome_of(rollout(lead_speed=25.0))
    assert away.min_gap_m == pytest.approx(25.0) and np.isinf(away.min_ttc_s)
    assert outcome_bins(away)["outcome.min_ttc"] == "over 8 s" == outcome_axes()[1].labels[-1]
    behind = outcome_of(rollout(lead_at=(-30.0, 0.0)))
    assert np.isinf(behind.min_gap_m)
    assert outcome_of(rollout([Event(10**9, "collision", ("lead", "ego"))])).collided


def test_a_step_that_never_began_does_not_count_as_covered():
    logical, grid = LOGICAL, grid_of(LOGICAL.blocks)
    concrete = logical.sample(1)
    fired = rollout([Event(10**9, "trigger", ("lead",), {"trigger": "x"})], rain=concrete.environment.rain_mmph,
                    ego_speed=concrete.ego.speed_mps)  # fmt: skip
    quiet = replace(fired, events=())
    done, idle = realise(grid, [(concrete, fired)]), realise(grid, [(concrete, quiet)])
    assert done.realised.tolist() == done.rows.tolist() and not done.never
    assert idle.never == {"lead.do[0]": 1}
    paths = [axis.path for axis in grid.axes]
    own = [i for i, path in enumerate(paths) if path.startswith("lead.do[0]")]
    assert len(own) == 2 and (idle.realised[0, own] == -1).all() and (idle.rows[0, own] >= 0).all()
    asked, got = coverage_of_rows(grid, idle.rows), coverage_of_rows(grid, idle.realised)
    assert got.covered < asked.covered


def test_what_can_be_measured_again_takes_the_bin_that_came_out():
    grid = grid_of(LOGICAL.blocks)
    concrete = LOGICAL.sample(2)
    wet = realise(grid, [(concrete, rollout([Event(0, "trigger", ("lead",))], rain=9.9, ego_speed=20.5))])
    row = dict(zip((axis.path for axis in grid.axes), wet.realised[0].tolist(), strict=True))
    assert row["weather.rain"] == 4 and row["ego.speed"] == 0
    assert set(wet.agreement) == {"weather.rain", "ego.speed", "weather.clouds"} & set(row)
    assert measured(rollout())["weather.rain"] == 4.0 and measured(rollout())["ego.speed"] == pytest.approx(22.0)


def segment(number, source, tags, concrete=None, **changed):
    scenario_ = None if concrete is None else concrete.to_plain()
    return Segment(
        segment_id=f"segment-{number}", source=source, rollout=rollout(**changed), rig=SensorRig("none"), tags=tags,
        provenance=Provenance(producer="test", scenario=scenario_, family=f"f{number}"),
    )  # fmt: skip


def test_real_and_generated_segments_lie_in_the_same_cells():
    grid = grid_of(LOGICAL.blocks, 2)
    drawn = LOGICAL.sample(1)
    other = replace(drawn, name="another")
    segments = [
        segment(0, Source.SYNTHETIC, drawn.tags, drawn), segment(1, Source.REAL, (), rain=1.0, ego_speed=29.0),
        segment(2, Source.SYNTHETIC, (), other, rain=8.0, ego_speed=21.0),
    ]  # fmt: skip
    rows = sources_of(grid, segments, "braking")
    paths = [axis.path for axis in grid.axes]
    assert rows.synthetic[0].tolist() == list(grid.row(drawn.draws)) and len(rows.synthetic) == 2
    real = dict(zip(paths, rows.real[0].tolist(), strict=True))
    assert real["weather.rain"] == 0 and real["ego.speed"] == 1 and real["lead.by"] == -1
    # The draws of another scenario do not mean the same; what its rollout shows does.
    alien = dict(zip(paths, rows.synthetic[1].tolist(), strict=True))
    assert alien["weather.rain"] == 1 and alien["ego.speed"] == 0 and alien["lead.by"] == -1
    assert len(rows.rows) == 3


def test_tags_of_a_catalogue_are_axes(tmp_path):
    store = SegmentStore(tmp_path)
    store.write(segment(0, Source.SYNTHETIC, ("road:motorway", "actor:car", "manoeuvre:cut_in"), rain=0.0))
    store.write(segment(1, Source.SYNTHETIC, ("road:rural", "actor:car", "actor:animal"), rain=3.0))
    store.write(segment(2, Source.REAL, ("road:rural",), rain=0.0))
    infos = store.query()
    facets = facets_of(infos, {"segment-2": ("car",)})
    assert {axis.path for axis in facets.axes} == {"weather", "road", "actor:animal", "actor:car", "manoeuvre:cut_in"}
    real = dict(zip((axis.path for axis in facets.axes), facets.real[0].tolist(), strict=True))
    assert real["manoeuvre:cut_in"] == -1 and real["actor:car"] == 1 and real["actor:animal"] == 0
    found = facets.coverage(np.concatenate([facets.real, facets.synthetic]))
    assert {"road": "motorway", "weather": "rain"} in found.gaps()
    assert {"road": "rural", "weather": "overcast"} not in found.gaps()
    assert labelled_classes(store) == {} and ActorClass.CAR.label == "car"
