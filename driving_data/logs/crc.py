"""CRC-32C (Castagnoli, polynomial 0x1EDC6F41) as TFRecord files use it, over many bytes at once.

The checksum is linear over GF(2): the message is cut into equal lanes whose registers advance side by side in numpy,
and `crc(a + b) = shift(crc(a), len(b)) xor crc(b)` joins them. Source: RFC 3720, appendix B.4; masking as in the
TFRecord format: rotate right by 15 bits, add 0xA282EAD8.
"""

from functools import lru_cache

import numpy as np

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
_LANES = 1024


def _byte_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(_POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


_TABLE = _byte_table()
_TABLE_INTS: list[int] = [int(value) for value in _TABLE]


def _advance(register: int, data: bytes) -> int:
    for byte in data:
        register = _TABLE_INTS[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register


@lru_cache(maxsize=8)
def _shift_tables(count: int) -> tuple[tuple[int, ...], ...]:
    """What `count` zero bytes make of each byte value in each of the four places of the register."""
    basis = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(count):
        basis = _TABLE[basis & 0xFF] ^ (basis >> 8)
    tables: list[tuple[int, ...]] = []
    for place in range(4):
        values = np.zeros(256, dtype=np.uint32)
        for bit in range(8):
            values ^= np.where(np.arange(256) >> bit & 1, basis[8 * place + bit], 0).astype(np.uint32)
        tables.append(tuple(int(value) for value in values))
    return tuple(tables)


def crc32c(data: bytes) -> int:
    """CRC-32C of the bytes."""
    length = len(data) // _LANES
    if length < 8:
        return _advance(0xFFFFFFFF, data) ^ 0xFFFFFFFF
    lanes = np.frombuffer(data, dtype=np.uint8, count=length * _LANES).reshape(_LANES, length)
    register = np.zeros(_LANES, dtype=np.uint32)
    register[0] = 0xFFFFFFFF
    for column in np.ascontiguousarray(lanes.T):
        register = _TABLE[(register ^ column) & 0xFF] ^ (register >> 8)
    first, second, third, fourth = _shift_tables(length)
    joined = 0
    for value in register.tolist():
        moved = first[joined & 255] ^ second[joined >> 8 & 255] ^ third[joined >> 16 & 255] ^ fourth[joined >> 24]
        joined = moved ^ value
    return _advance(joined, data[length * _LANES :]) ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """The checksum as it stands in a TFRecord file."""
    value = crc32c(data)
    return ((value >> 15 | value << 17) + _MASK) & 0xFFFFFFFF
