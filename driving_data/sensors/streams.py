"""What a segment holds of sensors beyond pictures, sweeps and radar returns."""

from dataclasses import dataclass

from driving_data.sensors.clock import Timing
from driving_data.sensors.faults import MountingTruth
from driving_data.sensors.frames import (
    EventStream,
    GnssFixes,
    ImuSamples,
    OdometrySamples,
    SensorFrames,
    ThermalFrame,
    UltrasonicEchoes,
)


@dataclass(frozen=True, slots=True, eq=False)
class SensorStreams:
    """Further sensors of a segment, when each looked, where each really sat, and what faults hid.

    Attributes:
        thermal: long-wave infrared pictures in time order.
        events: event streams in time order.
        ultrasonic: echoes in time order.
        imu: one per inertial unit.
        gnss: one per receiver.
        odometry: one per odometer.
        timing: one per sensor.
        mountings: one per sensor that does not sit where the rig says.
        clean: what faulty sensors would have given, of pictures, sweeps, returns and the rest; None without faults.
        added_ns: moments of the rollout that were put between its own ones because a sensor looked then.
    """

    thermal: tuple[ThermalFrame, ...] = ()
    events: tuple[EventStream, ...] = ()
    ultrasonic: tuple[UltrasonicEchoes, ...] = ()
    imu: tuple[ImuSamples, ...] = ()
    gnss: tuple[GnssFixes, ...] = ()
    odometry: tuple[OdometrySamples, ...] = ()
    timing: tuple[Timing, ...] = ()
    mountings: tuple[MountingTruth, ...] = ()
    clean: SensorFrames | None = None
    added_ns: tuple[int, ...] = ()


NO_STREAMS = SensorStreams()
