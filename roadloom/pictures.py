"""Pictures of scenarios: the ranges of one from above, what happens in one draw, and what the cameras see."""

from pathlib import Path

import numpy as np
from PIL import Image

from closed_loop.report.film import film_strip
from closed_loop.report.pictures import frame_pictures, lidar_picture
from driving_data.errors import RoadloomError
from driving_data.rollout import Rollout
from roadloom.console import say
from roadloom.pipeline.recipes import Recipe, simulate
from roadloom.settings import Choice
from scenarios.algebra import LogicalScenario
from scenarios.concrete import ConcreteScenario
from scenarios.picture import Mark, Trace, on_shown_road, scenario_picture
from scenarios.sampling import sample_many
from sim_bridge.registry import SIMULATORS

SHOWN_DRAWS, FEW_DRAWS = 160, 24
PLAYED_DRAWS = 10
STARTING_NS = 100_000_000  # what begins with the scenario waited for nothing


def show_space(logical: LogicalScenario, seed: int, policy: str, folder: Path) -> Path:
    """Draws a logical scenario from above with its ranges into `<name>_space.png`; returns the path.

    Many draws show where everyone may begin; some of them are played and show where everyone goes.
    """
    draws = sample_many(logical, FEW_DRAWS, seed)
    if draws[0].storyboard is not None and not draws[0].draws:
        draws = draws[:1]  # a file without parameters that vary: all draws are alike
    elif len({repr(draw.road) for draw in draws}) < FEW_DRAWS // 2:  # roads are costly to build
        draws = sample_many(logical, SHOWN_DRAWS, seed)
    rollouts = _played(on_shown_road(draws)[:PLAYED_DRAWS], policy)
    traces = [trace for rollout in rollouts for trace in _traces(rollout)]
    marks = [mark for rollout in rollouts for mark in _marks(rollout)]
    pixels = scenario_picture(logical, draws, traces, marks)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{logical.name or 'scenario'}_space.png"
    Image.fromarray(pixels).save(path)
    return path


def _played(draws: list[ConcreteScenario], policy: str) -> list[Rollout]:
    """Rollouts of the draws; none where the simulator cannot play them, which is said."""
    try:
        return [
            simulate(draw, policy, Choice("embedded")) if draw.storyboard is None else scripted(draw) for draw in draws
        ]
    except RoadloomError as error:
        say(f"the picture shows no ways: {error}")
        return []


def episode_picture(rollout: Rollout, path: Path) -> Path:
    """Writes what happened, moment by moment from above, as a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(film_strip(rollout)).save(path)
    return path


def scripted(scenario: ConcreteScenario) -> Rollout:
    """Plays a scenario with a storyboard as its file tells it, the ego included."""
    session = SIMULATORS.load("embedded")().open([scenario], [scenario.seed])
    try:
        session.run(round(scenario.duration_s / scenario.step_s), "storyboard")
        return session.rollouts()[0]
    finally:
        session.close()


def _traces(rollout: Rollout) -> list[Trace]:
    """Where each actor went."""
    found: list[Trace] = []
    for k, name in enumerate(rollout.actors.ids):
        valid = rollout.valid[:, k]
        points = np.asarray(rollout.world_from_actor.translation_m[valid, k, :2], dtype=np.float64)
        if len(points) > 1:
            found.append(Trace(name, points[:: max(1, len(points) // 120)]))
    return found


def _marks(rollout: Rollout) -> list[Mark]:
    """Where each actor was when what it waited for happened."""
    found: list[Mark] = []
    column = {name: k for k, name in enumerate(rollout.actors.ids)}
    for event in rollout.events:
        begun = event.timestamp_ns - int(rollout.timestamps_ns[0]) > STARTING_NS
        if event.kind == "trigger" and begun and event.actor_ids and event.actor_ids[0] in column:
            row = int(np.searchsorted(rollout.timestamps_ns, event.timestamp_ns))
            name = event.actor_ids[0]
            x, y = rollout.world_from_actor.translation_m[min(row, rollout.num_steps - 1), column[name], :2]
            found.append(Mark(name, (float(x), float(y))))
    return found


def show_scenario(scenario: ConcreteScenario, policy: str, folder: Path, max_frames: int = 3) -> list[Path]:
    """Plays and renders a scenario and writes PNG files into `folder`; returns their paths."""
    recipe = Recipe(scenario, policy, Choice("embedded"), Choice("raytrace"), Choice("standard"), max_frames)
    segment = recipe.make()
    folder.mkdir(parents=True, exist_ok=True)
    pixels = {f"{scenario.name}_above": film_strip(segment.rollout)}
    for number, frame in enumerate(segment.frames):
        for picture in frame_pictures(frame):
            pixels[f"{scenario.name}_{frame.camera}_{number}_{picture.kind}"] = picture.pixels
    for number, sweep in enumerate(segment.sweeps):
        pixels[f"{scenario.name}_{sweep.lidar}_{number}"] = lidar_picture(sweep)
    paths: list[Path] = []
    for name, array in pixels.items():
        paths.append(folder / f"{name}.png")
        Image.fromarray(array).save(paths[-1])
    return paths
