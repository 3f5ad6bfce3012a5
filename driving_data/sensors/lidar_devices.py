"""Lidars that can be bought: beams, firing times, ranges and noise as their makers publish them.

Angles are nominal; every unit that is sold brings its own calibration, which `lidar_from_table` reads. Sources:

- VLP-16: Velodyne, VLP-16 User Manual 63-9243: 16 beams from -15 to 15 degrees, one laser each 2.304 us in the order of
  its elevation table (-15, 1, -13, 3, ...), 55.296 us a cycle, 100 m, 3 cm, 3.0 mrad.
- HDL-32E: Velodyne, HDL-32E User's Manual 63-9113: -30.67 to 10.67 degrees, fired -30.67, -9.33, -29.33, -8.00, ...,
  each 1.152 us, 46.08 us a cycle, 100 m, 2 cm, 2.8 mrad.
- HDL-64E: Velodyne, HDL-64E S3 User Manual 63-HDL64ES3: an upper block of 32 beams from 2 to -8.33 degrees every third
  of a degree, a lower one from -8.83 to -24.33 every half, one laser of each block at a time, 120 m (50 m for 10 %
  reflectivity), 2 cm, 2 mrad.
- OS1-64 (first generation) and OS1-128 (revision 6): Ouster's data sheets and example metadata: even elevations over
  33.2 and 45 degrees, four columns of beams (3.16, 1.05, -1.05, -3.16; 4.2, 1.4, -1.4, -4.2 degrees), all beams of a
  column at once, 1024 columns, 40 m and 100 m for 10 % reflectivity.
- Pandar64: Hesai, Pandar64 User Manual 64-en-200: a sixth of a degree from 2 to -6 degrees, 1 to 3 degrees above, 1
  degree and more below; columns of 1.042, 3.125 and 5.208 degrees; 200 m for 10 % reflectivity.
- Pandar128: Hesai, Pandar128E3X User Manual 128-en: an eighth of a degree from 2 to -6 degrees, half a degree above to
  14.5 and below to -25; its azimuth offsets (up to 11 degrees) differ by unit and are left out; 200 m for 10 %
  reflectivity.
- Mid-40: Livox Mid Series User Manual and R. G. Brazeal et al., Sensors 21, 4722 (2021): 100,000 points/s, a circle of
  38.4 degrees, 90 m for 10 % reflectivity, 2 cm, 0.28 degrees by 0.03 degrees (the mean is used).
- RS-LiDAR-M1: RoboSense, RS-LiDAR-M1 User Guide: a mirror sweeps 5 beams over 120 by 25 degrees, 126 lines of 125
  points each, 78,750 points a frame at 10 Hz, 150 m for 10 % reflectivity, 5 cm.

Where a data sheet says nothing (divergence of some, pulse width) a usual value stands in the table.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.errors import Fault, InputError
from driving_data.geometry import SE3
from driving_data.sensors.models import LidarModel


def lidar_device(device: str, name: str, ego_from_lidar: SE3) -> LidarModel:
    """A lidar as it is sold.

    Args:
        device: key of `DEVICES`.
        name: in the rig.
        ego_from_lidar: mounting.

    Raises:
        KeyError: no such device.
    """
    if device not in DEVICES:
        raise KeyError(f"no lidar device {device!r}; there are {sorted(DEVICES)}")
    return replace(DEVICES[device](), name=name, ego_from_lidar=ego_from_lidar, device=device)


def lidar_from_table(path: Path, name: str, ego_from_lidar: SE3) -> LidarModel:
    """A spinning lidar whose beams stand in a JSON table of row offsets, as calibrated units bring it.

    Keys: `row_elevations_rad` (highest first or lowest first), `row_azimuth_offsets_rad` (left positive),
    `column_azimuths_rad` (clockwise), `spinning_frequency_hz`, `spinning_direction` ('cw' only), `n_rows`, `n_columns`.
    Ranges and noise are those of `LidarModel`; set them with `dataclasses.replace`.

    Raises:
        InputError: a key is missing or wrong; all of them at once.
    """
    plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    faults = _table_faults(path, plain)
    if faults:
        raise InputError(faults)
    rows = np.array(plain["row_elevations_rad"], dtype=np.float64)
    offsets = np.array(plain["row_azimuth_offsets_rad"], dtype=np.float64)
    order = np.argsort(rows, kind="stable")
    return LidarModel(
        name, _floats(rows[order]), int(plain["n_columns"]), ego_from_lidar, float(plain["spinning_frequency_hz"]),
        azimuth_offset_rad=_floats(offsets[order]) if np.any(offsets) else (), device=path.stem,
        start_azimuth_rad=float(plain["column_azimuths_rad"][0]),
    )  # fmt: skip


_TABLE_KEYS = (
    "row_elevations_rad", "row_azimuth_offsets_rad", "column_azimuths_rad", "spinning_frequency_hz",
    "spinning_direction", "n_rows", "n_columns",
)  # fmt: skip


def _table_faults(path: Path, plain: Mapping[str, Any]) -> list[Fault]:
    faults = [
        Fault(str(path), 0, 0, key, "missing-key", "nothing", f"the key {key!r}") for key in _TABLE_KEYS
        if key not in plain
    ]  # fmt: skip
    if faults:
        return faults
    for key, count in (("row_elevations_rad", "n_rows"), ("row_azimuth_offsets_rad", "n_rows"),
                       ("column_azimuths_rad", "n_columns")):  # fmt: skip
        if len(plain[key]) != plain[count]:
            found, wanted = f"{len(plain[key])} values", f"{plain[count]}, as {count} says"
            faults.append(Fault(str(path), 0, 0, key, "wrong-length", found, wanted))
    if plain["spinning_direction"] != "cw":
        found = repr(plain["spinning_direction"])
        faults.append(Fault(str(path), 0, 0, "spinning_direction", "wrong-value", found, "'cw'"))
    return faults


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _spinning(
    elevation_deg: np.ndarray, num_azimuths: int, max_range_m: float, dark_range_m: float, range_noise_m: float,
    divergence_rad: float, min_range_m: float = 1.0, azimuth_deg: np.ndarray | None = None,
    fired_s: np.ndarray | None = None,
) -> LidarModel:  # fmt: skip
    """A spinning model with its beams sorted from the lowest up."""
    order = np.argsort(elevation_deg, kind="stable")
    return LidarModel(
        "lidar", _floats(np.deg2rad(elevation_deg[order])), num_azimuths, SE3.identity(), min_range_m=min_range_m,
        max_range_m=max_range_m, range_noise_m=range_noise_m, divergence_rad=divergence_rad, returns=2,
        dark_range_m=dark_range_m, azimuth_offset_rad=() if azimuth_deg is None else _floats(
            np.deg2rad(azimuth_deg[order])),
        firing_offset_s=() if fired_s is None else _floats(fired_s[order]),
    )  # fmt: skip


def _vlp_16() -> LidarModel:
    laser = np.arange(16)
    elevation = np.where(laser % 2 == 0, laser - 15.0, laser + 0.0)
    return _spinning(elevation, 1808, 100.0, 45.0, 0.02, 3.0e-3, 0.5, fired_s=2.304e-6 * laser)


def _hdl_32e() -> LidarModel:
    laser = np.arange(32)
    elevation = np.where(laser % 2 == 0, -30.67 + 4.0 / 3.0 * (laser // 2), -9.33 + 4.0 / 3.0 * (laser // 2))
    return _spinning(elevation, 2170, 100.0, 70.0, 0.02, 2.8e-3, fired_s=1.152e-6 * laser)


def _hdl_64e() -> LidarModel:
    upper, lower = 2.0 - np.arange(32) / 3.0, -8.83 - 0.5 * np.arange(32)
    fired = np.tile(np.arange(32) * 1.5e-6, 2)
    return _spinning(np.concatenate([upper, lower]), 2083, 120.0, 50.0, 0.02, 2.0e-3, 0.9, fired_s=fired)


def _os1_64() -> LidarModel:
    columns = np.tile([3.164, 1.055, -1.055, -3.164], 16)
    return _spinning(np.linspace(16.611, -16.611, 64), 1024, 120.0, 40.0, 0.015, 2.3e-3, 0.8, columns)


def _os1_128() -> LidarModel:
    columns = np.tile([4.2, 1.4, -1.4, -4.2], 32)
    return _spinning(np.linspace(22.5, -22.5, 128), 1024, 200.0, 100.0, 0.01, 3.1e-3, 0.5, columns)


def _pandar64() -> LidarModel:
    fine = 2.0 - np.arange(49) / 6.0
    elevation = np.concatenate([[15.0, 11.0, 8.0, 5.0, 3.0], fine, np.arange(-7.0, -15.0, -1.0), [-19.0, -25.0]])
    columns = np.full(64, -1.042)
    columns[6:54] = np.tile([1.042, 3.125, 5.208, -5.208, -3.125, -1.042], 8)
    return _spinning(elevation, 1800, 230.0, 200.0, 0.02, 1.8e-3, 0.3, columns)


def _pandar128() -> LidarModel:
    fine = 2.0 - 0.125 * np.arange(65)
    above, below = 2.5 + 0.5 * np.arange(25), -6.5 - 0.5 * np.arange(38)
    elevation = np.concatenate([above, fine, below])
    return _spinning(elevation, 1800, 230.0, 200.0, 0.02, 1.7e-3, 0.3)


def _mid_40() -> LidarModel:
    return LidarModel(
        "lidar", (0.0,), 10_000, SE3.identity(), max_range_m=260.0, range_noise_m=0.02, pattern="risley",
        divergence_rad=2.7e-3, returns=1, dark_range_m=90.0,
    )  # fmt: skip


def _m1() -> LidarModel:
    azimuth = np.deg2rad(48.0 - 24.0 * np.arange(5))
    return LidarModel(
        "lidar", (0.0,) * 5, 126 * 125, SE3.identity(), min_range_m=0.5, max_range_m=200.0, range_noise_m=0.03,
        azimuth_offset_rad=_floats(azimuth), pattern="raster", divergence_rad=2.5e-3, returns=2, dark_range_m=150.0,
    )  # fmt: skip


DEVICES: Mapping[str, Callable[[], LidarModel]] = {
    "VLP-16": _vlp_16, "HDL-32E": _hdl_32e, "HDL-64E": _hdl_64e, "OS1-64": _os1_64, "OS1-128": _os1_128,
    "Pandar64": _pandar64, "Pandar128": _pandar128, "Mid-40": _mid_40, "RS-LiDAR-M1": _m1,
}  # fmt: skip
