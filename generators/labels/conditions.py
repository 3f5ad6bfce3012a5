"""Light, weather and road works around the ego, one row per look.

Work zones follow the four areas of a temporary traffic control zone (MUTCD 2009, section 6C.03): advance warning from
the first work-zone sign, transition along the taper (from the first channelising device until they stand within half
a metre of their usual distance from the way), activity up to the last device, termination for `TERMINATION_M` more
or up to the sign that ends the limit. Without devices or signs near the ego's way the phase is empty.
"""

import re
from collections.abc import Sequence

import numpy as np
import shapely
from jaxtyping import Float

from driving_data.labels import ConditionLabels
from driving_data.rollout import Rollout
from driving_data.taxonomy import ActorClass, SemanticClass
from generators.labels.controls import TEMPORARY
from generators.labels.illumination import lights_of, lux_at
from generators.labels.light import level_lux
from generators.labels.look import Look
from generators.labels.route import Route, route_from
from generators.raytrace.inspection import Inspection
from generators.raytrace.scene import Texture

TERMINATION_M = 30.0
BESIDE_M = 12.0
_DEVICES = (ActorClass.CONE, ActorClass.BARRIER)
_SURFACES = {Texture.ASPHALT: "asphalt", Texture.CONCRETE: "concrete", Texture.PAVING: "paving", Texture.GRASS: "grass",
             Texture.DIRT: "dirt"}  # fmt: skip


def conditions(rollout: Rollout, looks: Sequence[Look]) -> ConditionLabels:
    """What surrounds the ego at every look."""
    count, weather = len(looks), rollout.environment
    level = level_lux(weather)
    lux = [_lux(rollout, look, level) for look in looks]
    phases = tuple(work_zone_phase(rollout, look.step) for look in looks)
    country = jurisdiction(rollout)
    return ConditionLabels(
        step=np.array([look.step for look in looks], np.int64),
        illuminance_lux=np.array(lux, np.float64),
        sun_elevation_rad=np.full(count, weather.sun_elevation_rad),
        rain_mmph=np.full(count, weather.rain_mmph),
        snow_mmph=np.full(count, weather.snow_mmph),
        fog_visibility_m=np.full(count, weather.fog_visibility_m),
        road_wetness=np.full(count, weather.road_wetness),
        in_tunnel=np.array([in_tunnel(rollout, look.step) for look in looks], dtype=bool),
        work_zone_phase=phases,
        jurisdiction=(country,) * count,
        surface=tuple(surface_below(look.inspection) for look in looks),
    )


def _lux(rollout: Rollout, look: Look, level: float) -> float:
    """On a level surface on the ego's roof; without geometry that of the open."""
    if look.inspection is None:
        return level
    ego = rollout.world_from_actor[look.step, rollout.ego_index]
    height = float(rollout.actors.size_m[rollout.ego_index, 2])
    place = ego.apply(np.array([[0.0, 0.0, 0.5 * height + 0.1]]))
    lights = lights_of(rollout, look.step, look.inspection)
    return float(lux_at(look.inspection, lights, place, np.array([[0.0, 0.0, 1.0]]))[0])


def in_tunnel(rollout: Rollout, step: int) -> bool:
    """Whether the map has a tunnel where the ego's centre is."""
    if rollout.lane_map is None:
        return False
    x, y = rollout.world_from_actor.translation_m[step, rollout.ego_index, :2]
    return any(
        shapely.Polygon(area.polygon_m[:, :2]).buffer(0).contains(shapely.Point(x, y))
        for area in rollout.lane_map.areas
        if area.kind == "tunnel" and len(area.polygon_m) > 2
    )


def jurisdiction(rollout: Rollout) -> str:
    """The country whose catalogue most signs of the map are of, as ISO 3166 alpha-2 (as OpenDRIVE has it), or ''."""
    text = None if rollout.lane_map is None else rollout.lane_map.opendrive
    found = re.findall(r'country="([A-Z]{2})"', text) if text else []
    return max(sorted(set(found)), key=found.count) if found else ""


def surface_below(inspection: Inspection | None) -> str:
    """What lies under the ego's four corners, by majority: paint does not count; '' where nothing is known."""
    if inspection is None:
        return ""
    ego, size = inspection.moment.ego_start, inspection.opened.scene.actors.size_m[inspection.opened.scene.ego_index]
    corners = np.array([[x * size[0], y * size[1], 0.6] for x in (0.0, 0.25, 0.5) for y in (-0.4, 0.0, 0.4)])
    hits = inspection.rays(ego.apply(corners), np.broadcast_to([0.0, 0.0, -1.0], corners.shape))
    material = inspection.traced.material[hits.triangle[(hits.triangle >= 0) & (hits.instance < 0)]]
    ground = material[inspection.materials.semantic[material] != SemanticClass.LANE_MARKING]
    names = [_SURFACES.get(Texture(int(t)), "other") for t in inspection.materials.texture[ground]]
    return max(sorted(set(names)), key=names.count) if names else ""


def work_zone_phase(rollout: Rollout, step: int) -> str:
    """'' outside, else 'advance_warning', 'transition', 'activity' or 'termination'."""
    way = route_from(rollout, int(np.argmax(rollout.valid[:, rollout.ego_index])))
    here = float(way.along(rollout.world_from_actor.translation_m[step, rollout.ego_index][None])[0][0])
    signs, ends = _signs_along(rollout, way)
    devices, left = _devices_along(rollout, step, way)
    if not len(devices):
        # Devices beyond the way's end are not known: the signs alone say that works are ahead.
        return "advance_warning" if any(s <= here <= s + 150.0 for s in signs) else ""
    first, last = float(devices[0]), float(devices[-1])
    usual = float(np.median(left[len(left) // 2 :]))
    settled = devices[np.abs(left - usual) <= 0.5]
    taper_end = float(settled[0]) if len(settled) else last
    after = min([s for s in ends if s > last], default=last + TERMINATION_M)
    warned = min([s for s in signs if s <= first], default=first)
    borders = (("advance_warning", warned, first), ("transition", first, taper_end), ("activity", taper_end, last),
               ("termination", last, after))  # fmt: skip
    return next((name for name, start, end in borders if start <= here < end), "")


def _signs_along(rollout: Rollout, way: Route) -> tuple[list[float], list[float]]:
    """Where along the way signs announce works, and where signs of a speed limit stand."""
    if rollout.lane_map is None or not rollout.lane_map.signs:
        return [], []
    places = np.array([sign.position_m for sign in rollout.lane_map.signs])
    s, left = way.along(places)
    near = np.abs(left) < BESIDE_M
    kinds = [sign.kind for sign in rollout.lane_map.signs]
    works = [float(s[k]) for k in np.flatnonzero(near) if kinds[k] in TEMPORARY]
    limits = [float(s[k]) for k in np.flatnonzero(near) if kinds[k] in ("speed_limit", "speed_limit_end", "limits_end")]
    return sorted(works), sorted(limits)


def _devices_along(
    rollout: Rollout, step: int, way: Route
) -> tuple[Float[np.ndarray, "d"], Float[np.ndarray, "d"]]:  # fmt: skip
    """Distance along the way and to its left of the cones and barriers beside it, in order."""
    rows = np.flatnonzero(rollout.valid[step] & np.isin(rollout.actors.kind, [int(kind) for kind in _DEVICES]))
    s, left = way.along(rollout.world_from_actor.translation_m[step, rows])
    keep = np.flatnonzero(np.abs(left) < BESIDE_M)
    keep = keep[np.argsort(s[keep], kind="stable")]
    return s[keep], left[keep]


__all__ = ["conditions", "in_tunnel", "jurisdiction", "surface_below", "work_zone_phase"]
