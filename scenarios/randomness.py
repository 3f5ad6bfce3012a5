"""Counter-based randomness: a number is a function of (seed, index, path, attempt) and of nothing else.

Philox 4x64-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the same
function as `numpy.random.Philox` with key (seed, index). The path's sha256 fills the counter, so that a leaf that
comes or goes leaves the draws of every other leaf as they are.
"""

import hashlib
from functools import lru_cache

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
