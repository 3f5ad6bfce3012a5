"""Counter-based randomness: a number is a function of (seed, index, path, attempt) and of nothing else.

Philox 4x64-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the same
function as `numpy.random.Philox` with key (seed, index). The path's sha256 fills the counter, so that a leaf that
comes or goes leaves the draws of every other leaf as they are.
"""

import hashlib
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Integer

_MASK = (1 << 64) - 1
_M0, _M1 = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_W0, _W1 = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """Four 64-bit words of the Philox 4x64-10 bijection."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> 64) ^ c1 ^ k0, p1 & _MASK, (p0 >> 64) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + _W0) & _MASK, (k1 + _W1) & _MASK
    return c0, c1, c2, c3


@lru_cache(maxsize=65536)
def path_words(path: str) -> tuple[int, int, int]:
    """The first 192 bits of the path's sha256, as three words."""
    digest = hashlib.sha256(path.encode()).digest()
    words = [int.from_bytes(digest[8 * i : 8 * i + 8], "little") for i in range(3)]
    return words[0], words[1], words[2]


def unit_draw(seed: int, index: int, path: str, attempt: int = 0) -> float:
    """A number in [0, 1) with 53 random bits; `attempt` counts the tries of a restriction."""
    words = path_words(path)
    first = philox((attempt & _MASK, *words), (seed & _MASK, index & _MASK))[0]
    return (first >> 11) * 2.0**-53


def unit_draws(
    seed: int, indices: Integer[np.ndarray, "N"], path: str, attempt: int = 0
) -> Float[np.ndarray, "N"]:  # fmt: skip
    """`unit_draw` for many indices at once: the same numbers, bit for bit."""
    words = np.array([attempt & _MASK, *path_words(path)], dtype=np.uint64)
    found = np.empty(len(indices))
    # Blocks that stay in the cache of one core; longer ones are slower.
    for start in range(0, len(indices), _BLOCK):
        keys = indices[start : start + _BLOCK].astype(np.uint64)
        first = _philox_rows(words, seed & _MASK, keys)
        found[start : start + _BLOCK] = (first >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return found


_BLOCK = 4096
_LOW32, _SHIFT32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def _philox_rows(counter: np.ndarray, first_key: int, keys: np.ndarray) -> np.ndarray:
    """First word of Philox 4x64-10 for one counter, one first key word and many second key words."""
    c0, c1, c2, c3 = (np.full(len(keys), word, dtype=np.uint64) for word in counter)
    for round_ in range(10):
        k0 = np.uint64((first_key + round_ * _W0) & _MASK)
        k1 = keys + np.uint64(round_ * _W1 & _MASK)
        high0, low0 = _wide_product(_M0, c0)
        high1, low1 = _wide_product(_M1, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
    return c0


def _wide_product(constant: int, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """High and low words of the 128-bit products of a constant with 64-bit words, from products of their halves."""
    a0, a1 = np.uint64(constant & 0xFFFFFFFF), np.uint64(constant >> 32)
    b0, b1 = words & _LOW32, words >> _SHIFT32
    low, cross = a0 * b0, a1 * b0
    cross += low >> _SHIFT32
    middle = a0 * b1
    middle += cross & _LOW32
    high = a1 * b1
    high += cross >> _SHIFT32
    high += middle >> _SHIFT32
    return high, np.uint64(constant) * words
