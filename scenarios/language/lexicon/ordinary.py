"""Ordinary English words that look like slips of words in the lexicon and must not be repaired."""

import functools
import importlib.resources


@functools.cache
def ordinary_words() -> frozenset[str]:
    """The words of `ordinary.txt`."""
    lines = importlib.resources.files("scenarios.language.lexicon").joinpath("ordinary.txt").read_text(encoding="utf-8")
    return frozenset(word for line in lines.splitlines() if not line.startswith("#") for word in line.split())
