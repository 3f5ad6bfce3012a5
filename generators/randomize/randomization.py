"""Domain randomization: a declared parameter space, drawn by counter, written down in provenance.

A draw depends on (seed, index, name) alone, so that a parameter that comes or goes leaves the others as they are.
What is drawn about a rig is kept in the rig, what is drawn about light and weather in the environment: labels and
calibration stay exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from driving_data.environment import Environment
from driving_data.errors import Fault, InputError, nearest_name
from driving_data.geometry import SE3
from driving_data.ports import SceneDescription
from driving_data.sensors import SensorFault, SensorRig, sensors_of
from driving_data.sensors.kinds import meant_fault, possible_words
from generators.randomize.parameters import STANDARD, allowed_texts, dimension_of, dimensions
from scenarios.expressions import Expression, TextFault
from scenarios.parse import parse_value
from scenarios.space import Distribution, Scalar, sample
from scenarios.units import TEXT

_SPACES: Mapping[str, Mapping[str, str]] = {"none": {}, "standard": STANDARD}


@dataclass(frozen=True, slots=True)
class Randomization:
    """A parameter space.

    Attributes:
        name: as in `conf/randomization`.
        space: a distribution for each parameter that is drawn.
    """

    name: str
    space: Mapping[str, Distribution] = field(default_factory=lambda: {})

    def draw(self, seed: int, index: int) -> dict[str, Scalar]:
        """One value for each parameter; mountings, which are drawn for each sensor, are left out."""
        return {
            key: sample(kind, seed, index, f"randomization.{key}")
            for key, kind in self.space.items()
            if not key.startswith("mounting.")
        }

    def draw_mounting(self, seed: int, index: int, sensor: str) -> dict[str, float]:
        """Shift (x, y, z) and turn (roll, pitch, yaw) of one sensor, in its own frame, by parameter."""
        return {
            key: float(sample(kind, seed, index, f"randomization.{key}.{sensor}"))
            for key, kind in self.space.items()
            if key.startswith("mounting.")
        }

    def texts(self) -> dict[str, str]:
        """The space as it is written."""
        return {key: kind.text() for key, kind in self.space.items()}


NOTHING = Randomization("none")


def read_randomization(name: str, parameters: Mapping[str, Any] | None = None, file: str = "") -> Randomization:
    """A ready space ('none', 'standard') or an empty one of another name, changed by `parameters`.

    Args:
        name: name of the space.
        parameters: distributions by parameter, as text (`-0.2..0.2`, `red @ 3 | blue`) or number; None takes
            a parameter out of the space.
        file: where they were written, for messages.

    Raises:
        InputError: with a fault for every entry that is wrong.
    """
    entries: dict[str, Any] = {**_SPACES.get(name, {}), **(parameters or {})}
    if name not in _SPACES and not parameters:
        expected = f"one of {', '.join(_SPACES)}, or parameters"
        raise InputError([_fault(file, "name", "unknown-name", repr(name), expected, nearest_name(name, _SPACES))])
    faults: list[Fault] = []
    space: dict[str, Distribution] = {}
    for key, written in entries.items():
        if written is None:
            continue
        value = _read(key, written, file)
        if isinstance(value, Fault):
            faults.append(value)
        else:
            space[key] = value
    if faults:
        raise InputError(faults)
    return Randomization(name, space)


def _read(key: str, written: Any, file: str) -> Distribution | Fault:
    dimension = dimension_of(key)
    if dimension is None:
        known = dimensions()
        return _fault(
            file, key, "unknown-name", repr(key), "a parameter of the randomization", nearest_name(key, known)
        )
    if isinstance(written, bool) or not isinstance(written, (str, int, float)):
        return _fault(file, key, "wrong-type", repr(written), "a distribution as text, or a number", None)
    try:
        value = parse_value(str(written), dimension)
    except TextFault as fault:
        return _fault(file, key, fault.code, fault.found, fault.expected, fault.nearest)
    if isinstance(value, Expression):
        return _fault(file, key, "not-a-distribution", str(written), "a distribution without other parameters", None)
    allowed = allowed_texts(key)
    if dimension == TEXT and allowed is not None:
        strange = [name for name in _names(value) if name not in allowed]
        if strange:
            near = nearest_name(strange[0], allowed)
            return _fault(file, key, "unknown-name", repr(strange[0]), f"one of {', '.join(allowed)}", near)
    return value


def _names(kind: Distribution) -> list[str]:
    options = getattr(kind, "options", None)
    if options is None:
        return [str(kind.quantile(0.0))]
    return [name for option, _ in options for name in _names(option)]


def _fault(file: str, key: str, code: str, found: str, expected: str, nearest: str | None) -> Fault:
    return Fault(file, 0, 0, f"randomization.{key}", code, found, expected, nearest)


def randomized(
    scene: SceneDescription, rig: SensorRig, randomization: Randomization, seed: int, index: int
) -> tuple[SceneDescription, SensorRig, dict[str, Any]]:
    """The scene and the rig with one draw applied, and every number that was drawn, by name.

    Raises:
        InputError: a fault is drawn for a sensor that the rig has not, or that cannot have it.
    """
    draws: dict[str, Any] = dict(randomization.draw(seed, index))
    environment = _environment(scene.environment, draws)
    look = {key: value for key, value in draws.items() if not key.startswith(("light.", "weather.", "fault."))}
    drawn = replace(scene, environment=environment, appearance={**scene.appearance, **look})
    rig = _faulty(rig, draws)
    mountings: dict[str, Any] = {}
    if any(key.startswith("mounting.") for key in randomization.space):
        rig, mountings = _mounted(rig, randomization, seed, index)
    return drawn, rig, {**draws, **mountings}


def _environment(environment: Environment, draws: Mapping[str, Any]) -> Environment:
    """Light and weather as drawn; the light stays of its kind: an offset makes no night of a day."""
    azimuth = draws.get("light.sun_azimuth", environment.sun_azimuth_rad) + draws.get("light.sun_azimuth_offset", 0.0)
    elevation = draws.get("light.sun_elevation", environment.sun_elevation_rad)
    cover = draws.get("weather.cloud_cover", environment.cloud_cover) + draws.get("weather.cloud_cover_offset", 0.0)
    changed = replace(
        environment,
        sun_azimuth_rad=float(azimuth % (2 * np.pi)),
        sun_elevation_rad=float(elevation),
        cloud_cover=float(np.clip(cover, 0.0, 1.0)),
        rain_mmph=float(draws.get("weather.rain", environment.rain_mmph)),
        snow_mmph=float(draws.get("weather.snow", environment.snow_mmph)),
        fog_visibility_m=float(draws.get("weather.fog_visibility", environment.fog_visibility_m)),
        road_wetness=float(np.clip(draws.get("weather.road_wetness", environment.road_wetness), 0.0, 1.0)),
        wind_mps=float(draws.get("weather.wind", environment.wind_mps)),
    )
    moved = replace(changed, sun_elevation_rad=float(elevation + draws.get("light.sun_elevation_offset", 0.0)))
    return moved if moved.light() == changed.light() else changed


def _faulty(rig: SensorRig, draws: Mapping[str, Any]) -> SensorRig:
    """The rig with the faults that were drawn, from the start to the end; of a sensor that can have them."""
    found: list[SensorFault] = []
    kinds = {sensor.name: sensor.kind for sensor in sensors_of(rig)}
    for key, severity in draws.items():
        if key.startswith("fault.") and float(severity) > 0.0:
            word, _, name = key.removeprefix("fault.").partition(".")
            for sensor in [name] if name else list(kinds):
                kind = meant_fault(word, kinds[sensor]) if sensor in kinds else None
                if kind is not None:
                    found.append(SensorFault(sensor, kind, severity=min(float(severity), 1.0)))
                elif name:
                    listed = kinds if name not in kinds else possible_words(kinds[name])
                    near = nearest_name(name if name not in kinds else word, listed)
                    raise InputError([_fault("", key, "unknown-name", name, f"one of {', '.join(listed)}", near)])
    return replace(rig, faults=(*rig.faults, *found)) if found else rig


def _mounted(rig: SensorRig, randomization: Randomization, seed: int, index: int) -> tuple[SensorRig, dict[str, Any]]:
    drawn: dict[str, Any] = {}

    def shift(sensor: str) -> SE3:
        values = randomization.draw_mounting(seed, index, sensor)
        drawn.update({f"{key}.{sensor}": value for key, value in values.items()})
        turn = np.array([values.get(f"mounting.{name}", 0.0) for name in ("roll", "pitch", "yaw")])
        return SE3.from_rpy(turn, np.array([values.get(f"mounting.{axis}", 0.0) for axis in "xyz"]))

    cameras = tuple(replace(c, ego_from_camera=c.ego_from_camera @ shift(c.name)) for c in rig.cameras)
    lidars = tuple(replace(s, ego_from_lidar=s.ego_from_lidar @ shift(s.name)) for s in rig.lidars)
    return replace(rig, cameras=cameras, lidars=lidars), drawn
