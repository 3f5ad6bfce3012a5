"""Lorries and fire engines, built from a cab, a chassis and one of several bodies; z from the ground."""

import numpy as np

from generators.raytrace.assets.body import Body, Kit, Part, Size, hinged
from generators.raytrace.assets.coach import lorry_cab
from generators.raytrace.assets.finish import Finish
from generators.raytrace.lettering import lettering
from generators.raytrace.scene import Joint
from generators.raytrace.solids import bar, box, cylinder, ellipsoid, revolved, rounded_box, sheet, slab, tube
from generators.raytrace.soup import (
    Soup,
    concat,
    mirrored,
    moved,
    pitch_rotation,
    placed,
    smooth,
    turned,
)

Wide = tuple[float, float, float, float, float]


def lorry(size_m: Size, style: str, finish: Finish, cargo: int) -> Body:
    """A lorry, exactly filling its box.

    Args:
        size_m: length, width, height.
        style: 'box' (articulated where longer than 10.5 m), 'tipper', 'tanker', 'flatbed', 'mixer', 'refuse',
            'transporter', 'tractor' (without its trailer) or 'fire'.
        finish: materials of the cab.
        cargo: material of the body behind it.
    """
    length, width, height = size_m
    radius = min(0.5, 0.17 * height)
    articulated = length > 10.5 and style in ("box", "transporter")
    cab_length = min(2.4, 0.3 * length)
    cab_height = {"flatbed": 0.98, "tractor": 0.80, "tipper": 0.90, "refuse": 0.86, "tanker": 0.9}.get(style, 0.82)
    if articulated:
        cab_height = 0.80
    front, rear = 0.5 * length, -0.5 * length + 0.02
    kit = Kit()
    lorry_cab(kit, front, cab_length, width, min(cab_height * height, 3.15), radius, finish)
    body_front = front - cab_length - (0.65 if articulated else 0.18)
    kit.add(_chassis(front - 0.6 * cab_length, -0.5 * length + 0.15, width, radius, finish))
    space = (body_front, rear, width, height, radius)
    if style in ("box", "tractor"):
        kit.add(_deflector(front, cab_length, width, height, articulated or style == "tractor", finish))
    if style == "tractor":
        _fifth_wheel(kit, body_front, rear, width, radius, finish)
    else:
        _BODIES[style](kit, space, finish, cargo)
    _rear_axles(kit, length, width, radius, articulated, finish)
    kit.add(_rear_end(-0.5 * length, width, radius, finish))
    return kit.fitted(size_m)


def _chassis(front: float, rear: float, width: float, radius: float, finish: Finish) -> Soup:
    middle, span = 0.5 * (front + rear), front - rear
    beam = box((span, 0.12, 0.26), (middle, 0.3 * width / 2 + 0.1, 1.75 * radius), finish.under)
    y, low = 0.36 * width, 1.35 * radius
    tank = cylinder((middle + 0.1 * span, y, low), (middle + 0.24 * span, y, low), 0.3, finish.chrome, 12)  # fmt: skip
    y, low = 0.46 * width, 1.25 * radius
    guard = bar((middle - 0.12 * span, y, low), (middle + 0.05 * span, y, low), 0.03, 0.34, finish.trim)  # fmt: skip
    left = concat([beam, tank, guard])
    return concat([left, mirrored(left)])


def _box_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    kit.add(box_body(space, finish, cargo))


def box_body(space: Wide, finish: Finish, cargo: int) -> Soup:
    """A closed body with ribs, rear doors and side markers."""
    front, rear, width, height, radius = space
    low = 2.15 * radius
    middle, span, tall = 0.5 * (front + rear), front - rear, height - low
    parts = [
        rounded_box((span, 0.985 * width, tall), (middle, 0, low + 0.5 * tall), cargo, 0.05),
        box((span, 0.99 * width, 0.09), (middle, 0, low), finish.trim),
    ]
    for y in (-0.012, 0.012, -0.46 * width, 0.46 * width):
        parts.append(box((0.03, 0.018, 0.9 * tall), (rear - 0.01, y, low + 0.5 * tall), finish.chrome))
    for share in (0.25, 0.5, 0.75):
        parts.append(box((0.02, 0.992 * width, 0.93 * tall), (rear + share * span, 0, low + 0.5 * tall), cargo))
    for x in np.arange(rear + 0.8, front - 0.4, 2.0):
        marker = box((0.1, 0.02, 0.05), (float(x), 0.493 * width, low + 0.02), finish.left_indicator)
        parts += [marker, mirrored(marker)]
    return concat(parts)


def _tipper_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    kit.move(tipping_skip(space, finish.trim, finish.cargo_heap, finish))


def tipping_skip(space: Wide, material: int, load: int, finish: Finish) -> Part:
    """An open skip with sloping walls, ribs and a heap of gravel; tips about its rear edge at work."""
    front, rear, width, height, radius = space
    low, top = 2.2 * radius, 0.90 * height
    y = 0.485 * width
    outer = np.array([[front + 0.05, top], [front - 0.35, low], [rear + 0.25, low], [rear - 0.0, top]])
    wall = concat([_plate(outer, y, 0.05, material), *_ribs(outer, y, material)])
    floor = box((front - rear - 0.6, 2 * y, 0.08), (0.5 * (front + rear) - 0.05, 0, low), material)
    ahead = bar((front - 0.37, 0, low), (front + 0.02, 0, top), 2 * y, 0.06, material)
    behind = bar((rear + 0.22, 0, low), (rear + 0.02, 0, top - 0.05), 2 * y, 0.06, material)
    visor = box((0.9, 1.8 * y, 0.05), (front + 0.45, 0, top), material)
    span = front - rear
    heap = ellipsoid((0.5 * (front + rear), 0, top - 0.28), (0.45 * span, 0.86 * y, 0.28 + 0.1 * height), load, 8, 14)
    soup = concat([wall, mirrored(wall), floor, ahead, behind, visor, heap])
    return hinged("skip", soup, (rear + 0.3, 0.0, low), (0.0, 1.0, 0.0), -0.75, Joint.WORKS, period_s=12.0)


def _plate(outline: np.ndarray, y: float, thick: float, material: int) -> Soup:
    """A convex outline (x, z) as an upright plate whose outer face is at `y`."""
    return slab(outline, y - thick, y, material)


def _ribs(outline: np.ndarray, y: float, material: int) -> list[Soup]:
    x = np.linspace(outline[:, 0].min() + 0.5, outline[:, 0].max() - 0.5, 6)
    low, high = float(outline[:, 1].min()), float(outline[:, 1].max())
    ribs = [box((0.09, 0.05, high - low - 0.1), (float(each), y + 0.02, 0.5 * (low + high)), material) for each in x]
    return [*ribs, box((float(np.ptp(outline[:, 0])) - 0.1, 0.08, 0.1),
                       (float(outline[:, 0].mean()), y + 0.01, high - 0.05), material)]  # fmt: skip


def _tanker_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    kit.add(tank_body(space, finish, cargo))


def tank_body(space: Wide, finish: Finish, cargo: int) -> Soup:
    """A round tank with hoops, a walkway with manholes, a ladder and hazard plates."""
    front, rear, width, height, radius = space
    low = 1.9 * radius
    half = 0.47 * (height - low)
    z, squash = low + half, min(0.48 * width / half, 1.25)
    x = np.array([rear + 0.1, rear + 0.16, rear + 0.35, front - 0.35, front - 0.16, front - 0.1])
    size = half * np.array([0.55, 0.82, 1.0, 1.0, 0.82, 0.55])
    # The second cross direction of a tube along x is y when its reference is z; squash stretches the width.
    shell = tube(np.column_stack([x, 0 * x, 0 * x]), size, cargo, 20)
    shell = Soup(shell.corners_m * [1.0, squash, 1.0], shell.normals, shell.uv_m, shell.material)
    parts = [moved(smooth(shell, 0.8), (0, 0, z))]
    for share in np.linspace(0.1, 0.9, 5):
        at = rear + share * (front - rear)
        hoop = tube(np.array([[at - 0.03, 0, 0], [at + 0.03, 0, 0]]), half * 1.012, finish.chrome, 20)
        parts.append(
            moved(Soup(hoop.corners_m * [1.0, squash, 1.0], hoop.normals, hoop.uv_m, hoop.material), (0, 0, z))
        )
        parts.append(cylinder((at + 0.3, 0, z + half - 0.02), (at + 0.3, 0, z + half + 0.12), 0.22, finish.chrome, 10))
    middle, span = 0.5 * (front + rear), front - rear
    parts.append(box((0.9 * span, 0.5, 0.04), (middle, 0, z + half + 0.02), finish.trim))
    parts.append(box((span - 0.3, 0.5 * width, 0.2), (middle, 0, low), finish.under))
    for y in (0.18, -0.18):
        parts.append(tube(np.array([[rear + 0.06, y, low], [rear + 0.06, y, z + half + 0.1]]), 0.025, finish.chrome, 5))
    for rung in np.linspace(low + 0.2, z + half, 7):
        parts.append(box((0.03, 0.36, 0.03), (rear + 0.06, 0, float(rung)), finish.chrome))
    sign = box((0.03, 0.4, 0.3), (rear + 0.03, 0.3 * width, z), finish.amber_sign)
    words = lettering("FUEL", 0.5, finish.brake, 0.0)
    y = half * squash + 0.015
    parts += [sign, *(placed(words, (middle, side * y, z), side * 0.5 * np.pi) for side in (1, -1))]
    return concat(parts)


def _flatbed_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    kit.add(flat_bed(space, finish))


def flat_bed(space: Wide, finish: Finish) -> Soup:
    """A wooden platform with a headboard, stakes and strapped pipes."""
    front, rear, width, _, radius = space
    low = 2.25 * radius
    middle, span = 0.5 * (front + rear), front - rear
    parts = [box((span, 0.98 * width, 0.14), (middle, 0, low), finish.wood)]
    parts += [box((span, 0.985 * width, 0.06), (middle, 0, low - 0.06), finish.trim),
              box((0.08, 0.96 * width, 0.85), (front - 0.05, 0, low + 0.45), finish.paint)]  # fmt: skip
    for x in np.linspace(rear + 0.2, front - 0.6, 5):
        stake = box((0.07, 0.05, 0.6), (float(x), 0.47 * width, low + 0.3), finish.trim)
        parts += [stake, mirrored(stake)]
    ends = (rear + 0.15, front - 0.5)
    for level, count in enumerate((5, 4)):
        for y in np.linspace(-0.155, 0.155, count) * width * (1 - 0.18 * level):
            z = low + 0.23 + 0.27 * level
            parts.append(cylinder((ends[0], float(y) * 1.5, z), (ends[1], float(y) * 1.5, z), 0.155, finish.wood, 9))
    return concat(parts)


def _mixer_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    front, rear, width, _, radius = space
    low = 2.1 * radius
    span = front - rear
    tilt = 0.20
    share = np.array([0.0, 0.03, 0.16, 0.52, 0.90, 0.97])
    fat = np.array([0.30, 0.55, 0.84, 1.0, 0.46, 0.30]) * 0.47 * width
    profile = np.column_stack([fat, share * span * 1.0])
    rows = np.array([cargo, cargo, finish.second_paint, cargo, finish.second_paint])
    drum = concat([revolved(profile, rows, 18, 0.9), *_spiral(profile, finish.trim)])
    drum = concat([drum, revolved(np.array([[0.001, 0.0], [fat[0], 0.0]]), cargo, 18)])
    # Its axis z becomes -x (towards the rear), raised by the tilt.
    lay = pitch_rotation(-0.5 * np.pi + tilt)
    base = np.array([front - 0.25, 0.0, low + 0.62])
    axis = lay @ np.array([0.0, 0.0, 1.0])
    soup = moved(turned(drum, lay), base)
    kit.move(hinged("drum", soup, base, (float(axis[0]), 0.0, float(axis[2])), 0.0, Joint.TURNS, period_s=7.0))
    middle = 0.5 * (front + rear)
    kit.add(box((span, 0.42 * width, 0.18), (middle, 0, low - 0.05), finish.under))
    kit.add(box((0.35, 0.6 * width, 0.9), (front - 0.2, 0, low + 0.3), finish.trim))
    top = base + axis * span * 0.95
    kit.both(
        bar((rear + 0.75, 0.28 * width, low), (rear + 0.55, 0.2 * width, float(top[2]) - 0.15), 0.12, 0.12, finish.trim)
    )
    funnel = revolved(np.array([[0.18, 0.0], [0.5, 0.5]]), finish.paint, 10)
    kit.add(moved(funnel, (float(top[0]) + 0.05, 0.0, float(top[2]) + 0.12)))
    kit.add(
        bar((float(top[0]) - 0.02, 0, float(top[2]) - 0.5), (rear + 0.04, 0, low + 0.25), 0.42, 0.12, finish.chrome)
    )


def _spiral(profile: np.ndarray, material: int) -> list[Soup]:
    """A raised thread around a body of revolution about z."""
    z = np.linspace(profile[1, 1], profile[-2, 1], 40)
    radius = np.interp(z, profile[:, 1], profile[:, 0]) + 0.012
    parts: list[Soup] = []
    for shift in (0.0, np.pi):
        angle = z / z[-1] * 2.6 * np.pi + shift
        path = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), z])
        parts.append(tube(path, 0.05, material, 4, caps=False))
    return parts


def _refuse_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    front, rear, width, height, radius = space
    low = 2.0 * radius
    back = rear + 0.2 * (front - rear)
    middle, span, tall = 0.5 * (front + back), front - back, 0.97 * height - low
    kit.add(rounded_box((span, 0.97 * width, tall), (middle, 0, low + 0.5 * tall), finish.paint, 0.22))
    for share in np.linspace(0.06, 0.94, 6):
        rib = rounded_box((0.09, 0.985 * width, 0.9 * tall), (back + share * span, 0, low + 0.5 * tall), cargo, 0.03)
        kit.add(rib)
    # The hopper behind: high and round above, open below.
    outline = np.array([[back, low - 0.35], [back, height], [back - 0.55, height], [rear + 0.1, height - 0.75],
                        [rear + 0.02, low + 0.75], [back - 0.5, low - 0.35]])  # fmt: skip
    cheek = _plate(outline, 0.47 * width, 0.09, finish.paint)
    kit.both(cheek)
    hood = np.array([[back, height - 0.03], [back - 0.55, height - 0.03], [rear + 0.12, height - 0.76],
                     [rear + 0.04, low + 0.85]])  # fmt: skip
    y = 0.45 * width
    lid = sheet(
        np.stack([np.column_stack([hood[:, 0], np.full(4, side), hood[:, 1]]) for side in (-y, y)]), finish.paint
    )
    kit.add(lid, Soup(lid.corners_m[:, ::-1] - np.array([0, 0, 0.02]), -lid.normals[:, ::-1], lid.uv_m, lid.material))
    kit.add(box((0.1, 2 * y, 1.3), (back - 0.3, 0, low + 0.45), finish.under))
    kit.add(box((0.75, 2 * y, 0.08), (back - 0.55, 0, low - 0.1), finish.under))
    kit.add(box((0.1, 2.02 * y, 0.14), (rear + 0.06, 0, low + 0.12), finish.amber_sign))
    kit.both(box((0.1, 0.12, 0.12), (rear + 0.12, 0.4 * width, height - 0.62), finish.amber_light))
    bin_at = (rear + 0.32, 0.0, low + 0.2)
    kit.add(rounded_box((0.5, 1.1, 1.0), bin_at, finish.trim, 0.05))
    words = lettering("RECYCLING", 0.42, cargo, 0.0)
    for side in (1, -1):
        kit.add(placed(words, (middle, side * 0.5 * width, low + 0.62 * tall), side * 0.5 * np.pi))


def _transporter_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    front, rear, width, height, radius = space
    low, upper = 1.75 * radius, 0.585 * height
    middle, span = 0.5 * (front + rear), front - rear
    for y in (0.36 * width, 0.2 * width):
        kit.both(box((span, 0.24, 0.07), (middle, y, low), finish.chrome))
        kit.both(box((span + 1.2, 0.24, 0.07), (middle + 0.6, y, upper), finish.chrome))
    kit.both(box((span + 1.2, 0.06, 0.2), (middle + 0.6, 0.475 * width, upper), finish.paint))
    kit.both(box((span, 0.06, 0.16), (middle, 0.475 * width, low), finish.paint))
    for x in np.linspace(rear + 0.1, front + 0.1, 5):
        kit.both(box((0.14, 0.07, upper - low), (float(x), 0.47 * width, 0.5 * (low + upper)), finish.paint))
    for x in (rear + 0.1, front + 1.0):
        kit.both(box((0.1, 0.06, 0.9), (float(x), 0.47 * width, upper + 0.4), finish.paint))
    paints = (finish.brake, finish.rim, finish.second_paint, finish.paint, finish.cargo_heap, finish.amber_sign)
    count = max(1, int(span // 4.1))
    step = span / count
    tall = min(1.42, upper - low - 0.1)
    for i in range(count):
        x = rear + (i + 0.5) * step
        kit.add(moved(toy_car((0.92 * step, 1.72, tall), paints[i % 6], finish), (x, 0, low + 0.04)))
        kit.add(moved(toy_car((0.92 * step, 1.72, min(tall, height - upper)), paints[(i + 3) % 6], finish),
                      (x + 0.6, 0, upper + 0.04)))  # fmt: skip


def toy_car(size_m: Size, paint: int, finish: Finish) -> Soup:
    """A car of few triangles, z from the ground: freight of a transporter."""
    length, width, height = size_m
    r = 0.22 * height
    outline = np.array(
        [[0.5, 0.18], [0.5, 0.48], [0.44, 0.55], [0.22, 0.62], [-0.40, 0.64], [-0.5, 0.60], [-0.5, 0.18]]
    )
    cabin = np.array([[0.24, 0.61], [0.06, 0.98], [-0.28, 1.0], [-0.44, 0.63]])
    roof = np.array([[0.07, 0.94], [0.05, 1.0], [-0.28, 1.0], [-0.31, 0.94]])
    scale = np.array([length, height])
    parts: list[Soup] = []
    for shape, half, material in ((outline, 0.5, paint), (cabin, 0.42, finish.glass), (roof, 0.425, paint)):
        parts.append(slab(shape * scale, -half * width, half * width, material))
    for x in (0.31 * length, -0.31 * length):
        for y in (0.5 * width - 0.1, -0.5 * width + 0.1):
            parts.append(cylinder((x, y - 0.11, r), (x, y + 0.11, r), r, finish.tyre, 10))
            side = 0.115 if y > 0 else -0.115
            parts.append(cylinder((x, y, r), (x, y + side, r), 0.6 * r, finish.rim, 8))
    for y in (0.36 * width, -0.36 * width):
        parts += [box((0.03, 0.3, 0.12), (0.5 * length, y, 0.42 * height), finish.headlight),
                  box((0.03, 0.3, 0.12), (-0.5 * length, y, 0.48 * height), finish.tail)]  # fmt: skip
    return concat(parts)


def _fifth_wheel(kit: Kit, front: float, rear: float, width: float, radius: float, finish: Finish) -> None:
    middle = rear + 0.36 * (front - rear)
    kit.add(cylinder((middle, 0, 2.2 * radius), (middle, 0, 2.4 * radius), 0.45, finish.trim, 12))
    kit.add(bar((middle - 0.3, 0, 2.3 * radius), (middle - 0.9, 0, 2.1 * radius), 0.7, 0.08, finish.trim))
    kit.add(box((front - rear, 0.8, 0.08), (0.5 * (front + rear), 0, 2.02 * radius), finish.under))
    kit.add(box((0.3, 0.75 * width, 1.3), (front - 0.05, 0, 3.4 * radius), finish.trim))
    kit.both(cylinder((front - 0.1, 0.36 * width, 2.0 * radius), (front - 0.1, 0.36 * width, 6.2 * radius), 0.08,
                      finish.chrome, 8))  # fmt: skip


def _deflector(front: float, cab: float, width: float, height: float, articulated: bool, finish: Finish) -> Soup:
    base = (0.76 if articulated else 0.78) * height
    middle = (front - 0.62 * cab, 0, 0.5 * (base + 0.97 * height))
    return rounded_box((0.55 * cab, 0.8 * width, 0.97 * height - base), middle,
                       finish.paint, 0.16)  # fmt: skip


def _rear_axles(kit: Kit, length: float, width: float, radius: float, articulated: bool, finish: Finish) -> None:
    if articulated:
        places = [-0.5 * length + 1.4, -0.5 * length + 2.7, -0.5 * length + 4.0, 0.5 * length - 4.6]
    elif length > 7.5:
        places = [-0.5 * length + 1.6, -0.5 * length + 2.95]
    else:
        places = [-0.5 * length + 0.22 * length]
    track = 0.97 * width
    for x in places:
        kit.axle(x, track, radius, 0.3, finish, spokes=8)
        kit.both(box((2.3 * radius, 0.32, 0.03), (x, 0.5 * track - 0.16, 2.08 * radius), finish.trim))


def _rear_end(x: float, width: float, radius: float, finish: Finish) -> Soup:
    z = 1.25 * radius
    parts: list[Soup] = []
    for side, indicator in ((1, finish.left_indicator), (-1, finish.right_indicator)):
        parts += [
            box((0.05, 0.2, 0.12), (x + 0.03, side * 0.37 * width, z), finish.brake),
            box((0.05, 0.12, 0.12), (x + 0.03, side * (0.37 * width + 0.16), z), indicator),
            box((0.05, 0.12, 0.12), (x + 0.03, side * (0.37 * width - 0.16), z), finish.tail),
            box((0.05, 0.08, 0.12), (x + 0.03, side * (0.37 * width - 0.27), z), finish.reverse),
        ]
    beam = box((0.06, 0.95 * width, 0.14), (x + 0.08, 0, z), finish.trim)
    plate = box((0.02, 0.5, 0.11), (x + 0.04, 0, z), finish.plate)
    return concat([*parts, beam, plate])


def _fire_body(kit: Kit, space: Wide, finish: Finish, cargo: int) -> None:
    front, rear, width, height, radius = space
    low, top = 1.3 * radius, 0.88 * height
    middle, span = 0.5 * (front + rear), front - rear
    floor = 2.15 * radius
    kit.add(rounded_box((span, 0.97 * width, top - floor), (middle, 0, 0.5 * (top + floor)), finish.paint, 0.05),
            box((span, 0.98 * width, 0.2), (middle, 0, low + 1.05 * radius), finish.second_paint))  # fmt: skip
    for y, light in ((0.2, finish.blue_light), (-0.2, finish.blue_light_after)):
        kit.add(rounded_box((0.35, 0.34 * width, 0.16), (front + 1.1, y * width, 0.885 * height), light, 0.04))
    for share in (0.12, 0.37, 0.62):
        x = rear + share * span
        size = (0.21 * span, 0.02, 0.45 * (top - low))
        kit.both(box(size, (x + 0.1 * span, 0.487 * width, 0.62 * top), finish.chrome))
    for y in (-0.25, 0.25):
        kit.add(bar((rear + 0.1, y, 0.91 * height), (front + 0.3, y, 0.96 * height), 0.07, 0.1, finish.chrome))
    for x in np.linspace(rear + 0.3, front + 0.1, 10):
        lift = 0.91 + 0.05 * (float(x) - rear) / (front + 0.3 - rear)
        kit.add(box((0.05, 0.5, 0.05), (float(x), 0, lift * height), finish.chrome))
    words = lettering("FIRE", 0.32, finish.second_paint, 0.03)
    for side in (1, -1):
        kit.add(placed(words, (front + 1.2, side * 0.476 * width, 0.33 * height), side * 0.5 * np.pi))


_BODIES = {
    "box": _box_body,
    "tipper": _tipper_body,
    "tanker": _tanker_body,
    "flatbed": _flatbed_body,
    "mixer": _mixer_body,
    "refuse": _refuse_body,
    "transporter": _transporter_body,
    "fire": _fire_body,
}
