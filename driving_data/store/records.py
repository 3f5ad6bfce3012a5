"""Any dataclass with arrays as one file: its arrays as they are, the rest as JSON that points to them.

An `.npz` whose entry `plain` is the JSON text; `{"array": 3}` in it stands for the entry `a003`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from driving_data.plain import from_plain, to_plain
from driving_data.store import arrays, texts

_PLAIN = "plain"


def to_record(value: Any) -> bytes:
    """The value, a dataclass or a sequence of them, as bytes; the same bytes for the same value.

    Raises:
        TypeError: a part has no plain form.
    """
    found: dict[str, np.ndarray] = {}
    plain = _without_arrays(value, found)
    text = np.frombuffer(texts.dump(plain), dtype=np.uint8)
    return arrays.to_npz({_PLAIN: text, **found}, compressed=True)


def from_record(kind: Any, data: bytes) -> Any:
    """What `to_record` wrote, as the annotated type `kind`.

    Raises:
        ValueError: the bytes are damaged or another type's.
    """
    found = arrays.from_npz(data)
    return from_plain(kind, _with_arrays(texts.parse(found[_PLAIN].tobytes()), found))


def _without_arrays(value: Any, found: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        name = f"a{len(found):03d}"
        found[name] = value
        return {"array": name}
    if is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: _without_arrays(getattr(value, field.name), found) for field in fields(value)}
        return {"type": type(value).__name__, **plain}
    if isinstance(value, Mapping):
        return {str(key): _without_arrays(item, found) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_without_arrays(item, found) for item in value]
    return to_plain(value)


def _with_arrays(plain: Any, found: Mapping[str, np.ndarray]) -> Any:
    if isinstance(plain, dict):
        if set(plain) == {"array"} and plain["array"] in found:
            return found[plain["array"]]
        return {key: _with_arrays(item, found) for key, item in plain.items()}
    if isinstance(plain, list):
        return [_with_arrays(item, found) for item in plain]
    return plain
