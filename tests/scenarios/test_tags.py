"""One vocabulary: what is emitted is in it, and what our leaves can mean is reached."""

import re
from itertools import pairwise

import pytest

from scenarios import library
from scenarios.algebra import scenario
from scenarios.concrete import Feature
from scenarios.roads import archetypes
from scenarios.tags import feature_tags
from scenarios.types import digital, scenery, temporary
from scenarios.types.actors import TASKS, actor, ego
from scenarios.types.catalogue import LEAF_TYPES
from scenarios.types.features import unplayed
from scenarios.types.light import light
from scenarios.types.manoeuvres import ACTIONS, SHOWN, do, step
from scenarios.types.openlabel import NAMES, PARENTS, unknown_names, with_parents
from scenarios.types.road import road
from scenarios.types.sensors import sensors
from scenarios.types.weather import weather

# Names that no leaf of ours can mean: how an actor moves as seen from the ego is measured in a rollout, not wished;
# no actor of ours slides.
NOT_WISHED = {"MotionAway", "MotionTowards", "MotionSlide"}
SHORT = {"SignsInformation": "InformationSigns", "SignsRegulatory": "RegulatorySigns", "SignsWarning": "WarningSigns"}


def drawn(*leaves, on="main.1", archetype="urban", **parameters):
    whole = scenario(road(archetype, **parameters), ego(on=on, at="30 m", speed="9 m/s"), sensors("none"), *leaves)
    return whole.sample(1)


def test_the_vocabulary_is_a_forest_and_closes_upwards():
    assert len(set(NAMES)) == len(NAMES) and all(not above or above in PARENTS for above in PARENTS.values())
    assert with_parents(("WeatherRain", "WeatherSnow")) == ("OddEnvironment", "EnvironmentWeather", "WeatherRain",
                                                             "WeatherSnow")  # fmt: skip
    assert unknown_names(["WeatherRain", "weather:rain", "WetherRain"]) == ("WetherRain",)
    with pytest.raises(KeyError):
        with_parents(("WetherRain",))


def test_the_vocabulary_holds_every_class_name_of_the_reference(shared_data):
    """The reference writes families short: a common stem in front of `{...}` or of `x`."""
    path = shared_data.parent / "reference" / "openlabel_tags.txt"
    if not path.is_file():
        pytest.skip(f"no {path.name} beside the shared data")
    text = path.read_text(encoding="utf-8")
    whole = set(re.findall(r"\b(?:[A-Z][A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*)\b", text))
    full = {name for name in whole if name in PARENTS}
    assert len(full) > 105
    for name in whole - full - {"OpenLABEL"}:
        assert any(known.endswith(name) or SHORT.get(name, "-") in known for known in NAMES), name


@pytest.mark.parametrize("name", library.names())
def test_every_name_that_the_library_emits_is_in_the_vocabulary(name):
    concrete = library.load(name).sample(3)
    assert not unknown_names(concrete.tags)
    names = [tag for tag in concrete.tags if ":" not in tag]
    assert names == list(with_parents(tuple(names)))
    assert {f"road:{concrete.road.archetype}", f"weather:{concrete.environment.weather()}"} <= set(concrete.tags)


def reachable() -> set[str]:
    """Every OpenLABEL name that some value of some leaf brings about."""
    found: set[str] = set()
    for kind in LEAF_TYPES.values():
        base = {name: field.names[0] for name, field in kind.fields.items() if field.names and name in kind.required}
        found.update(kind.tags(base))
        for name, field in kind.fields.items():
            for value in field.names or ((True, False) if field.dimension.sort == "flag" else (0.1,)):
                found.update(kind.tags({**base, name: value}))
    found.update(drawn(scenery.zone("z", kind="traffic_management"), archetype="motorway").tags)
    for kind in scenery.ROUNDABOUTS:
        found.update(scenery.JUNCTION.tags({"kind": kind, "control": "signals"}))
    for purpose in ("regulatory", "warning", "information"):
        for variable in (False, True):
            for temporary_sign in (False, True):
                values = {"meaning": "stop", "purpose": purpose, "variable": variable, "temporary": temporary_sign}
                found.update(scenery.SIGNS.tags(values))
    for link in ("v2v", "v2i"):
        for medium in ("wifi", "cellular", "satellite"):
            found.update(digital.CONNECTIVITY.tags({"kind": link, "medium": medium}))
    for action in ACTIONS.values():
        found.update(action.tags)
    found.update(SHOWN.values())
    found.update(tag for tags in TASKS.values() for tag in tags)
    for rain in ("dynamic", "convective", "orographic"):
        found.update(feature_tags(Feature("weather", "", {"rain_type": rain})))
    for air in ("water", "dust", "pollution", "marine", "volcanic"):
        found.update(feature_tags(Feature("weather", "", {"particulates": air})))
    found.update(feature_tags(Feature("light", "", {"vehicle_lights": True})))
    for name in archetypes():
        on = archetypes()[name].routes[0]
        found.update(drawn(on=on, archetype=name).tags)
    for leaves, parameters, archetype in (
        ((weather("heavy_rain"), light("day")), {"grade": 0.05}, "rural"),
        ((weather("snow"), light("night")), {"grade": -0.05}, "rural"),
        ((weather("wind"), light("dusk")), {"curvature": "0.004 1/m"}, "rural"),
        ((weather("fog"), light(sun_elevation="30 deg", sun_azimuth="90 deg")), {}, "urban"),
        ((weather("clear"), light(sun_elevation="30 deg", sun_azimuth="270 deg")), {}, "urban"),
        ((light(sun_elevation="30 deg", sun_azimuth="0 deg"),), {}, "urban"),
        ((light(sun_elevation="30 deg", sun_azimuth="180 deg"),), {"crosswalk_s": "80 m"}, "urban"),
        ((actor("runner", kind="pedestrian", on="sidewalk.right", at="50 m", speed="4 m/s"),
          actor("police", kind="emergency_vehicle", on="oncoming.1", at="50 m", siren=True)), {}, "urban"),
    ):  # fmt: skip
        found.update(drawn(*leaves, archetype=archetype, **parameters).tags)
    return {tag for tag in found if ":" not in tag}


def test_every_name_that_our_leaves_can_mean_is_reached():
    found = reachable()
    assert not unknown_names(found)
    assert set(NAMES) - set(with_parents(tuple(found))) == NOT_WISHED


def test_the_sun_is_named_as_the_ego_sees_it():
    for azimuth, name in (("90 deg", "Front"), ("270 deg", "Behind"), ("0 deg", "Left"), ("180 deg", "Right")):
        tags = drawn(light(sun_elevation="30 deg", sun_azimuth=azimuth)).tags  # urban streets begin eastwards
        assert f"SunPosition{name}" in tags and sum(tag.startswith("SunPosition") for tag in tags) == 1
    assert not any(tag.startswith("SunPosition") for tag in drawn(light("night")).tags)


def test_a_feature_that_knows_better_replaces_what_the_road_suggests():
    assert "TravelDirectionRight" in drawn().tags
    british = drawn(digital.jurisdiction("GB")).tags
    assert "TravelDirectionLeft" in british and "TravelDirectionRight" not in british
    mini = drawn(scenery.junction(kind="mini_roundabout"), archetype="roundabout", on="main.straight").tags
    assert (
        "RoundaboutMiniNosignal" in mini and "RoundaboutNormal" not in mini and "RoundaboutNormalNosignal" not in mini
    )
    managed = drawn(scenery.zone("z", kind="traffic_management"), archetype="motorway").tags
    assert "MotorwayManaged" in managed and "MotorwayUnmanaged" not in managed


def test_order_of_tags_is_names_then_slices():
    tags = drawn(weather("rain"), temporary.work_zone("w", on="main.1"), actor("a", kind="van", on="main.1", at="60 m"),
                 do("a", step("signal", show="hazard"))).tags  # fmt: skip
    assert all(":" in tag for one, tag in pairwise(tags) if ":" in one)
    assert {"CommunicationSignalHazard", "manoeuvre:signal", "signal:hazard", "TemporaryStructureRoadWorks"} <= set(
        tags
    )


def test_what_no_engine_plays_is_named():
    concrete = drawn(
        weather("dust"), scenery.surface("icy"), digital.connectivity("rsu", kind="v2i", latency="50 ms"),
        actor("a", kind="construction_vehicle", variant="excavator", on="oncoming.1", at="60 m", boom="30 deg"),
        do("a", step("work", mode="digging"), step("reverse", distance="3 m")),
    )  # fmt: skip
    lines = unplayed(concrete)
    assert lines == (
        "action a[0]: work (only its time passes)",
        "action a[1]: reverse (it turns round and drives there forwards)",
        "weather: particulates = dust",
        f"actor a: boom = {concrete.actors[0].traits['boom']}",
    )
    assert concrete.environment.road_friction == pytest.approx(0.1)
    assert unplayed(drawn(weather("rain"))) == ()
