"""The pictures of docs/ranging.md: what lidars, radars and parking sensors see of a street, from above.

python -m tools.ranging_pictures            # writes docs/images/ranging_*.png
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.worlds import EMBEDDED, motorway, street
from driving_data.environment import Environment
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.rollout import Rollout, ego_frame
from driving_data.sensors import DEVICES, LidarSweep, RadarOrigin, SensorFrames, SensorRig, lidar_device
from driving_data.taxonomy import SEMANTIC_PALETTE, SemanticClass
from generators.raytrace.build import build_scene
from generators.raytrace.cameras.develop import Development
from generators.raytrace.lidars.scan import firings
from generators.raytrace.renderer import RaytraceRenderer
from generators.raytrace.tracer import prepare
from roadloom.pipeline.recipes import simulate
from scenarios.concrete import Ego, Place
from scenarios.types.sensors import rig

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SEED = 3
_BAND_PX = 24
PAPER, INK, SCATTER = (250, 250, 248), (30, 30, 34), (230, 20, 140)
_ORIGIN_COLORS = {
    RadarOrigin.TARGET: (20, 70, 200), RadarOrigin.STATIC: (110, 110, 116), RadarOrigin.GHOST: (240, 130, 0),
    RadarOrigin.CLUTTER: (170, 200, 150), RadarOrigin.FALSE_ALARM: (220, 30, 30),
}  # fmt: skip
WEATHERS = (
    ("clear", Environment()),
    ("fog, 60 m", Environment(fog_visibility_m=60.0)),
    ("snow, 2.5 mm/h", Environment(snow_mmph=2.5, fog_visibility_m=2000.0)),
    ("rain, 20 mm/h", Environment(rain_mmph=20.0, road_wetness=1.0)),
)


class Canvas:
    """A view from above: x forward is up, y left is left."""

    def __init__(self, size_px: int, reach_m: float, title: str) -> None:
        self.image = Image.new("RGB", (size_px, size_px), PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self.scale = 0.5 * size_px / reach_m
        self.size = size_px
        for ring in np.arange(10.0, reach_m, 10.0):
            r = ring * self.scale
            half = 0.5 * size_px
            self.pen.ellipse([half - r, half - r, half + r, half + r], outline=(228, 228, 226))
        self.title = title

    def finished(self) -> Image.Image:
        """The picture with its title on a band above."""
        sheet = Image.new("RGB", (self.size, self.size + _BAND_PX), PAPER)
        sheet.paste(self.image, (0, _BAND_PX))
        ImageDraw.Draw(sheet).text((8, 6), self.title, fill=INK)
        return sheet

    def place(self, point_m: np.ndarray) -> np.ndarray:
        """Pixels of points (n, 2 or 3) in the ego frame."""
        return np.stack([0.5 * self.size - point_m[:, 1] * self.scale, 0.5 * self.size - point_m[:, 0] * self.scale], 1)

    def dots(self, point_m: np.ndarray, colors: np.ndarray, wide_px: int = 1) -> None:
        """Square dots, the later ones on top."""
        pixel = np.floor(self.place(point_m)).astype(int)
        inside = np.all((pixel >= 0) & (pixel < self.size - wide_px), axis=1)
        array = np.array(self.image)
        for i in range(wide_px):
            for j in range(wide_px):
                array[pixel[inside, 1] + j, pixel[inside, 0] + i] = colors[inside]
        self.image = Image.fromarray(array)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, pose: SE3, size_m: np.ndarray, color: tuple[int, int, int]) -> None:
        """The outline of a box on the ground."""
        half = 0.5 * size_m[:2]
        corners = np.array([[1, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0], [1, 1, 0]]) * np.array([*half, 0.0])
        self.pen.line([tuple(each) for each in self.place(pose.apply(corners))], fill=color, width=1)


def seen(rollout: Rollout, sensors: SensorRig, environment: Environment, step: int) -> SensorFrames:
    """What a rig sees of the rollout at one of its moments."""
    scene = SceneDescription(
        rollout.lane_map, rollout.actors, rollout.ego_index, environment, rollout.signals.ids
    )  # fmt: skip
    renderer = RaytraceRenderer(prepare(build_scene(scene, SEED)), scene, sensors, SEED, Development())
    return renderer.render(rollout.state_at(step), rollout.state_at(step + 1))


def cloud(title: str, rollout: Rollout, step: int, sweep: LidarSweep, reach_m: float, size_px: int) -> Image.Image:
    """A sweep by semantic class, echoes of the air in magenta, the boxes of actors in black."""
    canvas = Canvas(size_px, reach_m, title)
    ego_from_world = _world_from_ego(rollout, step).inverse()
    points = (ego_from_world @ sweep.world_from_lidar).apply(sweep.points_m.astype(np.float64))
    assert sweep.semantic is not None and sweep.scatter is not None
    palette = np.zeros((256, 3), np.uint8)
    for kind in SemanticClass:
        palette[int(kind)] = SEMANTIC_PALETTE[kind]
    order = np.argsort(points[:, 2], kind="stable")
    canvas.dots(points[order], palette[sweep.semantic[order]])
    air = sweep.scatter
    canvas.dots(points[air], np.tile(np.array([SCATTER], np.uint8), (int(air.sum()), 1)), 2)
    _boxes(canvas, rollout, step, ego_from_world)
    return canvas.finished()


def _world_from_ego(rollout: Rollout, step: int) -> SE3:
    return ego_frame(rollout.world_from_actor[step, rollout.ego_index], rollout.actors, rollout.ego_index)


def _boxes(canvas: Canvas, rollout: Rollout, step: int, ego_from_world: SE3) -> None:
    for k in np.flatnonzero(rollout.valid[step]):
        canvas.box(ego_from_world @ rollout.world_from_actor[step, k], rollout.actors.size_m[k], INK)


def radar_picture(rollout: Rollout, step: int, frames: SensorFrames, reach_m: float, size_px: int) -> Image.Image:
    """Returns of all radars by origin, their range rates against the ground as lines; parking echoes as arcs."""
    canvas = Canvas(size_px, reach_m, "five radars: blue actors, grey scenery, orange ghosts, green ground, red false")
    ego_from_world = _world_from_ego(rollout, step).inverse()
    for returns in frames.radar:
        assert returns.world_from_radar is not None and returns.origin is not None and returns.snr_db is not None
        ego_from_radar = ego_from_world @ returns.world_from_radar
        points = ego_from_radar.apply(returns.position_m)
        velocity = ego_from_world.rotate(rollout.velocity_mps[step, rollout.ego_index])
        away = points - ego_from_radar.translation_m
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        over_ground = returns.range_rate_mps + away @ velocity
        tips = canvas.place(points + 0.5 * over_ground[:, None] * away)
        for tip, pixel, origin, snr in zip(tips, canvas.place(points), returns.origin, returns.snr_db, strict=True):
            color, r = _ORIGIN_COLORS[RadarOrigin(int(origin))], 1.0 + 0.06 * max(float(snr), 0.0)
            canvas.pen.line([tuple(pixel), tuple(tip)], fill=color, width=1)
            canvas.pen.ellipse([*(pixel - r), *(pixel + r)], fill=color)
    _boxes(canvas, rollout, step, ego_from_world)
    return canvas.finished()


def patterns(size_px: int) -> Image.Image:
    """Where each device looks during one turn: azimuth across, elevation up, a part of the circle."""
    names = sorted(DEVICES)
    across = 3
    rows = -(-len(names) // across)
    sheet = Image.new("RGB", (across * size_px, rows * size_px), PAPER)
    for k, name in enumerate(names):
        model = lidar_device(name, "lidar", SE3.identity())
        direction = firings(model).direction.astype(np.float64)
        azimuth, elevation = np.arctan2(direction[:, 1], direction[:, 0]), np.arcsin(direction[:, 2])
        wide = np.deg2rad(20.0 if model.pattern == "risley" else (62.0 if model.pattern else 8.0))
        high = np.deg2rad(32.0 if not model.pattern else 20.0)
        tile = Image.new("RGB", (size_px - 4, size_px - 4), (255, 255, 255))
        pen = ImageDraw.Draw(tile)
        for a, e in zip(azimuth, elevation, strict=True):
            if abs(a) < wide and abs(e) < high:
                x, y = (0.5 - 0.5 * a / wide) * size_px, (0.5 - 0.5 * e / high) * size_px
                pen.point((x, y), fill=(20, 60, 160))
        pen.text((6, 4), f"{name}: {np.rad2deg(2 * wide):.0f} by {np.rad2deg(2 * high):.0f} degrees", fill=INK)
        sheet.paste(tile, ((k % across) * size_px + 2, (k // across) * size_px + 2))
    return sheet


def main(folder: Path = IMAGES) -> Sequence[Path]:
    """Writes every picture and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    rollout = street(20)[1]
    step = rollout.num_steps // 2
    full = rig("full")
    lidars = replace(full, cameras=(), radars=(), ultrasonics=(), lidars=full.lidars[:1])
    size = 520
    high = size + _BAND_PX
    sheet = Image.new("RGB", (2 * size, 2 * high), PAPER)
    for k, (name, environment) in enumerate(WEATHERS):
        sweep = seen(rollout, lidars, environment, step).sweeps[0]
        assert sweep.scatter is not None
        title = f"HDL-32E, {name}: {len(sweep.points_m)} points, {int(sweep.scatter.sum())} from the air"
        tile = cloud(title, rollout, step, sweep, 40.0, size)
        sheet.paste(tile, ((k % 2) * size, (k // 2) * high))
    clear = seen(rollout, replace(full, cameras=()), Environment(), step)
    among = replace(motorway(24, 3.0), ego=Ego(Place("main.2", 188.0), 26.0, 28.0, 4950.0))
    fast = simulate(among, "idm", EMBEDDED)
    wet = seen(fast, lidars, Environment(road_wetness=1.0), fast.num_steps // 2).sweeps[0]
    spray = cloud("HDL-32E, wet motorway after the rain", fast, fast.num_steps // 2, wet, 60.0, 700)
    made = {
        "ranging_weather.png": sheet,
        "ranging_spray.png": spray,
        "ranging_front.png": cloud("RS-LiDAR-M1", rollout, step, clear.sweeps[1], 60.0, 700),
        "ranging_radar.png": radar_picture(rollout, step, clear, 80.0, 900),
        "ranging_patterns.png": patterns(320),
    }
    paths = [folder / name for name in made]
    for path, image in zip(paths, made.values(), strict=True):
        image.save(path, optimize=True)
    return paths


if __name__ == "__main__":
    for written in main():
        sys.stdout.write(f"{written}\n")
