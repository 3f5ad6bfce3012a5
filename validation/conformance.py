"""What every check must keep; plug-in authors run it on theirs."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from driving_data.plain import canonical_text
from driving_data.ports import Check
from driving_data.segment import Raw, Segment


def check_faults(check: Check, segments: Iterable[Segment[Raw]]) -> list[str]:
    """What is wrong with a check, in words; empty where it keeps every rule.

    The rules: it names itself in its verdict; the same segment gives the same verdict; the segment stays as it was;
    a check that is not applicable passes and says why; score and threshold are finite; what fails says why; evidence
    is plain data.
    """
    faults: list[str] = []
    for segment in segments:
        before = fingerprint(segment)
        verdict, again = check.judge(segment), check.judge(segment)
        where = f"{check.name} on {segment.segment_id}"
        if fingerprint(segment) != before:
            faults.append(f"{where}: changes the segment")
        if verdict.check != check.name:
            faults.append(f"{where}: signs as {verdict.check!r}")
        if not verdict.version:
            faults.append(f"{where}: has no version")
        if not (np.isfinite(verdict.score) and np.isfinite(verdict.threshold)):
            faults.append(f"{where}: score {verdict.score} or threshold {verdict.threshold} is not finite")
        if not verdict.applicable and not (verdict.passed and verdict.reason):
            faults.append(f"{where}: is not applicable, but fails or does not say why")
        if not verdict.passed and not verdict.reason:
            faults.append(f"{where}: fails without a reason")
        try:
            if canonical_text(verdict) != canonical_text(again):
                faults.append(f"{where}: gives two verdicts on one segment")
        except (TypeError, ValueError) as error:
            faults.append(f"{where}: evidence is no plain data: {error}")
    return faults


def fingerprint(value: Any) -> str:
    """sha256 of every array and value inside; equal where nothing changed."""
    state = hashlib.sha256()
    _add(state, value)
    return state.hexdigest()


def _add(state: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        state.update(f"{value.dtype}{value.shape}".encode())
        state.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        state.update(type(value).__name__.encode())
        for item in fields(value):
            _add(state, getattr(value, item.name))
    elif isinstance(value, dict):
        for key in value:
            _add(state, key)
            _add(state, value[key])
    elif isinstance(value, (list, tuple)):
        state.update(f"[{len(value)}".encode())
        for item in value:
            _add(state, item)
    else:
        state.update(repr(value).encode())
