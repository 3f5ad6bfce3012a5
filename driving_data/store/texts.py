"""JSON of the store: equal bytes for equal values, exact floats, and NaN or infinity written as {"$float": "nan"}."""

import json
import math
from typing import Any, cast

from driving_data.plain import to_plain

_MARK = "$float"


def dump(value: Any) -> bytes:
    """The value (plain data, dataclasses, enums, arrays) as UTF-8 JSON: sorted keys, one line, newline at the end."""
    text = json.dumps(
        _strict(to_plain(value)), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode() + b"\n"


def parse(data: bytes) -> Any:
    """Plain data from what `dump` wrote.

    Raises:
        ValueError: the bytes are no such JSON.
    """
    return json.loads(data.decode(), object_hook=_restore)


def _strict(plain: Any) -> Any:
    if isinstance(plain, float) and not math.isfinite(plain):
        return {_MARK: "nan" if math.isnan(plain) else "inf" if plain > 0 else "-inf"}
    if isinstance(plain, dict):
        return {key: _strict(item) for key, item in cast("dict[str, Any]", plain).items()}
    if isinstance(plain, list):
        return [_strict(item) for item in cast("list[Any]", plain)]
    return plain


def _restore(mapping: dict[str, Any]) -> Any:
    if set(mapping) == {_MARK}:
        return float(mapping[_MARK])
    return mapping
