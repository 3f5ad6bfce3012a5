"""Bicycles, motorcycles and electric scooters with their riders; bicycles pedal through eight poses."""

import numpy as np

from driving_data.taxonomy import SemanticClass
from generators.raytrace.assets.figure import Look, figure, reaching
from generators.raytrace.assets.finish import Finish
from generators.raytrace.assets.people import NUM_POSES, thin_wheel
from generators.raytrace.assets.wheels import wheel
from generators.raytrace.materials import MaterialBook, Surface
from generators.raytrace.solids import box, ellipsoid, rounded_box, tube
from generators.raytrace.soup import Soup, concat, fitted, moved

Size = tuple[float, float, float]
RIDERLESS_HEIGHT_M = 1.25
CRANK_M = 0.17
DEVELOPMENT_M = 5.2


def bicycle(size_m: Size, finish: Finish, look: Look, book: MaterialBook) -> tuple[Soup, ...]:
    """A bicycle with its rider in eight positions of the crank, each exactly filling the box."""
    steel = book.add(Surface("#b0b4b8", SemanticClass.BICYCLE, roughness=0.25, reflectance=0.5))
    frame = concat([_bicycle_frame(finish), thin_wheel(0.34, finish.tyre, steel, (0.53, 0, 0.34)),
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


def _bicycle_frame(finish: Finish) -> Soup:
    bottom, seat, head, bar = (-0.06, 0, 0.29), (-0.22, 0, 0.86), (0.34, 0, 0.86), (0.31, 0, 1.0)
    lines = [(bottom, seat), (seat, head), (bottom, (0.37, 0, 0.74)), (bar, (0.40, 0, 0.66))]
    parts = [tube(np.array(line, dtype=np.float64), 0.019, finish.paint, 6) for line in lines]
    for y in (0.045, -0.045):
        rods = [((-0.53, y, 0.34), bottom), ((-0.53, y, 0.34), (-0.2, 0, 0.8)), ((0.39, y, 0.68), (0.53, y, 0.34))]
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
    for x in (0.53, -0.53):
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


def motorcycle(size_m: Size, finish: Finish, look: Look) -> Soup:
    """A motorcycle with its rider, exactly filling its box."""
    parts = [
        moved(wheel(0.32, 0.14, finish, 6), (0.72, 0, 0.32)),
        moved(wheel(0.32, 0.18, finish, 6), (-0.70, 0, 0.32)),
    ]
    for y in (0.1, -0.1):
        parts.append(tube(np.array([[0.72, y, 0.32], [0.46, y, 0.98]]), 0.028, finish.chrome, 7))
        parts.append(tube(np.array([[-0.70, y, 0.32], [-0.1, y, 0.42]]), 0.03, finish.trim, 6))
        parts.append(tube(np.array([[-0.5, y, 0.4], [-0.42, y, 0.75]]), 0.035, finish.chrome, 7))
    bar = np.array([[0.30, 0.36, 1.02], [0.42, 0.2, 1.05], [0.45, 0.0, 1.02], [0.42, -0.2, 1.05], [0.30, -0.36, 1.02]])
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
        tube(bar, 0.017, finish.trim, 6),
        rounded_box((0.42, 0.17, 0.03), (0.72, 0, 0.67), finish.paint, 0.012),
    ]  # fmt: skip
    for y in (0.34, -0.34):
        parts.append(rounded_box((0.03, 0.13, 0.09), (0.36, y * 0.9, 1.2), finish.trim, 0.012))
    if size_m[2] > RIDERLESS_HEIGHT_M:
        ankles = np.array([[-0.12, 0.2, 0.42], [-0.12, -0.2, 0.42]])
        wrists = np.array([[0.30, 0.33, 1.05], [0.30, -0.33, 1.05]])
        parts.append(figure(reaching(np.array([-0.28, 0.0, 0.92]), 0.32, ankles, wrists), look))
    return fitted(concat(parts), size_m)


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
