import pytest

from driving_data.environment import Environment
from driving_data.errors import InputError
from scenarios import library
from scenarios.spec import dump_spec, read_text
from scenarios.types.layout import boxes_meet, layout_of

NAMES = (*library.CORE, "bus_pulls_out", "crossing_pedestrian", "debris_on_lane", "emergency_vehicle_behind",
         "head_on_overtaker", "jam_end_in_fog", "parked_car_pulls_out", "right_turn_cyclist", "school_bus_stop",
         "t_junction_turn", "wrong_way_driver")  # fmt: skip


def test_they_are_there_and_others_are_named():
    assert library.names() == tuple(sorted(NAMES)) and len(library.CORE) == 12 and len(NAMES) >= 20
    with pytest.raises(InputError, match="did you mean 'cut_in'"):
        library.load("cutin")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_is_drawn_is_a_member_reads_back_and_is_plausible(name):
    logical = library.load(name)
    assert logical.name == name and read_text(dump_spec(logical)) == logical
    draws = [logical.sample(7, index) for index in range(12)]
    assert draws[0] in logical and len({concrete.digest() for concrete in draws}) == 12
    for concrete in draws:
        assert 8 <= concrete.duration_s <= 15 and len(concrete.actors) >= (3 if name in library.CORE else 2)
        assert f"road:{concrete.road.archetype}" in concrete.tags
        assert friction_fits(concrete.environment)
        assert nobody_stands_in_another(concrete)
        layout = layout_of(concrete.road)
        for actor in concrete.actors:
            assert 0 <= actor.start.s_m <= layout.length_m(actor.start.route)
    assert len({actor.kind for concrete in draws for actor in concrete.actors}) >= 3


def friction_fits(environment: Environment) -> bool:
    if environment.snow_mmph > 0:
        return environment.road_friction <= 0.4
    return environment.road_friction == 0.9 if environment.rain_mmph == 0 else environment.road_friction < 0.9


def nobody_stands_in_another(concrete) -> bool:
    layout = layout_of(concrete.road)
    boxes = [(layout.pose(one.start), one.size_m) for one in (concrete.ego, *concrete.actors)]
    return not any(boxes_meet(*a, *b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


@pytest.mark.slow
def test_weather_and_light_vary_where_they_may():
    found = {name: [library.load(name).sample(1, i).environment for i in range(15)] for name in library.CORE}
    assert all(len({(e.sun_elevation_rad, e.cloud_cover) for e in drawn}) == 15 for drawn in found.values())
    assert {e.weather() for drawn in found.values() for e in drawn} >= {"clear", "overcast", "rain", "fog", "snow"}
    assert {e.light() for e in found["animal_crossing_dusk"]} == {"dusk"}
    lights = {library.load("red_light_runner").sample(1, i).environment.light() for i in range(40)}
    assert lights == {"day", "dusk", "night"}


def test_the_deer_crosses_before_the_ego_and_the_oncoming_vehicle_is_beside_it():
    logical = library.load("animal_crossing_dusk")
    for index in range(10):
        concrete = logical.sample(2, index)
        others = {actor.id: actor for actor in concrete.actors}
        deer, vehicle = others["deer"], others["oncoming_vehicle"]
        until_deer = (deer.start.s_m - concrete.ego.start.s_m) / concrete.ego.speed_mps
        until_vehicle = (600 - vehicle.start.s_m - deer.start.s_m) / vehicle.speed_mps
        assert 5 <= until_deer <= 7.5
        assert 1 < until_vehicle < until_deer
        assert deer.start.route == "shoulder.right" and vehicle.start.route == "oncoming.1"


def test_signals_of_the_runner_are_red_and_those_of_the_ego_green():
    concrete = library.load("red_light_runner").sample(3)
    shown = {program.signal_id: program.phases[0][0].name for program in concrete.signals}
    assert shown == {"signal.main": "GREEN", "signal.oncoming": "GREEN", "signal.from_left": "RED",
                     "signal.from_right": "RED"}  # fmt: skip
    runner = next(actor for actor in concrete.actors if actor.id == "runner")
    assert not runner.driver.minds_signals
