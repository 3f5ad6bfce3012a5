"""Traffic lights, signs and flaggers: what they say, whether it holds now, and where pictures show their faces.

What holds (the order of the Vienna Convention on Road Signs and Signals, 1968, article 5, and on Road Traffic,
article 6: orders of officials before signals, signals before signs):
- a flagger with a gesture holds; lights, stop, yield and priority signs within 40 m of a flagger do not;
- a light holds while it shows a steady colour or flashes red; dark, unknown or flashing yellow it does not;
- a stop, yield or priority sign within 30 m of a light that holds does not hold; every other sign does.
A device applies to the ego where it controls a lane of the ego's way ahead, and that way has not passed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from driving_data.labels import ControlLabels
from driving_data.maps.lane_map import RoadSign
from driving_data.rollout import Rollout
from driving_data.sensors import CameraFrame
from driving_data.taxonomy import ActorClass, ActorMode, SemanticClass, SignalState
from generators.labels.look import Look
from generators.labels.route import Route, route_from
from generators.raytrace.cameras.geometry import directions
from generators.raytrace.inspection import Inspection, Seen

GESTURES = (
    (ActorMode.SIGN_STOP, "stop"),
    (ActorMode.SIGN_SLOW, "slow"),
    (ActorMode.WAVE_ON, "go"),
    (ActorMode.DIRECT_LEFT, "point_left"),
    (ActorMode.DIRECT_RIGHT, "point_right"),
)
NO_GESTURE = "none"
RIGHT_OF_WAY = frozenset({"stop", "yield", "priority"})
PAINTED = frozenset({"stop_line", "yield_line", "crosswalk", "arrow"})
TEMPORARY = frozenset(
    {"work_zone", "construction", "work_zone_beacon", "work_zone_barrier", "work_zone_arrow", "lanes_shift"}
)
FLAGGER_REACH_M, LIGHT_REACH_M, BESIDE_M, TOGETHER_M = 40.0, 30.0, 12.0, 50.0
_HOLDING = frozenset({SignalState.GREEN, SignalState.YELLOW, SignalState.RED, SignalState.RED_YELLOW,
                      SignalState.FLASHING_RED})  # fmt: skip
_FACE_M, _FIND_M = 0.95, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class _Device:
    """One device at one moment; `face_m` is the middle of its face where it is shown."""

    name: str
    kind: str
    state: str
    in_force: bool
    temporary: bool
    applies: bool
    actor: int
    face_m: np.ndarray | None
    heading_rad: float
    semantic: SemanticClass


def controls(rollout: Rollout, looks: Sequence[Look]) -> ControlLabels:
    """Every device of the map and every flagger at every look, and the boxes of the faces that pictures show."""
    rows: list[tuple[int, _Device]] = []
    frames: list[int] = []
    of_row: list[int] = []
    boxes: list[np.ndarray] = []
    for look in looks:
        for device in devices(rollout, look):
            for number, frame in look.frames:
                box = _box(look.inspection, frame, device)
                if box is not None:
                    frames.append(number)
                    of_row.append(len(rows))
                    boxes.append(box)
            rows.append((look.step, device))
    return ControlLabels(
        step=np.array([step for step, _ in rows], np.int64),
        device=tuple(device.name for _, device in rows),
        kind=tuple(device.kind for _, device in rows),
        state=tuple(device.state for _, device in rows),
        in_force=np.array([device.in_force for _, device in rows], dtype=bool),
        temporary=np.array([device.temporary for _, device in rows], dtype=bool),
        applies_to_ego=np.array([device.applies for _, device in rows], dtype=bool),
        frame=np.array(frames, np.int64),
        row=np.array(of_row, np.int64),
        box_px=np.array(boxes, np.float32).reshape(-1, 4),
    )


def devices(rollout: Rollout, look: Look) -> tuple[_Device, ...]:
    """Lights, then signs, then flaggers, at one look."""
    route = route_from(rollout, look.step)
    flaggers = _flaggers(rollout, look.step, route)
    hands = np.array([place[:2] for device, place in flaggers if device.in_force]).reshape(-1, 2)
    lights, working = _lights(rollout, look, route, hands)
    return (*lights, *_signs(rollout, look, route, hands, working), *(device for device, _ in flaggers))


def gesture_of(modes: int) -> str:
    """What a flagger shows: of several gestures the first of `GESTURES`."""
    return next((name for bit, name in GESTURES if modes & bit), NO_GESTURE)


def _flaggers(rollout: Rollout, step: int, route: Route) -> list[tuple[_Device, np.ndarray]]:
    made: list[tuple[_Device, np.ndarray]] = []
    for actor in np.flatnonzero(rollout.valid[step] & (rollout.actors.kind == ActorClass.FLAGGER)):
        pose = rollout.world_from_actor[step, int(actor)]
        state = gesture_of(0 if rollout.modes is None else int(rollout.modes[step, actor]))
        ahead, left = route.along(pose.translation_m[None])
        applies = bool(ahead[0] > 0 and abs(left[0]) < BESIDE_M)
        made.append(
            (_Device(rollout.actors.ids[actor], "flagger", state, state != NO_GESTURE, True, applies, int(actor), None,
                     0.0, SemanticClass.PEDESTRIAN), pose.translation_m)
        )  # fmt: skip
    return made


def _lights(rollout: Rollout, look: Look, route: Route, hands: np.ndarray) -> tuple[list[_Device], np.ndarray]:
    """The lights, and where those that hold have their stop lines."""
    made: list[_Device] = []
    working: list[np.ndarray] = []
    if rollout.lane_map is None:
        return made, np.zeros((0, 2))
    order = {name: index for index, name in enumerate(rollout.signals.ids)}
    for signal in rollout.lane_map.signals:
        index = order.get(signal.id, -1)
        state = SignalState(int(rollout.signals.state[look.step, index])) if index >= 0 else SignalState.UNKNOWN
        line = signal.stop_line_m.mean(axis=0)
        holds = state in _HOLDING and not _near(hands, signal.position_m, FLAGGER_REACH_M)
        if holds:
            working.append(line[:2])
        portable = "temporary" in signal.id or "portable" in signal.id
        ahead, left = route.along(line[None])
        applies = bool(route.lanes & set(signal.lane_ids)) and ahead[0] > 0 and abs(left[0]) < BESIDE_M
        face = _light_face(look.inspection, index, signal.position_m)
        made.append(
            _Device(signal.id, "portable_light" if portable else "traffic_light", state.name.lower(), holds, portable,
                    bool(applies), -1, face, signal.heading_rad, SemanticClass.TRAFFIC_LIGHT)
        )  # fmt: skip
    return made, np.array(working).reshape(-1, 2)


def _signs(
    rollout: Rollout, look: Look, route: Route, hands: np.ndarray, working: np.ndarray
) -> list[_Device]:  # fmt: skip
    made: list[_Device] = []
    if rollout.lane_map is None:
        return made
    for sign in rollout.lane_map.signs:
        if sign.kind in PAINTED:
            continue
        overridden = sign.kind in RIGHT_OF_WAY and (
            _near(hands, sign.position_m, FLAGGER_REACH_M) or _near(working, sign.position_m, LIGHT_REACH_M)
        )
        ahead, left = route.along(sign.position_m[None])
        applies = ahead[0] > 0 and abs(left[0]) < BESIDE_M
        if sign.lane_ids:
            applies = applies and bool(route.lanes & set(sign.lane_ids))
        state = "" if np.isnan(sign.value) else f"{sign.value:g}"
        face = _nearest_face(look.inspection, SemanticClass.TRAFFIC_SIGN, sign.position_m)
        made.append(
            _Device(sign.id, sign.kind, state, not overridden, is_temporary(sign, rollout.lane_map.signs),
                    bool(applies), -1, face, sign.heading_rad, SemanticClass.TRAFFIC_SIGN)
        )  # fmt: skip
    return made


def is_temporary(sign: RoadSign, signs: Sequence[RoadSign]) -> bool:
    """Whether road works put a sign there: its kind says so, or it stands near such a sign and faces the same way."""
    return sign.kind in TEMPORARY or any(
        other.kind in TEMPORARY
        and np.linalg.norm(other.position_m[:2] - sign.position_m[:2]) < TOGETHER_M
        and np.cos(other.heading_rad - sign.heading_rad) > 0.9
        for other in signs
    )


def _near(places: np.ndarray, point_m: np.ndarray, reach_m: float) -> bool:
    return bool(len(places)) and bool(np.linalg.norm(places - point_m[:2], axis=-1).min() <= reach_m)


def _light_face(
    inspection: Inspection | None, signal: int, position_m: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3"] | None:
    """Where the lamps of a light are shown: the middle of its lenses, since the head hangs as high as it must."""
    if inspection is None:
        return None
    materials, mesh = inspection.materials, inspection.traced.scene.static
    lens = np.flatnonzero(materials.signal == signal) if signal >= 0 else np.zeros(0, np.int64)
    rows = np.flatnonzero(np.isin(mesh.material, lens))
    if not len(rows):
        return _nearest_face(inspection, SemanticClass.TRAFFIC_LIGHT, position_m)
    points = mesh.vertices_m[mesh.triangles[rows]].reshape(-1, 3).astype(np.float64)
    return 0.5 * (points.min(axis=0) + points.max(axis=0))


def _nearest_face(
    inspection: Inspection | None, semantic: SemanticClass, position_m: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "3"] | None:
    """The middle of what of a class is shown nearest to where the map puts it (signs are moved off the road)."""
    if inspection is None:
        return None
    mesh = inspection.traced.scene.static
    rows = np.flatnonzero(inspection.materials.semantic[mesh.material] == semantic)
    if not len(rows):
        return None
    middle = mesh.vertices_m[mesh.triangles[rows]].mean(axis=1).astype(np.float64)
    away = np.linalg.norm(middle[:, :2] - position_m[:2], axis=-1)
    nearest = int(np.argmin(away))
    if away[nearest] > _FIND_M:
        return None
    own = middle[np.linalg.norm(middle - middle[nearest], axis=-1) < _FACE_M]
    return 0.5 * (own.min(axis=0) + own.max(axis=0))


def _box(inspection: Inspection | None, frame: CameraFrame, device: _Device) -> np.ndarray | None:
    """The box around the pixels of a device's face; None where its face is not seen."""
    if device.actor >= 0:
        seen = None if frame.instance is None else frame.instance == device.actor + 1
        return None if seen is None or not seen.any() else _bounds(seen, 0, 0)
    if inspection is None or device.face_m is None or frame.semantic is None or frame.depth_m is None:
        return None
    shine = np.array([np.cos(device.heading_rad), np.sin(device.heading_rad)])
    if (frame.world_from_camera.translation_m - device.face_m)[:2] @ shine <= 0:
        return None
    names = [model.name for model in inspection.opened.rig.cameras]
    return _face_box(inspection.seen_by(names.index(frame.camera)), frame, device.face_m, device.semantic)


def _face_box(
    view: Seen, frame: CameraFrame, face_m: Float[np.ndarray, "3"], semantic: SemanticClass
) -> np.ndarray | None:
    """The box around the pixels of a class that lie within a metre of a point."""
    assert frame.semantic is not None
    assert frame.depth_m is not None
    around = face_m + _FACE_M * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    pixel, front, _ = view.project(around)
    if not front.all():
        return None
    size = np.array([view.model.width_px, view.model.height_px])
    low = np.clip(np.floor(pixel.min(axis=0)), 0, size).astype(np.int64)
    high = np.clip(np.ceil(pixel.max(axis=0)), 0, size).astype(np.int64)
    if np.any(high <= low):
        return None
    part = (slice(low[1], high[1]), slice(low[0], high[0]))
    v, u = np.mgrid[part]
    ray = directions(view.model, np.stack([u, v], axis=-1) + 0.5)
    depth = np.where(frame.semantic[part] == semantic, frame.depth_m[part], np.nan)
    local = ray / ray[..., 2:] * depth[..., None]
    slot = v if view.world_from_camera.shape[0] > 1 else np.zeros_like(v)
    world = view.world_from_camera[slot].apply(local)
    with np.errstate(invalid="ignore"):
        mask = np.linalg.norm(world - face_m, axis=-1) < _FACE_M
    return _bounds(mask, int(low[0]), int(low[1])) if mask.any() else None


def _bounds(mask: np.ndarray, left: int, top: int) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.array([left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1], np.float32)


__all__ = ["GESTURES", "controls", "devices", "gesture_of", "is_temporary"]
