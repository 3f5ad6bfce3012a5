"""Random numbers by name: a generator for each purpose, the same whatever else is drawn and in whatever order."""

import hashlib

import numpy as np


def named_generator(seed: int, *name: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the name alone.

    The key of the counter-based Philox generator (Salmon, Moraes, Dror, Shaw, SC 2011) is the SHA-256 of both, so that
    equal names give equal numbers on every machine and no two names share a stream. A longer draw begins with the
    numbers of a shorter one.

    Args:
        seed: of the whole.
        *name: parts of the name, as `"camera_front", "dirt", 3`.
    """
    text = "\x1f".join(str(part) for part in (int(seed) % 2**64, *name))
    key = np.frombuffer(hashlib.sha256(text.encode()).digest()[:16], dtype="<u8")
    return np.random.Generator(np.random.Philox(key=key))
