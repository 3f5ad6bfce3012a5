"""TFRecord framing and the protobuf wire format, as far as `Scenario` protos of the Waymo motion data need them.

TFRecord: length (uint64), masked CRC-32C of the length, payload, masked CRC-32C of the payload, little-endian.
Wire format: fields of (number << 3 | type): 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from driving_data.logs.crc import masked_crc32c
from driving_data.logs.files import input_error, read_bytes

Value = int | float | memoryview


def tfrecords(path: Path) -> Iterator[bytes]:
    """Payloads of a TFRecord file, each checked against its checksums.

    Raises:
        InputError: a record is cut off or its checksum does not fit.
    """
    data = read_bytes(path)
    position, number = 0, 0
    while position < len(data):
        place = f"record[{number}]"
        header = data[position : position + 12]
        if len(header) < 12:
            raise input_error(path, f"{len(header)} bytes at the end", "a record header of 12 bytes", place=place)
        length, checksum = struct.unpack("<QI", header)
        if masked_crc32c(header[:8]) != checksum:
            raise input_error(path, "a length with a wrong checksum", "an undamaged record", place=place)
        end = position + 12 + length
        if end + 4 > len(data):
            raise input_error(path, f"{len(data) - position - 12} bytes", f"{length + 4} bytes of payload", place=place)
        payload = data[position + 12 : end]
        if masked_crc32c(payload) != struct.unpack_from("<I", data, end)[0]:
            raise input_error(path, "a payload with a wrong checksum", "an undamaged record", place=place)
        yield payload
        position, number = end + 4, number + 1


def looks_like_tfrecord(start: bytes) -> bool:
    """Whether these first bytes are the header of a record."""
    return len(start) >= 12 and masked_crc32c(start[:8]) == struct.unpack_from("<I", start, 8)[0]


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
        if shift > 63:
            raise ValueError("a varint of more than ten bytes")


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and raw value of each field: int for varints, float64 or float32 for fixed sizes, bytes otherwise.

    Raises:
        ValueError: the message is malformed.
        IndexError: it ends inside a field.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = _varint(data, position)
        kind = key & 7
        if kind == 0:
            value, position = _varint(data, position)
            yield key >> 3, value
        elif kind == 1:
            yield key >> 3, struct.unpack_from("<d", data, position)[0]
            position += 8
        elif kind == 5:
            yield key >> 3, struct.unpack_from("<f", data, position)[0]
            position += 4
        elif kind == 2:
            length, position = _varint(data, position)
            if position + length > end:
                raise ValueError("a field longer than its message")
            yield key >> 3, data[position : position + length]
            position += length
        else:
            raise ValueError(f"wire type {kind}")


def signed(value: int) -> int:
    """A varint as the signed integer that it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def integers(value: Value) -> list[int]:
    """A repeated integer field, packed or not."""
    if isinstance(value, int):
        return [signed(value)]
    if not isinstance(value, memoryview):
        raise ValueError("expected integers")
    numbers: list[int] = []
    position = 0
    while position < len(value):
        number, position = _varint(value, position)
        numbers.append(signed(number))
    return numbers


_POINT = np.dtype([("k1", "u1"), ("x", "<f8"), ("k2", "u1"), ("y", "<f8"), ("k3", "u1"), ("z", "<f8")])
_POINT_KEYS = (0x09, 0x11, 0x19)


def points(messages: list[memoryview]) -> np.ndarray:
    """`MapPoint` messages (x = 1, y = 2, z = 3, doubles) as an array (n, 3)."""
    if not messages:
        return np.zeros((0, 3))
    if all(len(message) == _POINT.itemsize for message in messages):
        table = np.frombuffer(b"".join(messages), dtype=_POINT)
        if all((table[f"k{i + 1}"] == key).all() for i, key in enumerate(_POINT_KEYS)):
            return np.stack([table["x"], table["y"], table["z"]], axis=-1)
    result = np.zeros((len(messages), 3))
    for row, message in enumerate(messages):
        for number, value in fields(message):
            if number in (1, 2, 3):
                result[row, number - 1] = value
    return result


_STATE_NAMES = ("x", "y", "z", "length", "width", "height", "heading", "velocity_x", "velocity_y", "valid")
_STATE = np.dtype(
    [
        part
        for index, name in enumerate(_STATE_NAMES)
        for part in ((f"k{index}", "u1"), (name, "<f8" if index < 3 else "<f4" if index < 9 else "u1"))
    ]
)
_STATE_KEYS = (0x11, 0x19, 0x21, 0x2D, 0x35, 0x3D, 0x45, 0x4D, 0x55, 0x58)


def object_states(messages: list[memoryview]) -> np.ndarray:
    """`ObjectState` messages as an array (n, 10): x, y, z, length, width, height, heading, vx, vy, valid."""
    result = np.zeros((len(messages), len(_STATE_NAMES)))
    usual = [row for row, message in enumerate(messages) if len(message) == _STATE.itemsize]
    if usual:
        table = np.frombuffer(b"".join(messages[row] for row in usual), dtype=_STATE)
        fits = np.logical_and.reduce([table[f"k{index}"] == key for index, key in enumerate(_STATE_KEYS)])
        with np.errstate(invalid="ignore"):  # signalling NaNs in states that are not valid
            values = np.stack([table[name].astype(np.float64) for name in _STATE_NAMES], axis=-1)
        rows = np.asarray(usual)
        result[rows[fits]] = values[fits]
        slow = set(rows[~fits].tolist())
    else:
        slow = set[int]()
    slow |= set(range(len(messages))) - set(usual)
    for row in sorted(slow):
        for number, value in fields(messages[row]):
            if 2 <= number <= 11:
                result[row, number - 2] = value
    return result
