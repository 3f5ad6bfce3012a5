"""Bicycles, motorcycles and electric scooters with their riders; bicycles pedal through eight poses."""

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.body import Body, Kit, Part, Size
from generators.raytrace.assets.figure import Look, figure, reaching
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.people import NUM_POSES, thin_wheel
from generators.raytrace.assets.wheels import wheel
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.scene import Joint, Texture
from generators.raytrace.solids import bar, box, ellipsoid, rounded_box, slab, tube
from generators.raytrace.soup import Soup, concat, fitted, moved

RIDERLESS_HEIGHT_M = 1.25
CRANK_M = 0.17
DEVELOPMENT_M = 5.2


def bicycle(size_m: Size, style: str, finish: Finish, look: Look, book: MaterialBook) -> tuple[Soup, ...]:
    """A bicycle ('city') or cargo bike ('cargo') with its rider in eight positions of the crank, filling the box."""
    steel = book.add(Surface("#b0b4b8", SemanticClass.BICYCLE, roughness=0.25, reflectance=0.5))
    cargo = [_cargo_box(finish, steel, book)] if style == "cargo" else []
    ahead = thin_wheel(0.34, finish.tyre, steel, (0.53, 0, 0.34)) if not cargo else cargo[0]
    frame = concat([_bicycle_frame(finish, bool(cargo)), ahead,
                    thin_wheel(0.34, finish.tyre, steel, (-0.53, 0, 0.34))])  # fmt: skip
    ridden = size_m[2] > RIDERLESS_HEIGHT_M
    poses: list[Soup] = []
    for phase in np.arange(NUM_POSES if ridden else 1) * 2 * np.pi / NUM_POSES:
        crank, pedals = _crank(float(phase), finish)
        parts = [frame, crank]
        if ridden:
            ankles = pedals + np.array([-0.05, 0.0, 0.11])
            wrists = np.array([[0.36, 0.24, 1.06], [0.36, -0.24, 1.06]])
            pose = reaching(np.array([-0.24, 0.0, 0.99]), 0.55, ankles, wrists)
            parts.append(figure(pose, look))
        poses.append(fitted(concat(parts), size_m))
    return tuple(poses)


def _cargo_box(finish: Finish, steel: int, book: MaterialBook) -> Soup:
    """The fore of a cargo bike: a long low frame, a wooden box, a small wheel far ahead."""
    wood = book.add(Surface("#b98f56", SemanticClass.BICYCLE, texture=Texture.BARK, texture_scale_m=0.5, roughness=0.8))
    rod = np.array([[0.35, 0, 0.62], [0.5, 0, 0.28], [1.25, 0, 0.26], [1.42, 0, 0.48], [1.42, 0, 0.24]])
    outline = np.array([[0.48, 0.30], [1.18, 0.30], [1.28, 0.78], [0.42, 0.78]])
    parts = [tube(rod, 0.026, finish.paint, 7), thin_wheel(0.24, finish.tyre, steel, (1.42, 0, 0.24))]
    for y in (0.29, -0.29):
        parts.append(slab(outline, y - 0.012, y + 0.012, wood))
    parts += [box((0.70, 0.58, 0.03), (0.83, 0, 0.32), wood),
              bar((0.48, 0, 0.30), (0.42, 0, 0.78), 0.58, 0.025, wood),
              bar((1.18, 0, 0.30), (1.28, 0, 0.78), 0.58, 0.025, wood),
              rounded_box((0.4, 0.4, 0.3), (0.8, 0, 0.62), finish.second_paint, 0.05),
              rounded_box((0.25, 0.25, 0.3), (1.08, 0.08, 0.66), finish.tail, 0.05)]  # fmt: skip
    return concat(parts)


def _bicycle_frame(finish: Finish, long: bool) -> Soup:
    bottom, seat, head, stem = (-0.06, 0, 0.29), (-0.22, 0, 0.86), (0.34, 0, 0.86), (0.31, 0, 1.0)
    lines = [(bottom, seat), (seat, head), (bottom, (0.37, 0, 0.74)), (stem, (0.40, 0, 0.66))]
    parts = [tube(np.array(line, dtype=np.float64), 0.019, finish.paint, 6) for line in lines]
    for y in (0.045, -0.045):
        rods = [((-0.53, y, 0.34), bottom), ((-0.53, y, 0.34), (-0.2, 0, 0.8))]
        rods += [] if long else [((0.39, y, 0.68), (0.53, y, 0.34))]
        parts += [tube(np.array(rod, dtype=np.float64), 0.011, finish.paint, 5) for rod in rods]
    grip = np.array(
        [[0.28, 0.29, 1.01], [0.36, 0.22, 1.02], [0.33, 0.0, 1.01], [0.36, -0.22, 1.02], [0.28, -0.29, 1.01]]
    )
    parts += [
        tube(grip, 0.015, finish.trim, 6),
        rounded_box((0.26, 0.15, 0.06), (-0.24, 0, 0.9), finish.trim, 0.02),
        box((0.04, 0.05, 0.05), (0.42, 0, 0.92), finish.headlight),
        box((0.02, 0.05, 0.04), (-0.40, 0, 0.82), finish.tail),
        box((0.30, 0.12, 0.02), (-0.5, 0, 0.76), finish.trim),
    ]
    for x in (-0.53,) if long else (0.53, -0.53):
        angle = np.linspace(0.15, 0.75, 5) * np.pi
        guard = np.column_stack([x + 0.37 * np.cos(angle), np.zeros(5), 0.34 + 0.37 * np.sin(angle)])
        parts.append(tube(guard, 0.02, finish.trim, 4))
    return concat(parts)


def _crank(phase: float, finish: Finish) -> tuple[Soup, np.ndarray]:
    middle = np.array([-0.06, 0.0, 0.29])
    arm = CRANK_M * np.array([np.cos(phase), 0.0, -np.sin(phase)])
    pedals = np.array([middle + arm + [0, 0.12, 0], middle - arm - [0, 0.12, 0]])
    parts: list[Soup] = []
    for side, y in ((0, 0.07), (1, -0.07)):
        start = middle + np.array([0, y, 0])
        end = start + (arm if side == 0 else -arm)
        parts.append(tube(np.array([start, end]), 0.013, finish.chrome, 5))
        parts.append(box((0.09, 0.1, 0.025), pedals[side], finish.trim))
    return concat(parts), pedals


def motorcycle(size_m: Size, style: str, finish: Finish, look: Look) -> Body:
    """A motorcycle ('naked') or motor scooter ('scooter') with its rider, exactly filling its box."""
    if style == "scooter":
        return _motor_scooter(size_m, finish, look)
    kit = Kit()
    _wheels(kit, ((0.72, 0.32, 0.14, True), (-0.70, 0.32, 0.18, False)), finish)
    parts: list[Soup] = []
    for y in (0.1, -0.1):
        parts.append(tube(np.array([[0.72, y, 0.32], [0.46, y, 0.98]]), 0.028, finish.chrome, 7))
        parts.append(tube(np.array([[-0.70, y, 0.32], [-0.1, y, 0.42]]), 0.03, finish.trim, 6))
        parts.append(tube(np.array([[-0.5, y, 0.4], [-0.42, y, 0.75]]), 0.035, finish.chrome, 7))
    handle = np.array(
        [[0.30, 0.36, 1.02], [0.42, 0.2, 1.05], [0.45, 0.0, 1.02], [0.42, -0.2, 1.05], [0.30, -0.36, 1.02]]
    )
    parts += [
        rounded_box((0.46, 0.30, 0.36), (0.06, 0, 0.48), finish.trim, 0.06),
        ellipsoid((0.16, 0, 0.84), (0.32, 0.17, 0.16), finish.paint, 7, 12),
        rounded_box((0.62, 0.27, 0.1), (-0.38, 0, 0.80), finish.under, 0.04),
        rounded_box((0.34, 0.2, 0.14), (-0.68, 0, 0.82), finish.paint, 0.05),
        rounded_box((0.18, 0.3, 0.3), (0.54, 0, 0.93), finish.paint, 0.07),
        box((0.04, 0.18, 0.12), (0.635, 0, 0.93), finish.headlight),
        box((0.03, 0.16, 0.06), (-0.86, 0, 0.84), finish.brake),
        box((0.03, 0.05, 0.05), (-0.84, 0.14, 0.8), finish.left_indicator),
        box((0.03, 0.05, 0.05), (-0.84, -0.14, 0.8), finish.right_indicator),
        box((0.02, 0.18, 0.14), (-0.9, 0, 0.62), finish.plate),
        tube(np.array([[0.1, -0.17, 0.3], [-0.3, -0.19, 0.28], [-0.8, -0.2, 0.42]]), np.array([0.03, 0.05, 0.055]),
             finish.chrome, 8),
        tube(handle, 0.017, finish.trim, 6),
        rounded_box((0.42, 0.17, 0.03), (0.72, 0, 0.67), finish.paint, 0.012),
    ]  # fmt: skip
    for y in (0.34, -0.34):
        parts.append(rounded_box((0.03, 0.13, 0.09), (0.36, y * 0.9, 1.2), finish.trim, 0.012))
    if size_m[2] > RIDERLESS_HEIGHT_M:
        ankles = np.array([[-0.12, 0.2, 0.42], [-0.12, -0.2, 0.42]])
        wrists = np.array([[0.30, 0.33, 1.05], [0.30, -0.33, 1.05]])
        parts.append(figure(reaching(np.array([-0.28, 0.0, 0.92]), 0.32, ankles, wrists), look))
    kit.add(*parts)
    return kit.fitted(size_m)


def _wheels(kit: Kit, places: tuple[tuple[float, float, float, bool], ...], finish: Finish) -> None:
    """Single wheels: place along x, radius, width, whether the handlebar steers it."""
    for x, radius, width, steered in places:
        pivot = (x, 0.0, radius)
        joint = Joint.STEERED if steered else Joint.ROLLS
        soup = moved(wheel(radius, width, finish, 6), pivot)
        kit.move(Part("wheel", soup, joint, pivot, radius_m=radius))


def _motor_scooter(size_m: Size, finish: Finish, look: Look) -> Body:
    """A scooter: a leg shield, a flat floor, a bulging tail over small wheels, the rider upright."""
    kit = Kit()
    _wheels(kit, ((0.62, 0.22, 0.11, True), (-0.55, 0.22, 0.12, False)), finish)
    shield = np.array([[0.42, 0, 0.36], [0.50, 0, 0.60], [0.44, 0, 0.95]])
    kit.add(
        tube(shield, np.array([0.22, 0.23, 0.14]), finish.paint, 10, 0.45),
        rounded_box((0.62, 0.36, 0.09), (0.12, 0, 0.30), finish.trim, 0.03),
        ellipsoid((-0.42, 0, 0.55), (0.42, 0.19, 0.22), finish.paint, 8, 14),
        rounded_box((0.62, 0.28, 0.10), (-0.30, 0, 0.78), finish.under, 0.04),
        rounded_box((0.34, 0.16, 0.05), (0.62, 0, 0.46), finish.paint, 0.02),
        tube(np.array([[0.62, 0, 0.22], [0.50, 0, 0.5], [0.40, 0, 1.02]]), 0.03, finish.trim, 7),
        tube(np.array([[0.30, 0.32, 1.04], [0.38, 0, 1.06], [0.30, -0.32, 1.04]]), 0.018, finish.trim, 6),
        rounded_box((0.12, 0.24, 0.16), (0.44, 0, 1.02), finish.paint, 0.04),
        ellipsoid((0.52, 0, 1.02), (0.03, 0.07, 0.07), finish.headlight, 5, 9),
        box((0.03, 0.18, 0.08), (-0.82, 0, 0.62), finish.brake),
        box((0.03, 0.05, 0.06), (-0.80, 0.13, 0.62), finish.left_indicator),
        box((0.03, 0.05, 0.06), (-0.80, -0.13, 0.62), finish.right_indicator),
        box((0.02, 0.18, 0.13), (-0.80, 0, 0.45), finish.plate),
        rounded_box((0.34, 0.36, 0.30), (-0.72, 0, 0.98), finish.trim, 0.05),
    )
    for y in (0.34, -0.34):
        kit.add(rounded_box((0.03, 0.12, 0.09), (0.33, y * 0.9, 1.2), finish.trim, 0.012))
    if size_m[2] > RIDERLESS_HEIGHT_M:
        ankles = np.array([[0.16, 0.12, 0.42], [0.16, -0.12, 0.42]])
        wrists = np.array([[0.26, 0.29, 1.06], [0.26, -0.29, 1.06]])
        kit.add(figure(reaching(np.array([-0.30, 0.0, 0.90]), 0.06, ankles, wrists), look))
    return kit.fitted(size_m)


def e_scooter(size_m: Size, finish: Finish, look: Look, book: MaterialBook) -> Soup:
    """An electric kick scooter with its rider, exactly filling its box."""
    steel = book.add(Surface("#b0b4b8", SemanticClass.BICYCLE, roughness=0.25, reflectance=0.5))
    parts = [
        thin_wheel(0.12, finish.tyre, steel, (0.48, 0, 0.12)),
        thin_wheel(0.12, finish.tyre, steel, (-0.42, 0, 0.12)),
        rounded_box((0.62, 0.17, 0.06), (-0.03, 0, 0.17), finish.trim, 0.02),
        tube(np.array([[0.30, 0, 0.17], [0.46, 0, 0.26]]), 0.03, finish.trim, 6),
        tube(np.array([[0.48, 0, 0.14], [0.36, 0, 1.15]]), 0.024, finish.paint, 7),
        tube(np.array([[0.36, 0.27, 1.15], [0.36, -0.27, 1.15]]), 0.018, finish.trim, 6),
        box((0.04, 0.06, 0.06), (0.40, 0, 1.05), finish.headlight),
        box((0.03, 0.08, 0.04), (-0.5, 0, 0.22), finish.tail),
    ]
    if size_m[2] > RIDERLESS_HEIGHT_M:
        ankles = np.array([[0.08, 0.05, 0.28], [-0.2, -0.05, 0.28]])
        wrists = np.array([[0.32, 0.2, 1.18], [0.32, -0.2, 1.18]])
        parts.append(figure(reaching(np.array([-0.1, 0.0, 1.1]), 0.06, ankles, wrists), look))
    return fitted(concat(parts), size_m)
