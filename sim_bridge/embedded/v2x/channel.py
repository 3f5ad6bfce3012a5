"""How strong a signal arrives, and whether a message survives the channel.

Received power = transmitted power - path loss - blockage - shadowing, times fast fading. Path loss, shadowing and
the loss behind vehicles are those of 3GPP TR 37.885 (2019), table 6.2.1-1 and section 6.2.1, d in m, f in GHz:

    highway, in sight             32.40 + 20.0 log d + 20.0 log f      shadowing 3 dB
    town, in sight                38.77 + 16.7 log d + 18.2 log f      shadowing 3 dB
    behind a building             36.85 + 30.0 log d + 18.9 log f      shadowing 4 dB
    behind a vehicle              besides max(0, N(mean, spread)):
        both antennas lower       mean 9 + max(0, 15 log d - 41), spread 4.5 dB
        one antenna lower         mean 5 + max(0, 15 log d - 41), spread 4 dB
        both antennas higher      nothing

Shadowing stays alike over 10 m in town and 25 m on highways (first-order, Gudmundson, Electron. Lett. 27, 2145,
1991). Fading is Nakagami with m = 3 below 50 m, 1.5 below 150 m, 1 beyond (Torrent-Moreno, Jiang, Hartenstein, VANET
2004). A message is received when its power reaches -82 dBm, the sensitivity that IEEE 802.11 asks of QPSK 1/2 (6
Mbit/s) on 10 MHz, and no hidden station talks meanwhile.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import gammaincinv

CARRIER_GHZ = 5.9
POWER_DBM = 23.0
SENSITIVITY_DBM, CARRIER_SENSE_DBM = -82.0, -85.0
NEAREST_M = 1.0
# 300 bytes at 6 Mbit/s: 40 us of preamble, then symbols of 8 us with 48 bits, 16 + 6 bits of service and tail.
AIR_TIME_S = 40e-6 + 8e-6 * np.ceil((16 + 6 + 8 * 300) / 48)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What kind of place the channel is in: `town`, else highway."""

    town: bool = False

    @property
    def correlation_m(self) -> float:
        """Way over which shadowing stays alike."""
        return 10.0 if self.town else 25.0


def path_loss_db(
    distance_m: Float[np.ndarray, "*n"], behind_building: Bool[np.ndarray, "*n"], town: bool
) -> Float[np.ndarray, "*n"]:
    """Mean loss on the way; nothing is nearer than 1 m."""
    log_d, log_f = np.log10(np.maximum(distance_m, NEAREST_M)), np.log10(CARRIER_GHZ)
    seen = 38.77 + 16.7 * log_d + 18.2 * log_f if town else 32.4 + 20.0 * log_d + 20.0 * log_f
    return np.asarray(np.where(behind_building, 36.85 + 30.0 * log_d + 18.9 * log_f, seen))


def shadowing_db(behind_building: Bool[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Standard deviation of the shadowing."""
    return np.asarray(np.where(behind_building, 4.0, 3.0))


def blockage_db(
    distance_m: Float[np.ndarray, "*n"],
    lower_m: Float[np.ndarray, "*n"],
    higher_m: Float[np.ndarray, "*n"],
    blocker_m: Float[np.ndarray, "*n"],
    normal: Float[np.ndarray, "*n"],
) -> Float[np.ndarray, "*n"]:
    """Loss behind a vehicle of height `blocker_m` (-inf for none) between antennas of these two heights."""
    far = np.maximum(15.0 * np.log10(np.maximum(distance_m, NEAREST_M)) - 41.0, 0.0)
    both = higher_m < blocker_m
    mean, spread = np.where(both, 9.0, 5.0) + far, np.where(both, 4.5, 4.0)
    return np.asarray(np.where(lower_m > blocker_m, 0.0, np.maximum(mean + spread * normal, 0.0)))


def fading_shape(distance_m: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """The m of Nakagami's distribution."""
    return np.asarray(np.where(distance_m < 50.0, 3.0, np.where(distance_m < 150.0, 1.5, 1.0)))


def fading_db(distance_m: Float[np.ndarray, "*n"], uniform: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """Gain by fast fading: the power is gamma-distributed with mean 1 and shape m."""
    shape = fading_shape(distance_m)
    return np.asarray(10.0 * np.log10(np.maximum(gammaincinv(shape, uniform) / shape, 1e-12)))


def sensing_range_m(town: bool) -> float:
    """Distance at which a station in sight is just sensed."""
    room = POWER_DBM - CARRIER_SENSE_DBM
    fixed = float(path_loss_db(np.array([1.0]), np.array([False]), town)[0])
    return float(10.0 ** ((room - fixed) / (16.7 if town else 20.0)))


def hidden_rate_hz(
    distance_m: Float[np.ndarray, "n"], hidden_hz: Float[np.ndarray, "n"], background: float, town: bool
) -> Float[np.ndarray, "n"]:
    """Messages per second at the receiver from stations that the sender does not sense.

    Those of simulated stations are given. Of the background load, stations spread evenly along a road, the share
    d / 2R lies within the range R of the receiver and outside that of the sender.
    """
    share = np.minimum(distance_m / (2.0 * sensing_range_m(town)), 1.0)
    return np.asarray(hidden_hz + share * background / AIR_TIME_S)


def survives_collisions(rate_hz: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Probability that no hidden station begins within an air time before or during a message: exp(-2 T rate)."""
    return np.asarray(np.exp(-2.0 * AIR_TIME_S * rate_hz))


def gap_for_load_s(busy: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Shortest time between two messages of a station that finds the channel busy for this share of the time.

    The reactive control of ETSI TS 102 687 V1.2.1, annex A, for messages of at most half a millisecond.
    """
    return np.asarray(np.select([busy < 0.3, busy < 0.4, busy < 0.5, busy < 0.65], [0.05, 0.1, 0.2, 0.25], 1.0))
