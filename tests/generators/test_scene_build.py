"""The street around every archetype: sound meshes, clear lanes, the same for the same seed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import shapely

from driving_data.environment import Environment
from driving_data.maps.lane_map import (
    Lane,
    LaneKind,
    LaneMap,
    MapArea,
    MapObject,
    Marking,
    MarkingKind,
    RoadSign,
    TrafficSignal,
)
from driving_data.ports import SceneDescription
from driving_data.rollout import Actors
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.raytrace.appearance import APPEARANCE_SPACE, Appearance, Options
from generators.raytrace.build import build_scene
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scene import Glow, MeshScene
from generators.raytrace.scenery.plan import lane_polygon, make_plan
from generators.raytrace.scenery.signs import FACES, sign_on_post
from scenarios.concrete import RoadChoice
from scenarios.roads import archetypes, build_road

SOLID, BROKEN = Marking(MarkingKind.SOLID), Marking(MarkingKind.BROKEN)
MOST_TRIANGLES = 160_000
MOST_OF_BLOCKS = 240_000  # four junctions and twelve streets


def _lane(
    name: str, kind: LaneKind, low: float, high: float, left: Marking, right: Marking, slope: float = 0.0
) -> Lane:
    x = np.linspace(-100, 100, 41)
    edges = [np.column_stack([x, np.full(41, y) + 3e-4 * x**2, slope * x]) for y in (low, high)]
    return Lane(name, kind, 0.5 * (edges[0] + edges[1]), edges[1], edges[0], left, right, speed_limit_mps=13.9)


def _street(slope: float = 0.0) -> LaneMap:
    lanes = (
        _lane("right", LaneKind.DRIVING, -3.5, 0.0, BROKEN, SOLID, slope),
        _lane("left", LaneKind.DRIVING, 0.0, 3.5, SOLID, BROKEN, slope),
        _lane("walk", LaneKind.SIDEWALK, -6.0, -3.5, Marking(), Marking(), slope),
        _lane("walk2", LaneKind.SIDEWALK, 3.5, 6.0, Marking(), Marking(), slope),
    )
    ends = np.array([[30.0, 0.0, 0.0], [30.0, -3.5, 0.0]])
    signals = (
        TrafficSignal("side", np.array([32.0, -4.2, 3.0]), np.pi, ("right",), ends),
        TrafficSignal("above", np.array([36.0, -1.7, 4.0]), np.pi, ("right",), ends),
    )
    signs = (RoadSign("limit", "speed_limit", np.array([10.0, -4.0, 0.0]), np.pi, 50.0),)
    crossing = MapArea("zebra", "crosswalk", np.array([[31.0, -3.5, 0.0], [35, -3.5, 0], [35, 3.5, 0], [31, 3.5, 0]]))
    return LaneMap(lanes, signals, signs, (crossing,), routes={"ego": ("right",)}, name="urban")


def _scene(lane_map: LaneMap | None, signals: Sequence[str] = (), **draws: object) -> SceneDescription:
    actors = Actors(
        ("ego", "car", "walker"),
        np.array([ActorClass.CAR, ActorClass.CAR, ActorClass.PEDESTRIAN], dtype=np.int64),
        np.array([[4.6, 1.85, 1.5], [4.2, 1.8, 1.5], [0.6, 0.6, 1.75]]),
        np.array([1.35, 0.0, 0.0]),
    )
    return SceneDescription(lane_map, actors, 0, Environment(), tuple(signals), draws)


def _check_mesh(scene: MeshScene) -> None:
    for mesh in (scene.static, *scene.assets):
        assert np.isfinite(mesh.vertices_m).all()
        assert np.isfinite(mesh.uv_m).all()
        assert mesh.triangles.min() >= 0
        assert mesh.triangles.max() < len(mesh.vertices_m)
        assert mesh.material.min() >= 0
        assert mesh.material.max() < len(scene.materials.albedo)
        assert np.abs(np.linalg.norm(mesh.normals, axis=-1) - 1).max() < 1e-4
    materials = scene.materials
    assert ((materials.albedo >= 0) & (materials.albedo <= 0.95)).all()
    assert ((materials.roughness >= 0) & (materials.roughness <= 1)).all()


def _over_the_lanes(scene: MeshScene, lane_map: LaneMap) -> np.ndarray:
    """Heights above the road of triangle points that lie over driven lanes, between 0.05 m and 4.5 m."""
    plan = make_plan(lane_map, None, 250.0)
    lanes = [lane_polygon(lane) for lane in plan.lanes if lane.kind == LaneKind.DRIVING]
    driven = shapely.union_all(lanes).buffer(-0.05)
    shapely.prepare(driven)
    corners = scene.static.vertices_m[scene.static.triangles].astype(np.float64)
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3] * 3])
    points = np.einsum("ws,fsi->fwi", weights, corners).reshape(-1, 3)
    low, high = driven.bounds[:2], driven.bounds[2:]
    near = ((points[:, :2] > low) & (points[:, :2] < high)).all(axis=1)
    points = points[near]
    points = points[shapely.contains_xy(driven, points[:, 0], points[:, 1])]
    above = points[:, 2] - plan.road_height_m(points[:, :2])
    return above[(above > 0.05) & (above < 4.5)]


@pytest.mark.parametrize("archetype", sorted(archetypes()))
def test_every_archetype_builds_with_clear_lanes(archetype: str) -> None:
    lane_map = build_road(RoadChoice(archetype=archetype))
    scene = build_scene(_scene(lane_map, [signal.id for signal in lane_map.signals]), seed=4)
    _check_mesh(scene)
    most = MOST_OF_BLOCKS if archetype == "urban_grid" else MOST_TRIANGLES
    assert 20_000 < len(scene.static.triangles) < most
    blocked = _over_the_lanes(scene, lane_map)
    assert not len(blocked), f"{len(blocked)} points over the lanes, heights {np.unique(blocked.round(2))[:10]}"
    seen = {SemanticClass(int(value)) for value in np.unique(scene.materials.semantic[scene.static.material])}
    # A shared space is a road without markings.
    marked = set() if archetype == "shared_space" else {SemanticClass.LANE_MARKING}
    assert {SemanticClass.ROAD, SemanticClass.TERRAIN, SemanticClass.VEGETATION, *marked} <= seen


@pytest.mark.parametrize("slope", [0.0, 0.05])
def test_a_hand_made_street_is_complete(slope: float) -> None:
    scene = build_scene(_scene(_street(slope), ["above", "side"]), seed=9)
    _check_mesh(scene)
    assert not len(_over_the_lanes(scene, _street(slope)))
    seen = {SemanticClass(int(value)) for value in np.unique(scene.materials.semantic[scene.static.material])}
    for wanted in ("ROAD", "LANE_MARKING", "KERB", "SIDEWALK", "BUILDING", "VEGETATION", "POLE", "TRAFFIC_SIGN",
                   "TRAFFIC_LIGHT", "TERRAIN"):  # fmt: skip
        assert SemanticClass[wanted] in seen
    assert len(scene.lamps.position_m) > 4
    assert scene.lamps.position_m[:, 2].min() > 3.0 - 5.0 * abs(slope) * 20


def test_the_road_has_no_holes() -> None:
    """Every point of the crossroads' paving is covered by a road triangle at road height."""
    lane_map = build_road(RoadChoice(archetype="crossroads"))
    scene = build_scene(_scene(lane_map), seed=4)
    plan = make_plan(lane_map, None, 250.0)
    road = scene.materials.semantic[scene.static.material] == SemanticClass.ROAD
    corners = scene.static.vertices_m[scene.static.triangles[road]][..., :2].astype(np.float64)
    shapes = shapely.polygons(corners)
    inside = plan.road.intersection(plan.junctions.buffer(20.0)).buffer(-0.02)
    rng = np.random.Generator(np.random.Philox(key=[1, 2]))
    low, high = np.array(inside.bounds[:2]), np.array(inside.bounds[2:])
    xy = rng.uniform(low, high, (3000, 2))
    xy = xy[shapely.contains_xy(inside, xy[:, 0], xy[:, 1])]
    hit, _ = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    assert len(xy) > 300
    assert len(np.unique(hit)) == len(xy)


def test_ground_lies_below_everything_and_reaches_the_horizon() -> None:
    scene = build_scene(_scene(_street()), seed=9)
    terrain = scene.materials.semantic[scene.static.material] == SemanticClass.TERRAIN
    points = scene.static.vertices_m[scene.static.triangles[terrain]].reshape(-1, 3)
    assert points[:, 0].min() < -2000
    assert points[:, 0].max() > 2000
    assert points[:, 1].min() < -2000


def test_terrain_never_pokes_through_the_road() -> None:
    lane_map = _street(0.05)
    scene = build_scene(_scene(lane_map), seed=2)
    terrain = scene.materials.semantic[scene.static.material] == SemanticClass.TERRAIN
    corners = scene.static.vertices_m[scene.static.triangles[terrain]].astype(np.float64)
    plan = make_plan(lane_map, None, 250.0)
    shapes = shapely.polygons(corners[..., :2])
    xy = np.column_stack([np.linspace(-95, 95, 400), np.tile([-3.2, -1.0, 1.5, 3.0], 100)])
    xy[:, 1] += 3e-4 * xy[:, 0] ** 2
    points, faces = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[faces]
    origin = corners[faces, 0]
    z = origin[:, 2] - np.einsum("pi,pi->p", normal[:, :2], xy[points] - origin[:, :2]) / normal[:, 2]
    assert (z < plan.road_height_m(xy[points]) - 0.05).all()


@pytest.mark.slow
def test_same_seed_same_bytes_and_another_seed_another_street() -> None:
    one, two = (build_scene(_scene(_street()), seed=5) for _ in range(2))
    assert one.static.vertices_m.tobytes() == two.static.vertices_m.tobytes()
    assert one.static.material.tobytes() == two.static.material.tobytes()
    assert one.materials.albedo.tobytes() == two.materials.albedo.tobytes()
    other = build_scene(_scene(_street()), seed=6)
    assert one.static.vertices_m.tobytes() != other.static.vertices_m.tobytes()


def test_the_ego_has_no_body_and_walkers_have_eight() -> None:
    scene = build_scene(_scene(_street()), seed=5)
    assert (scene.asset_frames[0] == -1).all()
    assert len(np.unique(scene.asset_frames[1])) == 1
    assert len(np.unique(scene.asset_frames[2])) == 8
    parts, postures = scene.parts, scene.postures
    known = {*scene.asset_frames[1:].ravel(), *parts.asset}
    for first, count in zip(postures.first, postures.count, strict=True):
        known |= set(range(int(first), int(first + count)))
    assert known == set(range(len(scene.assets)))
    assert scene.stride_m[1] == np.inf
    assert 1.0 < scene.stride_m[2] < 2.0


def test_a_scene_without_a_map_is_land_and_actors() -> None:
    scene = build_scene(_scene(None), seed=5)
    _check_mesh(scene)
    assert set(np.unique(scene.materials.semantic[scene.static.material])) == {int(SemanticClass.TERRAIN)}
    assert len(np.unique(scene.asset_frames[1:])) == 9


def test_signals_are_lit_by_their_own_state() -> None:
    scene = build_scene(_scene(_street(), ["above", "side"]), seed=5)
    materials = scene.materials
    for glow in (Glow.SIGNAL_RED, Glow.SIGNAL_YELLOW, Glow.SIGNAL_GREEN):
        assert sorted(materials.signal[materials.glow == glow].tolist()) == [0, 1]
    red = np.flatnonzero((materials.glow == Glow.SIGNAL_RED) & (materials.signal == 0))
    green = np.flatnonzero((materials.glow == Glow.SIGNAL_GREEN) & (materials.signal == 0))
    z = scene.static.vertices_m[scene.static.triangles][..., 2]
    top, bottom = z[np.isin(scene.static.material, red)], z[np.isin(scene.static.material, green)]
    assert top.min() > bottom.max() > 4.5


def test_every_declared_name_can_be_drawn() -> None:
    for key, space in APPEARANCE_SPACE.items():
        if isinstance(space, Options):
            for value in space.values:
                assert Appearance({key: value}, 1).choice(key) == value
        else:
            assert space.low <= Appearance({}, 1).number(key) <= space.high


@pytest.mark.slow
def test_draws_change_what_they_name() -> None:
    dark = build_scene(_scene(_street(), asphalt_tone=0.06, asphalt_warmth=0.0), seed=5)
    light = build_scene(_scene(_street(), asphalt_tone=0.14, asphalt_warmth=0.0), seed=5)
    for scene, tone in ((dark, 0.06), (light, 0.14)):
        road = np.flatnonzero(scene.materials.semantic == SemanticClass.ROAD)
        assert scene.materials.albedo[road[0], 1] == pytest.approx(tone, abs=1e-4)
    bare = build_scene(_scene(_street(), vegetation_density=0.0), seed=5)
    vegetation = bare.materials.semantic[bare.static.material] == SemanticClass.VEGETATION
    full = build_scene(_scene(_street(), vegetation_density=1.0), seed=5)
    assert vegetation.sum() < 0.2 * (full.materials.semantic[full.static.material] == SemanticClass.VEGETATION).sum()


def test_a_wrong_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="season"):
        build_scene(_scene(_street(), season="monsoon"), seed=5)


def test_only_what_lies_within_reach_is_built() -> None:
    far = build_scene(_scene(_street()), seed=5, focus_m=np.array([[-100.0, 0.0]]), reach_m=40.0)
    building = far.materials.semantic[far.static.material] == SemanticClass.BUILDING
    x = far.static.vertices_m[far.static.triangles[building]][..., 0]
    assert x.max() < -20.0


def test_every_sign_has_a_face_of_its_own() -> None:
    faces: dict[bytes, str] = {}
    alike = {"yield": "give_way", "work_zone": "construction", "speed_limit": "zone_limit", "closed": "no_vehicles",
             "crosswalk_sign": "pedestrian_crossing", "direction": "mandatory_right",
             "ahead_only": "mandatory_straight",
             "one_way": "one_way_right", "exit": "gantry", "curve": "double_curve", "signals_ahead": "warning",
             "speed_limit_end": "limits_end"}  # fmt: skip
    book = MaterialBook()
    for kind in sorted(FACES - set(alike)):
        soup = sign_on_post(kind, 50.0, 2.3, book)
        look = soup.corners_m.round(6).tobytes() + soup.material.tobytes()
        assert look not in faces, (kind, faces[look])
        faces[look] = kind
    plain = sign_on_post("never heard of", 50.0, 2.3, book)
    assert plain.corners_m.round(6).tobytes() + plain.material.tobytes() not in faces


def test_what_has_no_look_is_told_and_stands_there_as_a_box() -> None:
    street = _street()
    statue = MapObject("statue", "statue", np.array([0.0, 8.0, 0.0]), 0.0, np.array([1.0, 1.5, 3.0]))
    odd = RoadSign("odd", "odd_sign", np.array([10.0, -4.5, 0.0]), np.pi)
    plain = build_scene(_scene(street), seed=5)
    told = build_scene(_scene(replace(street, objects=(statue,), signs=(*street.signs, odd))), seed=5)
    assert plain.undrawn == ()
    assert told.undrawn == (
        "1 map objects of the kind 'statue' are shown as grey boxes of their size",
        "1 signs of the kind 'odd_sign' are shown as plain boards",
    )
    corners = told.static.vertices_m
    near = (np.abs(corners[:, :2] - [0.0, 8.0]) <= [0.51, 0.76]).all(axis=1) & (corners[:, 2] > 2.0)
    assert near.any()
