"""Faults laid over what a rig saw, look after look, with the clean value kept beside each that they changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from driving_data.sensors import FaultKind, Sensor, SensorFault, SensorFrames, SensorKind
from generators.faults.draws import FaultDraws
from generators.faults.pictures import spoiled_events, spoiled_picture, spoiled_thermal
from generators.faults.ranging import spoiled_echoes, spoiled_radar, spoiled_sweep

FAMILIES: Mapping[str, str] = {
    "frames": "camera", "sweeps": "lidar", "radar": "radar", "thermal": "camera", "events": "camera",
    "ultrasonic": "ultrasonic",
}  # fmt: skip
"""Fields of `SensorFrames`, and which field of what they hold names the sensor."""

# As the light goes: what is in front of the lens, the lens, the chip, the wire.
_ORDER = (
    FaultKind.WATER_DROPS, FaultKind.DIRT, FaultKind.BLOCKED, FaultKind.BLUR, FaultKind.EXPOSURE, FaultKind.DEAD_BEAMS,
    FaultKind.BIAS, FaultKind.INTERFERENCE, FaultKind.NOISE, FaultKind.DEAD_PIXELS, FaultKind.FROZEN,
)  # fmt: skip


@dataclass(slots=True)
class FaultLayer:
    """Lays the faults of a rig over its looks, which must come in order of time: a frozen sensor remembers.

    Attributes:
        sensors: of the rig, by name.
        faults: of each sensor that has any.
        start_ns: when the rollout begins.
        seed: of what faults draw.
    """

    sensors: Mapping[str, Sensor]
    faults: Mapping[str, tuple[SensorFault, ...]]
    start_ns: int
    seed: int
    _last: dict[str, Any] = field(default_factory=lambda: {})

    def lay(
        self, seen: SensorFrames, time_ns: int, lost: frozenset[str], nominal: SensorFrames | None = None
    ) -> SensorFrames:
        """What arrives of one look, and in `clean` what would have arrived of each sensor that a fault changed.

        Args:
            seen: as rendered from where the sensors really sit.
            time_ns: true time of the look.
            lost: sensors whose look never arrives.
            nominal: what sensors that a fault has moved would have seen from where they belong.
        """
        if not self.faults:
            return seen
        given: dict[str, tuple[Any, ...]] = {}
        clean: dict[str, tuple[Any, ...]] = {}
        for family, name_of in FAMILIES.items():
            arrived: list[Any] = []
            kept: list[Any] = []
            still = {getattr(value, name_of): value for value in getattr(nominal, family)} if nominal else {}
            for value in getattr(seen, family):
                name = getattr(value, name_of)
                changed = self._changed(value, name, time_ns)
                if name not in lost:
                    arrived.append(changed)
                    self._last[name] = changed
                if changed is not value or name in lost or name in still:
                    kept.append(still.get(name, value))
            given[family], clean[family] = tuple(arrived), tuple(kept)
        beside = replace(SensorFrames(), **clean) if any(clean.values()) else None
        return replace(seen, clean=beside, **given)

    def _changed(self, value: Any, name: str, time_ns: int) -> Any:
        there = [f for f in self.faults.get(name, ()) if f.active((time_ns - self.start_ns) * 1e-9)]
        spoil = spoiler(self.sensors[name])
        for fault in sorted((f for f in there if f.kind in _ORDER), key=lambda f: _ORDER.index(f.kind)):
            value = spoil(value, self._last.get(name), FaultDraws(self.seed, fault, time_ns))
        return value


def spoiler(sensor: Sensor) -> Callable[[Any, Any, FaultDraws], Any]:
    """The function (what it would give, what it gave last, draws) -> what it gives, of a rendered sensor."""
    if sensor.kind is SensorKind.EVENT:
        optics = sensor.model.camera
        return partial(spoiled_events, size=(optics.height_px, optics.width_px))
    with_model: Mapping[SensorKind, Callable[..., Any]] = {
        SensorKind.LIDAR: spoiled_sweep, SensorKind.RADAR: spoiled_radar, SensorKind.ULTRASONIC: spoiled_echoes,
    }  # fmt: skip
    if sensor.kind in with_model:
        return partial(with_model[sensor.kind], model=sensor.model)
    return spoiled_thermal if sensor.kind is SensorKind.THERMAL else spoiled_picture
