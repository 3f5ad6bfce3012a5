"""Observations and controls as bytes, for policies in other processes. JSON for people, arrays for speed.

Arrays: the four bytes `RLP1`, the length of the header as little-endian uint32, the header as JSON, then the arrays one
after the other, little-endian, row by row. The header's key "arrays" lists name, dtype and shape of each.
JSON: the same header with every array as nested lists under its name in "arrays"; NaN is null, infinities are the
strings "inf" and "-inf", so that every JSON reader takes it.

Requests have the keys call ('reset' or 'act'), session, number and, for 'reset', num_worlds; replies to 'act' hold
the arrays acceleration_mps2 and steering_rad, or the array poses, (B, N, 2 or 3) in the ego frame (see `planned`), with
step_s in the header. Lane maps, sensor frames and faults, radio messages, measured positions and what happened are
not sent; route names are.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from driving_data.errors import RoadloomError
from driving_data.ports import Observation

PROTOCOL = 1
MAGIC = b"RLP1"
ARRAYS_TYPE = "application/x-roadloom-arrays"
JSON_TYPE = "application/json"
MAX_BYTES = 256 * 2**20
_DTYPES = ("<f8", "<f4", "<i8", "|b1")
# What is no array with a row for each world, or would be too much.
NOT_SENT = ("frames", "lane_maps", "routes", "route_spacing_m", "happened", "messages", "localization",
            "sensor_faults")  # fmt: skip
_OBSERVED = tuple(item.name for item in fields(Observation) if item.name not in NOT_SENT)


class WireError(RoadloomError):
    """Bytes that are no message; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A header of plain data and named arrays."""

    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=lambda: {})

    def to_bytes(self, kind: str) -> bytes:
        """The message as JSON or arrays."""
        return _to_json(self) if kind == JSON_TYPE else _to_arrays(self)

    @staticmethod
    def from_bytes(data: bytes, kind: str) -> "Message":
        """Reads a message.

        Raises:
            WireError: it is none, or too large.
        """
        if len(data) > MAX_BYTES:
            raise WireError(f"a message of {len(data)} bytes; at most {MAX_BYTES} are taken")
        return _from_json(data) if kind == JSON_TYPE else _from_arrays(data)


def observation_message(observation: Observation, header: Mapping[str, Any]) -> Message:
    """An observation without lane maps and frames."""
    arrays = {name: np.asarray(getattr(observation, name)) for name in _OBSERVED}
    extra = {"route_spacing_m": float(observation.route_spacing_m), "routes": list(observation.routes)}
    return Message({**header, **extra}, arrays)


def observation_of(message: Message) -> Observation:
    """The observation that a message holds.

    Raises:
        WireError: something is missing or has no fitting shape.
    """
    missing = [name for name in _OBSERVED if name not in message.arrays]
    if missing or "route_spacing_m" not in message.header:
        raise WireError(f"the observation lacks {', '.join(missing) or 'route_spacing_m'}")
    arrays = dict(message.arrays)
    worlds = arrays["done"].shape[0] if arrays["done"].ndim == 1 else -1
    wrong = [name for name in _OBSERVED if arrays[name].shape[:1] != (worlds,)]
    if wrong:
        raise WireError(f"{', '.join(wrong)}: expected one row for each of {worlds} worlds")
    for name in ("kind", "ego_index", "signal_state"):
        arrays[name] = arrays[name].astype(np.int64)
    for name in ("valid", "done"):
        arrays[name] = arrays[name].astype(bool)
    floats = [name for name in _OBSERVED if name not in ("kind", "ego_index", "signal_state", "valid", "done")]
    arrays.update({name: arrays[name].astype(np.float64) for name in floats})
    observed: dict[str, Any] = {name: arrays[name] for name in _OBSERVED}
    return Observation(
        route_spacing_m=float(message.header["route_spacing_m"]),
        routes=tuple(str(name) for name in message.header.get("routes", ())),
        **observed,
    )


def _to_arrays(message: Message) -> bytes:
    listed: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name, array in message.arrays.items():
        code = {"f": "<f4" if array.dtype.itemsize == 4 else "<f8", "b": "|b1"}.get(array.dtype.kind, "<i8")
        listed.append({"name": name, "dtype": code, "shape": list(array.shape)})
        parts.append(np.ascontiguousarray(array, dtype=code).tobytes())
    header = json.dumps({**message.header, "arrays": listed}, allow_nan=False).encode()
    return b"".join([MAGIC, struct.pack("<I", len(header)), header, *parts])


def _from_arrays(data: bytes) -> Message:
    if data[:4] != MAGIC or len(data) < 8:
        raise WireError("not a message of arrays (it does not begin with RLP1)")
    (length,) = struct.unpack("<I", data[4:8])
    header = _object(data[8 : 8 + length])
    listed, place = header.pop("arrays", None), 8 + length
    arrays: dict[str, np.ndarray] = {}
    for item in listed if isinstance(listed, list) else ():
        name, code, shape = _described(item)
        size = math.prod(shape) * np.dtype(code).itemsize
        if place + size > len(data):
            raise WireError(f"{name}: the message ends before the array does")
        # The copy makes it writable and frees the message.
        arrays[name] = np.frombuffer(data, code, math.prod(shape), place).reshape(shape).copy()
        place += size
    if place != len(data):
        raise WireError(f"{len(data) - place} bytes too many after the last array")
    return Message(header, arrays)


def _described(item: Any) -> tuple[str, str, tuple[int, ...]]:
    if isinstance(item, dict):
        name, code, shape = item.get("name"), item.get("dtype"), item.get("shape")
        fits = isinstance(shape, list) and all(isinstance(n, int) and 0 <= n < 2**31 for n in shape)
        if isinstance(name, str) and code in _DTYPES and fits:
            return name, str(code), tuple(shape or ())
    raise WireError(f"no description of an array: {item!r}")


def _to_json(message: Message) -> bytes:
    arrays = {name: _listed(array) for name, array in message.arrays.items()}
    return json.dumps({**message.header, "arrays": arrays}, allow_nan=False).encode()


def _listed(array: np.ndarray) -> Any:
    plain = array.tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return plain
    return _spelled(plain)


def _spelled(value: Any) -> Any:
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _from_json(data: bytes) -> Message:
    header = _object(data)
    arrays = header.pop("arrays", {})
    if not isinstance(arrays, dict):
        raise WireError("'arrays' must be an object of nested lists")
    made: dict[str, np.ndarray] = {}
    for name, value in arrays.items():
        try:
            made[str(name)] = _array(value)
        except (ValueError, TypeError) as error:
            raise WireError(f"{name}: no array: {error}") from error
    return Message(header, made)


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    # None and "inf" make it an array of objects or strings; numpy reads both as float64.
    return array if array.dtype.kind in "bif" else np.asarray(_numbers(value), dtype=np.float64)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return math.nan if value is None else float(value)


def _object(data: bytes) -> dict[str, Any]:
    try:
        header = json.loads(data)
    except (ValueError, UnicodeDecodeError) as error:
        raise WireError(f"no JSON: {error}") from error
    if not isinstance(header, dict):
        raise WireError("a JSON object was expected")
    return header
