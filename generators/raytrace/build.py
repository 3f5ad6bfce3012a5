"""From a scene description to the mesh scene that the tracer renders.

`SceneDescription.appearance` may hold these keys (every one optional; absent ones are drawn from the seed). Kinds and
ranges stand as data in `appearance.APPEARANCE_SPACE` and, for keys `<key>.<actor id>`, `ACTOR_APPEARANCE_SPACE`.

| key | kind | meaning |
|---|---|---|
| `building_style` | name | what most houses are: mixed, plaster, brick, modern, house |
| `building_density` | number | share of lots that are built on |
| `building_height_scale` | number | storeys, relative to the setting's |
| `facade_hue`, `facade_saturation` | number | colour around which plaster is drawn |
| `lit_window_share` | number | share of windows lit at night |
| `vegetation_density` | number | amount of trees, bushes, hedges |
| `season` | name | summer, spring, autumn, winter: leaves and grass |
| `tree_species` | name | mixed, broadleaf, conifer, slender |
| `asphalt_tone`, `asphalt_warmth` | number | albedo of the road; blue (-1) to brown (1) |
| `marking_wear` | number | 0 fresh paint, 1 nearly gone |
| `sidewalk_tone` | number | albedo of the pavement |
| `grass_dryness` | number | 0 fresh, 1 straw |
| `hill_height` | number | height of the hills at the horizon |
| `street_lamp_spacing`, `street_lamp_temperature` | number | metres, kelvin |
| `street_furniture` | number | amount of bins, benches, bollards, cabinets |
| `car_color.<id>`, `car_style.<id>`, `livery.<id>` | name | paint, body style, emergency livery |
| `cargo_color.<id>` | number | place in the palette of box bodies and buses |
| `upper_color.<id>`, `lower_color.<id>`, `hair_color.<id>` | number | place in the palette |
| `skin_tone.<id>`, `build.<id>` | number | light to dark; width of the body |
| `garment.<id>` | name | trousers, shorts, skirt, coat |
| `animal.<id>` | name | auto (by size), deer, dog, boar |
"""

from dataclasses import dataclass

import numpy as np
import shapely
from jaxtyping import Float, Int
from shapely.geometry.base import BaseGeometry

from driving_data.maps.lane_map import LaneMap
from driving_data.ports import SceneDescription
from generators.raytrace.appearance import Appearance
from generators.raytrace.assets.body import Part, Posture
from generators.raytrace.assets.catalogue import body_of, poses_of
from generators.raytrace.assets.people import NUM_POSES
from generators.raytrace.materials import MaterialBook
from generators.raytrace.scene import Lamps, Mesh, MeshScene, Parts, Postures, no_parts, no_postures
from generators.raytrace.scenery.buildings import buildings
from generators.raytrace.scenery.markings import crossings_and_stop_lines, lane_lines
from generators.raytrace.scenery.objects import map_objects
from generators.raytrace.scenery.plan import Plan, make_plan
from generators.raytrace.scenery.planting import planting
from generators.raytrace.scenery.poles import delineators, furniture, no_lamps, street_lamps
from generators.raytrace.scenery.rails import field_fences, gantry, guard_rails, noise_walls, utility_poles
from generators.raytrace.scenery.roads import apron, road_surfaces, walk_surfaces
from generators.raytrace.scenery.signals import traffic_lights
from generators.raytrace.scenery.signs import road_signs
from generators.raytrace.scenery.terrain import flat_land, land
from generators.raytrace.scenery.tunnels import joined, tunnels
from generators.raytrace.soup import Soup, concat, moved, to_mesh

REACH_M = 250.0


def build_scene(
    scene: SceneDescription,
    seed: int,
    focus_m: "Float[np.ndarray, 'n 2'] | None" = None,
    reach_m: float = REACH_M,
) -> MeshScene:
    """The street, the bodies of the actors, their materials and the lamps.

    Args:
        scene: what is there; `appearance` holds draws by the keys of the table above.
        seed: everything that was not drawn follows from it; the same seed gives the same bytes.
        focus_m: points in `world` (x, y) around which the street is built; by default along the ego's route.
        reach_m: how far around them.

    Raises:
        ValueError: an appearance value has the wrong type or is none of the declared names.
    """
    appearance = Appearance(scene.appearance, seed)
    book = MaterialBook()
    if scene.lane_map is None or not scene.lane_map.lanes:
        static, lamps, covers = flat_land(book, appearance), no_lamps(), None
    else:
        static, lamps, covers = street(scene.lane_map, scene.signal_ids, book, appearance, focus_m, reach_m)
    cast = _bodies(scene, appearance, book)
    return MeshScene(
        static=to_mesh(static), assets=cast.meshes, asset_frames=cast.frames, stride_m=cast.strides_m,
        materials=book.freeze(), lamps=lamps, environment=scene.environment, parts=cast.parts, postures=cast.postures,
        covers=covers,
    )  # fmt: skip


def street(
    lane_map: LaneMap,
    signal_ids: tuple[str, ...],
    book: MaterialBook,
    appearance: Appearance,
    focus_m: "Float[np.ndarray, 'n 2'] | None",
    reach_m: float,
) -> tuple[Soup, Lamps, "Float[np.ndarray, 'C 14'] | None"]:
    """Everything that stands still, in `world`, the fixed lamps, and the pieces of tunnels."""
    plan = make_plan(lane_map, focus_m, reach_m)
    walkways = _crosswalks(lane_map)
    trees = [item for item in lane_map.objects if item.kind == "tree"]
    houses, lots = buildings(plan, trees, book, appearance)
    named = {item.kind for item in lane_map.objects}
    lamp_posts, lamps = street_lamps(
        plan, walkways, [item for item in lane_map.objects if item.kind == "street_lamp"], book, appearance
    )
    tubes, tunnel_lamps, covers = tunnels(plan, lane_map, book, appearance)
    parts = [
        tubes,
        land(plan, book, appearance),
        apron(plan, book, appearance),
        road_surfaces(plan, book, appearance),
        walk_surfaces(plan, book, appearance),
        lane_lines(plan, book, appearance),
        crossings_and_stop_lines(plan, lane_map, book, appearance),
        houses,
        planting(plan, lots, trees, book, appearance),
        lamp_posts,
        furniture(plan, walkways, book, appearance),
        traffic_lights(plan, lane_map.signals, signal_ids, book),
        road_signs(plan, lane_map.signs, book),
        *_open_country(plan, named, book, appearance),
        map_objects(plan, lane_map.objects, lane_map.signs, book, appearance),
    ]
    return concat(parts), joined(lamps, tunnel_lamps), covers


def _open_country(plan: Plan, named: set[str], book: MaterialBook, appearance: Appearance) -> list[Soup]:
    """What lines roads outside towns; kinds that the map itself names are left to `map_objects`."""
    parts = [noise_walls(plan, book, appearance), gantry(plan, book, appearance), utility_poles(plan, book)]
    if "guard_rail" not in named:
        parts.append(guard_rails(plan, book, appearance))
    if "fence" not in named:
        parts.append(field_fences(plan, book, appearance))
    if "bollard" not in named:
        parts.append(delineators(plan, book))
    return parts


def _crosswalks(lane_map: LaneMap) -> BaseGeometry:
    return shapely.union_all(
        [shapely.Polygon(area.polygon_m[:, :2]).buffer(0) for area in lane_map.areas if area.kind == "crosswalk"]
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Cast:
    """Bodies of all actors but the ego."""

    meshes: tuple[Mesh, ...]
    frames: Int[np.ndarray, "A K"]
    strides_m: Float[np.ndarray, "A"]
    parts: Parts
    postures: Postures


def _bodies(scene: SceneDescription, appearance: Appearance, book: MaterialBook) -> _Cast:
    count = len(scene.actors)
    frames = np.full((count, NUM_POSES), -1, dtype=np.int64)
    strides = np.full(count, np.inf)
    meshes: list[Mesh] = []
    parts: list[tuple[int, int, int, Part]] = []  # actor, mesh, carrier, part
    postures: list[tuple[int, int, Posture]] = []
    for index in range(count):
        if index == scene.ego_index:
            continue
        body = body_of(scene, index, appearance, book)
        frames[index] = poses_of(body, len(meshes))
        strides[index] = body.stride_m
        meshes += [to_mesh(pose) for pose in body.poses]
        first = len(parts)
        for part in body.parts:
            parts.append((index, len(meshes), first + part.carrier if part.carrier >= 0 else -1, part))
            meshes.append(to_mesh(moved(part.soup, [-value for value in part.pivot_m])))
        for posture in body.postures:
            postures.append((index, len(meshes), posture))
            meshes += [to_mesh(pose) for pose in posture.poses]
    return _Cast(tuple(meshes), frames, strides, _part_columns(parts), _posture_columns(postures))


def _part_columns(parts: list[tuple[int, int, int, Part]]) -> Parts:
    if not parts:
        return no_parts()
    pivot = np.array([part.pivot_m for *_, part in parts])
    parent = np.array([carrier for _, _, carrier, _ in parts], dtype=np.int64)
    carried = parent >= 0
    relative = pivot.copy()
    relative[carried] -= pivot[parent[carried]]
    return Parts(
        actor=np.array([actor for actor, *_ in parts], dtype=np.int64),
        asset=np.array([mesh for _, mesh, *_ in parts], dtype=np.int64),
        joint=np.array([int(part.joint) for *_, part in parts], dtype=np.int64),
        parent=parent,
        pivot_m=relative,
        axis=np.array([part.axis for *_, part in parts]),
        rest_rad=np.zeros(len(parts)),
        swing_rad=np.array([part.swing_rad for *_, part in parts]),
        period_s=np.array([part.period_s for *_, part in parts]),
        phase=np.array([part.phase for *_, part in parts]),
        radius_m=np.array([part.radius_m for *_, part in parts]),
        name=tuple(part.name for *_, part in parts),
    )


def _posture_columns(postures: list[tuple[int, int, Posture]]) -> Postures:
    if not postures:
        return no_postures()
    return Postures(
        actor=np.array([actor for actor, *_ in postures], dtype=np.int64),
        mode=np.array([int(posture.mode) for *_, posture in postures], dtype=np.int64),
        first=np.array([first for _, first, _ in postures], dtype=np.int64),
        count=np.array([len(posture.poses) for *_, posture in postures], dtype=np.int64),
        period_s=np.array([posture.period_s for *_, posture in postures]),
    )
