"""Lights and sensors that fail when a trigger fires: what actors' behaviours say of them, beside the kernels.

The kernels start and end the phase of such an action as of any other; here its moment is read from the batch. A light
fails at the very step at which the trigger fires, and comes back where its programme would have been by then.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import UInt8, UInt16

from driving_data.rollout import FaultSpan
from driving_data.taxonomy import ActorMode, Light, SignalState
from scenarios.behaviour import Behaviour, FailSignal, FaultSensor, Show
from sim_bridge.embedded import layout as at
from sim_bridge.embedded.layout import Batch

SHOWN = {
    "dark": SignalState.OFF, "flashing": SignalState.FLASHING_YELLOW, "conflicting": SignalState.GREEN,
}  # fmt: skip
_AT_WORK = ("digging", "loading", "lifting", "paving", "rolling", "milling", "dumping")
MODE_OF = {
    "stop": ActorMode.SIGN_STOP, "slow": ActorMode.SIGN_SLOW, "go": ActorMode.WAVE_ON, "wave": ActorMode.WAVE_ON,
    "travelling": ActorMode.TRANSIT,
    **dict.fromkeys(_AT_WORK, ActorMode.OPERATIONAL),
}  # fmt: skip
LAMP_OF = {
    "left": Light.LEFT_INDICATOR, "right": Light.RIGHT_INDICATOR, "hazard": Light.HAZARD,
    "emergency": Light.EMERGENCY, "headlight_flash": Light.HIGH_BEAM, "slowing": Light.BRAKE,
}  # fmt: skip
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Triggered:
    """An action beside the motion: whose it is, its bit among that actor's phases, its row of all."""

    actor: int
    bit: int
    phase: int
    node: FailSignal | FaultSensor | Show

    def begun_s(self, batch: Batch, world: int) -> float | None:
        """When it began; None where it has not."""
        if not int(batch.flags[world, at.STARTED, self.actor]) >> self.bit & 1:
            return None
        return float(batch.phase_t[world, self.phase])


def triggered_of(actor: int, first: int, labels: Sequence[str], nodes: Mapping[str, Behaviour]) -> list[Triggered]:
    """Those of one actor, whose phases begin at `first` and have these labels."""
    found: list[Triggered] = []
    for k, label in enumerate(labels):
        node = nodes.get(label)
        if isinstance(node, FailSignal | FaultSensor | Show):
            found.append(Triggered(actor, k, first + k, node))
    return found


def sensor_faults(timed: Sequence[FaultSpan], events: Sequence[Triggered], batch: Batch, world: int) -> tuple[
    FaultSpan, ...
]:  # fmt: skip
    """What has been wrong with the sensors of a world's ego so far, in the order of its beginning."""
    now_ns = round(int(batch.run[world, at.STEP]) * float(batch.world_f[world, at.DT]) * _NS)
    found = [fault for fault in timed if fault.start_ns <= now_ns]
    for event in events:
        begun_s = event.begun_s(batch, world)
        if begun_s is not None and isinstance(event.node, FaultSensor):
            found.append(fault_from(event.node, begun_s))
    return tuple(sorted(found, key=lambda fault: fault.start_ns))


def shown(
    events: Sequence[Triggered], batch: Batch, world: int, shape: tuple[int, int]
) -> tuple[UInt16[np.ndarray, "T A"] | None, UInt8[np.ndarray, "T A"]]:
    """What actors have shown at every step so far: `ActorMode` bits (None where nobody ever can) and `Light` bits."""
    ever = any(isinstance(event.node, Show) and event.node.what in MODE_OF for event in events)
    modes, lights = np.zeros(shape, np.uint16), np.zeros(shape, np.uint8)
    seconds = np.arange(shape[0]) * float(batch.world_f[world, at.DT])
    for event in events:
        begun_s, node = event.begun_s(batch, world), event.node
        if begun_s is None or not isinstance(node, Show):
            continue
        during = (seconds >= begun_s - 1e-9) & (seconds < begun_s + node.duration_s - 1e-9)
        modes[during, event.actor] |= int(MODE_OF.get(node.what, ActorMode.NONE))
        lights[during, event.actor] |= int(LAMP_OF.get(node.what, Light.NONE))
    return (modes if ever else None), lights


def fault_from(node: FaultSensor, begun_s: float) -> FaultSpan:
    """The record of a fault that began then."""
    start = round(begun_s * _NS)
    end = None if node.duration_s is None else start + round(node.duration_s * _NS)
    return FaultSpan(node.sensor, node.kind, node.severity, start, end)


def timed_fault(values: Mapping[str, Any]) -> FaultSpan:
    """The fault of a leaf `sensor_faults`, which begins by the clock."""
    node = FaultSensor(str(values["kind"]), str(values["sensor"] or ""), float(values["severity"]), values["for"])
    return fault_from(node, float(values["from"]))


class FailingLights:
    """Makes the lights of one world fail as its actors' behaviours say."""

    def __init__(self, events: Sequence[Triggered], signal_ids: Sequence[str], world: int) -> None:
        self._events = [event for event in events if isinstance(event.node, FailSignal)]
        self._ids, self._world = signal_ids, world
        self._stuck: dict[int, np.ndarray] = {}
        self._counts = np.zeros(0, dtype=np.int64)

    @property
    def world(self) -> int:
        """Which world of the batch it plays."""
        return self._world

    def begin(self, batch: Batch) -> None:
        """Every light has its programme again."""
        if len(self._counts):
            batch.signal_i[self._world, :, 1] = self._counts
        self._counts = batch.signal_i[self._world, :, 1].copy()
        self._stuck = {}

    def before(self, batch: Batch, drives: bool) -> bool:
        """Says what failed lights show after the coming step; the others follow their programmes."""
        self._set(batch, int(batch.run[self._world, at.STEP]) + 1)
        return bool(batch.run[self._world, at.WORLD_DONE] != 1)

    def after(self, batch: Batch, drives: bool) -> None:
        """Where a trigger has fired in the step, its lights fail in that step already."""
        b, step = self._world, int(batch.run[self._world, at.STEP])
        failed = self._set(batch, step)
        for k, code in failed.items():
            batch.signal[b, k] = code
            batch.log_signal[b, step % batch.log_signal.shape[1], k] = code

    def close(self) -> None:
        """Nothing is held."""

    def _set(self, batch: Batch, step: int) -> dict[int, int]:
        """Which lights show what at a step because they have failed; of several failures the last in order wins."""
        b, dt = self._world, float(batch.world_f[self._world, at.DT])
        failed: dict[int, int] = {}
        for number, event in enumerate(self._events):
            begun_s, node = event.begun_s(batch, b), event.node
            if begun_s is None or not isinstance(node, FailSignal):
                continue
            if number not in self._stuck:
                self._stuck[number] = batch.signal[b].copy()
            lasts = math.inf if node.duration_s is None else node.duration_s
            if step * dt - begun_s < lasts - 1e-9:
                for k, name in enumerate(self._ids):
                    if name.startswith(node.signal):
                        failed[k] = int(self._stuck[number][k] if node.kind == "stuck" else SHOWN[node.kind])
        batch.signal_i[b, :, 1] = self._counts
        for k, code in failed.items():
            batch.signal_i[b, k, 1] = -1
            batch.replay_signal[b, :, k] = code
        return failed
