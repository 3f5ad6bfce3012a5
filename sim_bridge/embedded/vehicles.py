"""Parameter sets of vehicles, each with the source of its numbers.

Where a source has no number of its own the set says `assumed`; `docs/dynamics.md` has the table. A scenario gives
the size and the wheelbase of its ego; a set is stretched to that wheelbase (`fitted`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from driving_data.taxonomy import ActorClass
from sim_bridge.embedded import layout as at

AIR_KGPM3 = 1.2


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle with two axles (an axle group counts as one).

    Attributes:
        source: where the numbers come from.
        mass_kg: in running order.
        yaw_inertia_kgm2: about the vertical through its centre of gravity.
        front_m: from the centre of gravity forward to the front axle.
        rear_m: from the centre of gravity back to the rear axle.
        cg_height_m: of the centre of gravity above the ground.
        cornering_front_1prad: cornering stiffness of the front axle over its load.
        cornering_rear_1prad: the same of the rear axle.
        drive_front: share of the drive at the front axle.
        brake_front: share of the braking at the front axle.
        max_drive_mps2: strongest drive at low speed, over the mass.
        power_w: of the engine, at the wheels.
        max_brake_mps2: what the brakes ask of the tyres when fully applied, over the mass.
        drag_area_m2: drag coefficient times frontal area.
        rolling: rolling resistance coefficient.
        antilock: whether the wheels neither lock nor spin.
        track_m: between the wheels of an axle.
        max_steering_rad: largest road-wheel angle.
        steering_rate_radps: fastest change of that angle.
        grip_along: share of the road's friction that its tyres have along the wheel.
        grip_across: the same across the wheel.
    """

    source: str
    mass_kg: float
    yaw_inertia_kgm2: float
    front_m: float
    rear_m: float
    cg_height_m: float
    cornering_front_1prad: float
    cornering_rear_1prad: float
    drive_front: float
    brake_front: float
    max_drive_mps2: float
    power_w: float
    max_brake_mps2: float
    drag_area_m2: float
    rolling: float
    antilock: bool
    track_m: float
    max_steering_rad: float
    steering_rate_radps: float
    grip_along: float = 1.0
    grip_across: float = 1.0

    @property
    def wheelbase_m(self) -> float:
        """Distance between the axles."""
        return self.front_m + self.rear_m

    def understeer_rad(self) -> float:
        """Understeer gradient: extra steering angle per g of lateral acceleration, in rad.

        K = W_f / C_f - W_r / C_r; Gillespie, Fundamentals of Vehicle Dynamics (1992), chapter 6. With stiffness in
        proportion to load it is the difference of the inverse coefficients.
        """
        return 1.0 / self.cornering_front_1prad - 1.0 / self.cornering_rear_1prad

    def fitted(self, wheelbase_m: float) -> "Vehicle":
        """The same vehicle stretched to a wheelbase: arms in proportion, yaw inertia with their square."""
        scale = wheelbase_m / self.wheelbase_m
        return replace(
            self,
            front_m=self.front_m * scale,
            rear_m=self.rear_m * scale,
            yaw_inertia_kgm2=self.yaw_inertia_kgm2 * scale**2,
        )

    def row(self) -> Float[np.ndarray, "columns"]:
        """The numbers as the kernels want them, columns as in `layout` (`V_MASS` ...)."""
        row = np.zeros(at.VEHICLE_COLUMNS)
        row[at.V_MASS], row[at.V_INERTIA] = self.mass_kg, self.yaw_inertia_kgm2
        row[at.V_FRONT], row[at.V_REAR], row[at.V_HEIGHT] = self.front_m, self.rear_m, self.cg_height_m
        row[at.V_CORNER_F], row[at.V_CORNER_R] = self.cornering_front_1prad, self.cornering_rear_1prad
        row[at.V_DRIVE_F], row[at.V_BRAKE_F] = self.drive_front, self.brake_front
        row[at.V_MAX_DRIVE], row[at.V_POWER] = self.max_drive_mps2, self.power_w
        row[at.V_MAX_BRAKE], row[at.V_DRAG] = self.max_brake_mps2, 0.5 * AIR_KGPM3 * self.drag_area_m2
        row[at.V_ROLLING], row[at.V_ANTILOCK] = self.rolling, float(self.antilock)
        row[at.V_TRACK] = self.track_m
        row[at.V_GRIP_X], row[at.V_GRIP_Y] = self.grip_along, self.grip_across
        return row


_COMMONROAD = (
    "CommonRoad vehicle models 3.0.2 (Althoff, Koschi, Manzinger, IV 2017; Althoff, Wuersching, 2020), vehicle {}: "
    "mass, inertia, axles, centre of gravity, steering limits, power (m a_max v_switch), tyre slope p_ky1; drag, "
    "rolling, brake share from Gillespie (1992); front axle softened by the compliance of its steering (assumed)"
)
# Slope of the lateral force over the load, p_ky1 of CommonRoad's tyre; the front axle gives way with its steering.
_TYRE, _STEERED = 21.92, 15.0

FORD_ESCORT = Vehicle(
    _COMMONROAD.format("1, Ford Escort"), 1225.8878, 1538.8534, 0.88392, 1.50876, 0.557784, _STEERED, _TYRE, 1.0, 0.68,
    4.5, 67_035.0, 11.5, 0.70, 0.013, True, 1.389888, 0.91, 0.4,
)  # fmt: skip
BMW_320I = Vehicle(
    _COMMONROAD.format("2, BMW 320i"), 1093.2952, 1791.5995, 1.1561957, 1.4227171, 0.574869, _STEERED, _TYRE, 0.0,
    0.64, 4.5, 92_022.0, 11.5, 0.66, 0.013, True, 1.38684, 1.066, 0.4,
)  # fmt: skip
VW_VANAGON = Vehicle(
    _COMMONROAD.format("3, VW Vanagon"), 1478.8980, 2473.1177, 1.1507916, 1.3211364, 0.747817, _STEERED, _TYRE, 0.0,
    0.66, 3.0, 133_065.0, 11.5, 1.30, 0.013, True, 1.574292, 1.023, 0.4,
)  # fmt: skip
_HEAVY = (
    "assumed within the ranges of Wong, Theory of Ground Vehicles (2008), chapters 1 and 5, and Fancher et al., A "
    "Factbook of the Mechanical Properties of the Components for Single-Unit and Articulated Heavy Trucks, UMTRI-86-12 "
    "(1986): tyre slope 0.1 to 0.16 per degree of load, centre of gravity 1.0 to 2.0 m; UN R13: 5.0 m/s^2"
)
VAN = Vehicle(
    "assumed: Mercedes Sprinter 3.5 t half laden (data sheet: wheelbase 3.665 m, 105 kW); otherwise as the Vanagon",
    2700.0, 6100.0, 1.83, 1.835, 0.85, 13.0, 18.0, 0.0, 0.62, 3.0, 95_000.0, 10.5, 1.75, 0.012, True, 1.72, 0.70, 0.5,
)  # fmt: skip
BUS = Vehicle(
    _HEAVY + "; 12 m city bus, half full", 14_000.0, 150_000.0, 3.55, 2.35, 1.25, 7.5, 9.5, 0.0, 0.55, 1.6, 210_000.0,
    7.0, 5.2, 0.008, True, 2.05, 0.80, 0.6,
)  # fmt: skip
RIGID_TRUCK = Vehicle(
    _HEAVY + "; 18 t lorry, two axles, laden to 14 t", 14_000.0, 80_000.0, 3.20, 1.80, 1.55, 6.5, 8.5, 0.0, 0.50, 1.3,
    210_000.0, 7.0, 6.0, 0.007, True, 1.95, 0.70, 0.6,
)  # fmt: skip
SEMI_TRACTOR = Vehicle(
    "CommonRoad vehicle models 3.0.2, vehicle 4 (semi-trailer truck): axles, steering; mass and the rest "
    + _HEAVY + "; 4x2 tractor, 7.5 t", 7_500.0, 20_500.0, 1.25, 2.35, 1.05, 6.0, 8.5, 0.0, 0.55, 1.3, 320_000.0, 7.0,
    6.0, 0.007, True, 2.05, 0.55, 0.7103,
)  # fmt: skip

VEHICLES: Mapping[str, Vehicle] = {
    "ford_escort": FORD_ESCORT,
    "bmw_320i": BMW_320I,
    "vw_vanagon": VW_VANAGON,
    "van": VAN,
    "bus": BUS,
    "rigid_truck": RIGID_TRUCK,
    "semi_tractor": SEMI_TRACTOR,
    "semi_tractor_without_antilock": replace(SEMI_TRACTOR, antilock=False),
}
USUAL: Mapping[ActorClass, str] = {
    ActorClass.VAN: "van",
    ActorClass.TRUCK: "rigid_truck",
    ActorClass.BUS: "bus",
    ActorClass.EMERGENCY_VEHICLE: "van",
    ActorClass.CONSTRUCTION_VEHICLE: "rigid_truck",
}


def usual_vehicle(kind: ActorClass, tows: bool = False) -> Vehicle:
    """The set that stands for a class of ego; a truck with a trailer is a tractor."""
    if kind is ActorClass.TRUCK and tows:
        return SEMI_TRACTOR
    return VEHICLES[USUAL.get(kind, "bmw_320i")]
