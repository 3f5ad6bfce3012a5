"""Pickles from outside, read without running anything that they name.

Two guards. First the opcodes are walked with `pickletools`, and only those that build containers, strings, numbers
and the few allowed globals may pass. Then the allowed globals resolve not to numpy but to plain stand-ins of ours,
which rebuild arrays from raw bytes themselves: numpy's own `__setstate__` trusts its input, ours does not.
"""

import pickle
import pickletools
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from driving_data.logs.files import input_error, read_bytes, told_as_input_error

_OPCODE_NAMES = """
PROTO FRAME STOP MARK POP POP_MARK DUP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT
SHORT_BINSTRING BINSTRING SHORT_BINBYTES BINBYTES BINBYTES8 SHORT_BINUNICODE BINUNICODE BINUNICODE8
EMPTY_LIST APPEND APPENDS LIST EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS
EMPTY_SET ADDITEMS FROZENSET GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL REDUCE BUILD
"""
_OPCODES = frozenset(_OPCODE_NAMES.split())
_KINDS = frozenset("biufSU")
_MAX_VALUES = 50_000_000


class _Dtype:
    """Stand-in for `numpy.dtype`: a plain number or string type, nothing else."""

    __slots__ = ("code", "order")

    def __init__(self, *arguments: Any) -> None:
        code = arguments[0] if arguments else None
        if not isinstance(code, str) or code[:1] not in _KINDS | {"O"} or not code[1:].isdecimal():
            raise pickle.UnpicklingError(f"array type {code!r} is not allowed")
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("structured arrays are not allowed")
        self.order = state[1]

    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.order + self.code if self.order != "|" else self.code)


class _Array:
    """Stand-in for `numpy.ndarray`; `value` is the array once its state has come."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: Any = np.zeros(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise pickle.UnpicklingError("an array without a plain type or shape")
        if dtype.code[0] == "O":
            if not isinstance(data, list) or len(shape) != 1 or len(data) != shape[0]:
                raise pickle.UnpicklingError("an object array that is no list")
            self.value = data
            return
        if not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array without bytes")
        self.value = np.frombuffer(data, dtype=dtype.numpy()).reshape(shape, order="F" if fortran else "C")


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    if kind is not _Array:
        raise pickle.UnpicklingError("only plain arrays can be rebuilt")
    return _Array()


def _scalar(dtype: Any, data: Any) -> Any:
    if not isinstance(dtype, _Dtype) or dtype.code[0] == "O" or not isinstance(data, bytes):
        raise pickle.UnpicklingError("a numpy number that is none")
    return np.frombuffer(data, dtype=dtype.numpy(), count=1)[0].item()


def _encode(text: Any, codec: Any) -> bytes:
    if codec != "latin1" or not isinstance(text, str):
        raise pickle.UnpicklingError(f"codec {codec!r} is not allowed")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _default_dict(factory: Any = None) -> dict[Any, Any]:
    return {}


def _ordered_dict(items: Any = ()) -> dict[Any, Any]:
    return dict(items)


def _number_type(*_: Any) -> Any:
    raise pickle.UnpicklingError("a type cannot be called here")


class _Call:
    """A function that a pickle may call but not change: the opcode BUILD would set attributes of a bare function."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function cannot be given a state")


_TYPE = _Call(_number_type)
_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _Call(_reconstruct),
    ("numpy._core.multiarray", "_reconstruct"): _Call(_reconstruct),
    ("numpy.core.multiarray", "scalar"): _Call(_scalar),
    ("numpy._core.multiarray", "scalar"): _Call(_scalar),
    ("_codecs", "encode"): _Call(_encode),
    ("builtins", "bytes"): _Call(_no_bytes),
    ("__builtin__", "bytes"): _Call(_no_bytes),
    ("collections", "defaultdict"): _Call(_default_dict),
    ("collections", "OrderedDict"): _Call(_ordered_dict),
    ("builtins", "int"): _TYPE,
    ("builtins", "float"): _TYPE,
    ("builtins", "list"): _TYPE,
    ("builtins", "dict"): _TYPE,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return _ALLOWED[module, name]


def read_pickle(path: Path) -> Any:
    """The plain data of a pickle: containers, strings, numbers and numpy arrays.

    Raises:
        InputError: it is no pickle, damaged, or asks for anything else; nothing that it names was run.
    """
    data = read_bytes(path)
    with told_as_input_error(path, "a pickle of plain data and numpy arrays"):
        _check_opcodes(path, data)
        try:
            return _plain(_Unpickler(BytesIO(data), encoding="latin1").load())
        except pickle.UnpicklingError as error:
            raise input_error(path, str(error), "plain data and numpy arrays", code="unsafe-pickle") from error


def _check_opcodes(path: Path, data: bytes) -> None:
    """Refuses opcodes outside the list, and memo places beyond what the pickle can hold (they cost memory)."""
    for opcode, argument, position in pickletools.genops(data):
        if opcode.name not in _OPCODES:
            found = f"opcode {opcode.name} at byte {position}"
            raise input_error(path, found, "plain data and numpy arrays", code="unsafe-pickle")
        if opcode.name == "GLOBAL" and tuple(str(argument).split(" ", 1)) not in _ALLOWED:
            found = f"{str(argument).replace(' ', '.')} at byte {position}"
            raise input_error(path, found, "plain data and numpy arrays", code="unsafe-pickle")
        if opcode.name in ("PUT", "LONG_BINPUT") and isinstance(argument, int) and argument > len(data):
            raise input_error(path, f"memo place {argument}", "a sound pickle", code="unsafe-pickle")


def _plain(root: Any) -> Any:
    """Stand-ins replaced by what they hold; refuses cycles and containers that unfold to more than is sane."""
    sizes: dict[int, int] = {}
    done: dict[int, Any] = {}
    keep: list[Any] = []

    def walk(value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, _Array):
            if isinstance(value.value, list):
                return walk(value.value, depth + 1)
            return value.value, 1
        if not isinstance(value, (dict, list, tuple, set, frozenset)):
            if value is None or isinstance(value, (str, bytes, int, float)):
                return value, 1
            if value is _TYPE:
                return None, 1
            raise pickle.UnpicklingError(f"a {type(value).__name__} is not plain data")
        key = id(value)
        if key in done:
            return done[key], sizes[key]
        if depth > 200 or key in sizes:
            raise pickle.UnpicklingError("data that contain themselves or nest too deeply")
        sizes[key] = 0
        keep.append(value)
        if isinstance(value, dict):
            pairs = [(walk(k, depth + 1), walk(v, depth + 1)) for k, v in value.items()]
            size = sum(k[1] + v[1] for k, v in pairs)
            result: Any = {k[0]: v[0] for k, v in pairs}
        else:
            items = [walk(item, depth + 1) for item in value]
            size = sum(item[1] for item in items)
            result = type(value)(item[0] for item in items)
        if size > _MAX_VALUES:
            raise pickle.UnpicklingError("data that unfold to more than 50 million values")
        sizes[key], done[key] = size + 1, result
        return result, size + 1

    return walk(root, 0)[0]
