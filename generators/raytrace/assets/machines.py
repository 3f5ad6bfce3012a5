"""Building machines whose arms move while they work; in metres of a machine of usual size, then fitted."""

from dataclasses import replace

import numpy as np

from generators.raytrace.assets.body import Body, Kit, Part, Size, hinged
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.lorries import lorry, tipping_skip
from generators.raytrace.scene import Joint
from generators.raytrace.solids import bar, box, cylinder, rounded_box, sheet, slab, tube
from generators.raytrace.soup import Soup, concat, mirrored, moved, turned

UPRIGHT, LEVEL = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)


def machine(size_m: Size, style: str, finish: Finish, cargo: int) -> Body:
    """A machine; at rest it exactly fills its box, at work its arms may reach beyond.

    Args:
        size_m: length, width, height.
        style: 'excavator', 'wheel_loader', 'dump_truck', 'roller', 'paver', 'grader', 'crane' or 'concrete_truck'.
        finish: its materials.
        cargo: material of the drum of a concrete truck.
    """
    if style == "concrete_truck":
        return lorry(size_m, "mixer", finish, cargo)
    kit = Kit()
    {
        "excavator": _excavator, "wheel_loader": _wheel_loader, "dump_truck": _dump_truck, "roller": _roller,
        "paver": _paver, "grader": _grader, "crane": _crane,
    }[style](kit, finish)  # fmt: skip
    return kit.fitted(size_m)


def _cab(center: tuple[float, float | int, float], size: Size, finish: Finish) -> Soup:
    """A cab: glass on four sides between posts, a roof, a floor."""
    x, y, z = center
    length, width, height = size
    parts = [
        box((0.93 * length, 0.93 * width, 0.62 * height), (x, y, z + 0.08 * height), finish.glass),
        rounded_box((length, width, 0.30 * height), (x, y, z - 0.35 * height), finish.paint, 0.06),
        rounded_box((1.06 * length, 1.04 * width, 0.11 * height), (x, y, z + 0.44 * height), finish.paint, 0.05),
    ]
    for i in (-0.47, 0.47):
        for j in (-0.47, 0.47):
            post = (x + i * length, y + j * width, z + 0.08 * height)
            parts.append(box((0.07, 0.07, 0.66 * height), post, finish.trim))
    top = z + 0.5 * height
    parts.append(cylinder((x - 0.25 * length, y, top - 0.02), (x - 0.25 * length, y, top + 0.16), 0.08,
                          finish.amber_light, 8))  # fmt: skip
    return concat(parts)


def _excavator(kit: Kit, finish: Finish) -> None:
    kit.add(_tracks(finish))
    deck = concat(
        [
            _cab((0.75, 0.75, 1.95), (1.35, 0.95, 1.6), finish),
            rounded_box((2.9, 2.4, 0.75), (-0.35, 0, 1.32), finish.paint, 0.08),
            rounded_box((0.7, 2.5, 1.0), (-1.75, 0, 1.45), finish.trim, 0.18),
            rounded_box((1.4, 1.9, 0.45), (-0.9, -0.1, 1.85), finish.paint, 0.1),
            *(box((0.5, 0.02, 0.3), (-0.7 + 0.6 * i, -1.21, 1.4), finish.under) for i in range(2)),
            cylinder((0, 0, 0.75), (0, 0, 1.0), 0.75, finish.under, 14),
            *(box((0.06, 0.16, 0.12), (1.44, y, 2.72), finish.headlight) for y in (0.5, 1.0)),
        ]
    )
    house = kit.move(hinged("house", deck, (0.0, 0.0, 1.0), UPRIGHT, 0.7, period_s=12.0))
    points = np.array([[0.95, 1.5], [2.4, 3.15], [3.9, 3.25]])
    lower = concat([_beam(points[0], points[1], 0.5, finish), _beam(points[1], points[2], 0.42, finish),
                    _ram((0.9, 1.3), (2.2, 2.75), finish), _ram((2.5, 3.5), (3.75, 3.65), finish)])  # fmt: skip
    boom = kit.move(hinged("boom", lower, (0.95, -0.25, 1.5), LEVEL, 0.28, carrier=house, period_s=6.0))
    arm = concat([_beam((3.75, 3.35), (4.85, 1.4), 0.34, finish), _ram((4.1, 3.2), (4.95, 1.75), finish)])
    stick = kit.move(hinged("stick", arm, (3.8, -0.25, 3.25), LEVEL, -0.5, carrier=boom, period_s=6.0, phase=0.2))
    kit.move(hinged("bucket", _bucket(finish), (4.85, -0.25, 1.4), LEVEL, 0.9, carrier=stick, period_s=6.0, phase=0.1))


def _tracks(finish: Finish) -> Soup:
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 6)
    outline = np.concatenate(
        [
            np.column_stack([1.35 + 0.42 * np.cos(angle), 0.42 + 0.42 * np.sin(angle)]),
            np.column_stack([-1.35 - 0.42 * np.cos(angle), 0.42 - 0.42 * np.sin(angle)]),
        ]
    )
    track = slab(outline, -0.28, 0.28, finish.under)
    left = moved(track, (0.0, 1.05, 0.0))
    plates = [box((0.07, 0.6, 0.05), (x, 1.05, 0.855), finish.trim) for x in np.linspace(-1.3, 1.3, 11)]
    hubs = [cylinder((x, 1.05, 0.42), (x, 1.36, 0.42), 0.24, finish.paint, 10) for x in (-1.35, -0.45, 0.45, 1.35)]
    left = concat([left, *plates, *hubs])
    return concat([left, mirrored(left), box((1.8, 1.7, 0.3), (0, 0, 0.6), finish.under)])


def _beam(a: "np.ndarray | tuple[float, float]", b: "np.ndarray | tuple[float, float]", deep: float,
          finish: Finish) -> Soup:  # fmt: skip
    return bar((float(a[0]), -0.25, float(a[1])), (float(b[0]), -0.25, float(b[1])), 0.3, deep, finish.paint)


def _ram(a: tuple[float, float], b: tuple[float, float], finish: Finish) -> Soup:
    return cylinder((a[0], -0.25, a[1]), (b[0], -0.25, b[1]), 0.07, finish.chrome, 8)


def _bucket(finish: Finish) -> Soup:
    angle = np.linspace(0.1, 1.25, 6) * np.pi
    curve = np.column_stack([4.75 + 0.5 * np.cos(angle), 0.9 + 0.5 * np.sin(angle)])
    points = np.stack([np.column_stack([curve[:, 0], np.full(6, y), curve[:, 1]]) for y in (-0.75, 0.25)], axis=1)
    outside = sheet(points[::-1], finish.trim)
    inside = sheet(points * np.array([0.97, 0.98, 0.97]) + np.array([0.14, 0, 0.03]), finish.trim)
    x, z = float(curve[-1, 0]), float(curve[-1, 1])
    teeth = [bar((x, y, z), (x + 0.22, y, z - 0.06), 0.1, 0.06, finish.chrome)
             for y in (-0.7, -0.4, -0.1, 0.2)]  # fmt: skip
    side = slab(curve, -0.02, 0.02, finish.trim)
    return concat([outside, inside, *teeth, moved(side, (0, -0.75, 0)), moved(side, (0, 0.25, 0))])


def _wheel_loader(kit: Kit, finish: Finish) -> None:
    kit.add(
        rounded_box((2.5, 1.7, 1.0), (-1.5, 0, 1.55), finish.paint, 0.2),
        rounded_box((0.5, 1.9, 1.0), (-2.65, 0, 1.35), finish.trim, 0.14),
        _cab((-0.15, 0.0, 2.45), (1.35, 1.45, 1.75), finish),
        rounded_box((1.9, 0.9, 0.6), (0.9, 0, 1.15), finish.paint, 0.1),
        rounded_box((0.8, 1.1, 0.9), (1.35, 0, 1.5), finish.paint, 0.12),
    )
    kit.both(box((1.7, 0.5, 0.05), (-1.5, 1.1, 1.62), finish.paint),
             box((1.5, 0.5, 0.05), (1.15, 1.1, 1.62), finish.paint),
             box((0.05, 0.2, 0.15), (1.9, 0.75, 1.85), finish.headlight))  # fmt: skip
    kit.axle(-1.5, 2.6, 0.78, 0.6, finish, spokes=6)
    kit.axle(1.2, 2.6, 0.78, 0.6, finish, spokes=6)
    pivot = (1.25, 0.0, 1.9)
    lift = concat([*(bar((1.25, y, 1.9), (2.75, y, 0.75), 0.18, 0.34, finish.paint) for y in (-0.5, 0.5)),
                   *(cylinder((1.3, y, 1.2), (2.3, y, 1.0), 0.08, finish.chrome, 8) for y in (-0.5, 0.5)),
                   bar((1.5, 0, 2.1), (2.6, 0, 1.25), 0.15, 0.2, finish.paint)])  # fmt: skip
    arms = kit.move(hinged("lift", lift, pivot, LEVEL, -0.75, period_s=8.0))
    outline = np.array([[2.7, 1.35], [2.62, 0.5], [2.8, 0.1], [3.9, 0.06], [3.95, 0.12], [3.0, 0.3]])
    back = [bar((float(a[0]), 0.0, float(a[1])), (float(b[0]), 0.0, float(b[1])), 2.7, 0.06, finish.trim)
            for a, b in ((outline[0], outline[1]), (outline[1], outline[2]), (outline[2], outline[3]))]  # fmt: skip
    cheek = slab(np.array([[2.66, 1.35], [2.62, 0.5], [2.8, 0.1], [3.9, 0.08]]), 1.30, 1.36, finish.trim)
    teeth = [
        bar((3.85, float(y), 0.1), (4.1, float(y), 0.06), 0.14, 0.06, finish.chrome) for y in np.linspace(-1.2, 1.2, 7)
    ]
    bucket = concat([*back, cheek, mirrored(cheek), *teeth])
    kit.move(hinged("bucket", bucket, (2.7, 0.0, 0.75), LEVEL, -0.5, carrier=arms, period_s=8.0, phase=0.1))


def _dump_truck(kit: Kit, finish: Finish) -> None:
    """A rigid haul truck: one big skip with a lip over the cab."""
    kit.add(
        box((6.0, 1.2, 0.5), (0.1, 0, 1.35), finish.under),
        rounded_box((1.3, 2.9, 1.1), (3.3, 0, 1.75), finish.paint, 0.12),
        box((0.05, 1.3, 0.7), (3.96, 0, 1.75), finish.under),
        rounded_box((0.5, 3.0, 0.4), (3.8, 0, 1.0), finish.trim, 0.08),
        _cab((3.05, 0.8, 2.75), (1.2, 1.15, 1.3), finish),
        rounded_box((1.0, 1.2, 0.5), (3.0, -0.8, 2.45), finish.paint, 0.08),
    )
    kit.both(box((0.05, 0.35, 0.22), (3.97, 1.1, 1.75), finish.headlight))
    for x, steered in ((2.5, True), (-1.7, False)):
        kit.axle(x, 3.1, 0.92, 0.7 if steered else 0.95, finish, steered=steered, spokes=8)
    skip = tipping_skip((2.0, -3.4, 3.3, 3.7, 0.82), finish.paint, finish.cargo_heap, finish)
    kit.move(skip)


def _roller(kit: Kit, finish: Finish) -> None:
    """A tandem roller: two drums, a canopy on four posts."""
    steel = finish.chrome
    for x in (1.45, -1.45):
        drum = concat([cylinder((x, -0.85, 0.6), (x, 0.85, 0.6), 0.6, steel, 24),
                       *(box((0.9, 0.02, 0.1), (x, side * 0.86, 0.6), finish.trim) for side in (1, -1))])  # fmt: skip
        kit.parts.append(_rolling(drum, x))
        kit.both(
            box((1.3, 0.09, 0.16), (x, 0.93, 0.75), finish.paint), box((0.14, 0.09, 0.5), (x, 0.93, 0.65), finish.paint)
        )
        kit.add(rounded_box((1.35, 1.95, 0.25), (x, 0, 1.3), finish.paint, 0.06))
    kit.add(rounded_box((1.5, 1.5, 0.75), (0, 0, 1.0), finish.paint, 0.1),
            rounded_box((0.9, 1.3, 0.6), (-1.0, 0, 1.65), finish.paint, 0.1),
            rounded_box((0.5, 0.6, 0.12), (-0.1, 0, 1.55), finish.trim, 0.03),
            rounded_box((0.12, 0.6, 0.55), (-0.38, 0, 1.8), finish.trim, 0.03),
            rounded_box((0.25, 0.7, 0.6), (0.62, 0, 1.65), finish.trim, 0.04),
            cylinder((0.5, 0, 1.95), (0.42, 0, 2.0), 0.2, finish.trim, 10),
            rounded_box((2.1, 1.6, 0.12), (0, 0, 2.75), finish.paint, 0.05),
            cylinder((0, 0, 2.8), (0, 0, 2.98), 0.09, finish.amber_light, 8))  # fmt: skip
    for x in (-0.95, 0.95):
        kit.both(box((0.07, 0.07, 1.35), (x, 0.7, 2.05), finish.trim))
    kit.both(
        box((0.04, 0.2, 0.14), (2.12, 0.6, 1.3), finish.headlight),
        box((0.04, 0.2, 0.14), (-2.12, 0.6, 1.3), finish.tail),
    )


def _rolling(drum: Soup, x: float) -> Part:
    part = hinged("drum", drum, (x, 0.0, 0.6), LEVEL, 0.0, Joint.ROLLS)
    return replace(part, radius_m=0.6)


def _paver(kit: Kit, finish: Finish) -> None:
    """An asphalt paver: an open hopper ahead, a canopy, a wide screed behind."""
    kit.add(
        rounded_box((3.0, 1.8, 1.0), (0.1, 0, 1.2), finish.paint, 0.1),
        box((1.5, 2.9, 0.08), (2.35, 0, 0.75), finish.trim),
        rounded_box((1.2, 2.0, 0.3), (2.35, 0, 0.95), finish.under, 0.1),
        rounded_box((1.6, 1.9, 0.25), (-0.6, 0, 1.8), finish.trim, 0.04),
        rounded_box((2.3, 2.5, 0.12), (-0.5, 0, 3.2), finish.paint, 0.05),
        rounded_box((0.4, 0.5, 0.7), (-0.9, 0.5, 2.2), finish.trim, 0.05),
        rounded_box((0.25, 0.8, 0.7), (0.1, 0.4, 2.1), finish.trim, 0.05),
        rounded_box((0.75, 3.2, 0.5), (-2.55, 0, 0.35), finish.trim, 0.06),
        box((0.8, 3.2, 0.06), (-2.6, 0, 0.68), finish.paint),
        rounded_box((0.35, 2.6, 0.35), (3.2, 0, 0.5), finish.trim, 0.15),
        cylinder((-0.5, 0, 3.25), (-0.5, 0, 3.45), 0.1, finish.amber_light, 8),
        cylinder((0.9, -0.6, 1.6), (0.9, -0.6, 2.5), 0.08, finish.chrome, 8),
    )
    plate = np.array([[[1.6, 0.75, 0.78], [1.6, 1.5, 1.55]], [[3.15, 0.75, 0.78], [3.15, 1.5, 1.55]]])
    wing = concat(
        [
            bar((1.55, 1.3, 0.8), (3.15, 1.3, 0.8), 0.08, 0.1, finish.paint),
            sheet(plate, finish.paint),
            sheet(plate[::-1] - np.array([0.0, 0.0, 0.03]), finish.paint),
        ]
    )
    kit.move(hinged("hopper", wing, (2.3, 0.75, 0.78), (1.0, 0.0, 0.0), 0.5, period_s=10.0))
    kit.move(hinged("hopper", mirrored(wing), (2.3, -0.75, 0.78), (1.0, 0.0, 0.0), -0.5, period_s=10.0))
    for x in (-1.5, 0.5):
        kit.both(box((0.07, 0.07, 1.4), (x, 1.1, 2.5), finish.trim))
    kit.both(bar((1.0, 1.15, 0.9), (-2.4, 1.15, 0.6), 0.12, 0.2, finish.paint))
    angle = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 6)
    outline = np.concatenate([np.column_stack([1.3 + 0.36 * np.cos(angle), 0.36 + 0.36 * np.sin(angle)]),
                              np.column_stack([-1.3 - 0.36 * np.cos(angle), 0.36 - 0.36 * np.sin(angle)])])  # fmt: skip
    kit.both(slab(outline, 0.75, 1.15, finish.under))


def _grader(kit: Kit, finish: Finish) -> None:
    """A motor grader: a long arched frame, a blade below it, the cab far behind."""
    spine = np.array([[4.0, 0, 1.25], [3.2, 0, 1.55], [1.6, 0, 2.15], [0.2, 0, 2.05], [-0.6, 0, 1.6]])
    kit.add(tube(spine, 0.24, finish.paint, 8),
            rounded_box((0.5, 0.9, 0.6), (4.0, 0, 1.15), finish.paint, 0.08),
            rounded_box((2.6, 1.3, 0.95), (-2.5, 0, 1.65), finish.paint, 0.14),
            box((0.05, 1.0, 0.7), (-3.82, 0, 1.65), finish.under),
            _cab((-0.55, 0.0, 2.35), (1.35, 1.35, 1.75), finish),
            box((0.3, 2.1, 0.16), (3.7, 0, 0.75), finish.trim),
            cylinder((-2.0, -0.35, 2.1), (-2.0, -0.35, 2.8), 0.07, finish.chrome, 8))  # fmt: skip
    kit.axle(3.7, 2.4, 0.62, 0.4, finish, steered=True, spokes=6)
    for x in (-1.75, -3.15):
        kit.axle(x, 2.4, 0.62, 0.45, finish, spokes=6)
    kit.both(box((2.0, 0.14, 0.3), (-2.45, 0.72, 0.7), finish.trim))
    curve = np.array([[0.20, 0.05], [0.0, 0.22], [-0.04, 0.42], [0.06, 0.62]])
    points = np.stack([np.column_stack([curve[:, 0], np.full(4, y), curve[:, 1]]) for y in (-1.75, 1.75)], axis=1)
    front, back = sheet(points, finish.trim), sheet(points[::-1] - np.array([0.05, 0, 0]), finish.trim)
    blade = concat([front, back, cylinder((0.3, 0, 1.15), (0.3, 0, 1.28), 0.75, finish.paint, 16),
                    *(bar((0.35, y, 1.2), (0.0, y, 0.55), 0.14, 0.14, finish.paint) for y in (-0.5, 0.5))])  # fmt: skip
    cos, sin = float(np.cos(0.5)), float(np.sin(0.5))
    skew = turned(blade, np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]))
    kit.move(hinged("blade", moved(skew, (1.1, 0, 0)), (1.4, 0.0, 1.2), UPRIGHT, -0.35, period_s=9.0))
    kit.both(cylinder((1.7, 0.45, 2.05), (1.4, 0.5, 1.2), 0.07, finish.chrome, 8))


def _crane(kit: Kit, finish: Finish) -> None:
    """A mobile crane on four axles with a telescopic boom, outriggers and a hook."""
    kit.add(box((10.0, 1.6, 0.5), (-0.1, 0, 1.25), finish.under),
            rounded_box((9.8, 2.5, 0.3), (-0.2, 0, 1.6), finish.paint, 0.05),
            _cab((4.6, 0.0, 2.0), (1.5, 2.4, 1.75), finish),
            rounded_box((0.3, 2.5, 0.5), (5.3, 0, 1.0), finish.paint, 0.08))  # fmt: skip
    for x, steered in ((4.0, True), (2.4, True), (-2.2, False), (-3.8, False)):
        kit.axle(x, 2.55, 0.6, 0.42, finish, steered=steered, spokes=8)
        kit.both(box((1.4, 0.45, 0.04), (x, 1.05, 1.3), finish.trim))
    for x in (1.1, -4.9):
        kit.both(
            box((0.4, 0.25, 0.6), (x, 1.2, 1.1), finish.amber_sign),
            cylinder((x, 1.2, 0.5), (x, 1.2, 1.0), 0.09, finish.chrome, 8),
        )
    house = concat([rounded_box((3.4, 2.3, 0.9), (-1.9, 0, 2.3), finish.paint, 0.1),
                    rounded_box((0.8, 2.5, 0.9), (-3.7, 0, 2.3), finish.trim, 0.1),
                    _cab((-0.2, 0.85, 2.55), (1.3, 0.85, 1.4), finish),
                    cylinder((-1.2, 0, 1.7), (-1.2, 0, 1.95), 0.9, finish.under, 16)])  # fmt: skip
    top = kit.move(hinged("house", house, (-1.2, 0.0, 1.8), UPRIGHT, 0.5, period_s=20.0))
    beams = concat([bar((-3.2, -0.25, 3.25), (3.8, -0.25, 3.35), 0.6, 0.75, finish.paint),
                    bar((3.8, -0.25, 3.35), (5.0, -0.25, 3.37), 0.48, 0.58, finish.chrome),
                    bar((5.0, -0.25, 3.37), (5.7, -0.25, 3.3), 0.4, 0.5, finish.paint),
                    bar((5.7, -0.25, 3.1), (5.7, -0.25, 2.55), 0.03, 0.03, finish.trim),
                    rounded_box((0.22, 0.22, 0.3), (5.7, -0.25, 2.45), finish.amber_sign, 0.04)])  # fmt: skip
    kit.move(hinged("boom", beams, (-3.0, -0.25, 3.2), LEVEL, -0.75, carrier=top, period_s=20.0))
    ram = cylinder((-0.6, -0.25, 2.4), (1.4, -0.25, 3.15), 0.14, finish.chrome, 10)
    kit.move(hinged("ram", ram, (-0.6, -0.25, 2.4), LEVEL, -0.45, carrier=top, period_s=20.0))
