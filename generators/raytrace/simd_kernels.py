"""One ray against eight boxes at once, in the vector instructions of the processor.

numba's compiler does not find these by itself, so the instructions are written out as LLVM's vectors of eight; a
processor without such wide registers gets them in pieces. `slabs_twin` and `lowest_twin` say the same one box at a
time: the slow twins of the tests, and what a GPU runs, where every thread is a lane already.

A node's boxes are a row of 48 numbers: lowest x of the eight children, lowest y, lowest z, then highest x, y, z. A
direction that falls along an axis meets the high plane first, so the callers say in which column the near planes of
each axis begin.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import intrinsic
from numba.np import arrayobj

LANES = 8
COLUMNS = 6 * LANES
_arrays: Any = arrayobj
_ir: Any = ir
_types: Any = types
_njit: Any = njit
_trailing_zeros: Any = trailing_zeros


def slabs_twin(
    bounds: np.ndarray, node: Any, near_x: Any, near_y: Any, near_z: Any, ox: Any, oy: Any, oz: Any, ix: Any, iy: Any,
    iz: Any, limit: Any, near: np.ndarray,
) -> Any:  # fmt: skip
    """Bits of the children whose boxes a ray enters at or before `limit`; `near` (8) gets where it enters each.

    `near_x`, `near_y`, `near_z` are the columns at which the near planes begin: 0 or 24, 8 or 32, 16 or 40. `ix`,
    `iy`, `iz` are the inverses of the direction, finite.
    """
    mask = np.uint32(0)
    for k in range(LANES):
        a = (bounds[node, near_x + k] - ox) * ix
        b = (bounds[node, near_y + k] - oy) * iy
        c = (bounds[node, near_z + k] - oz) * iz
        first = max(max(a, b), max(c, np.float32(0.0)))
        a = (bounds[node, 24 - near_x + k] - ox) * ix
        b = (bounds[node, 40 - near_y + k] - oy) * iy
        c = (bounds[node, 56 - near_z + k] - oz) * iz
        last = min(min(a, b), min(c, limit))
        near[k] = first
        if first <= last:
            mask |= np.uint32(1) << np.uint32(k)
    return mask


def lowest_twin(mask: Any) -> Any:
    """Position of the lowest bit that is set; 32 for none."""
    k = 0
    while k < 32 and not (mask >> np.uint32(k)) & np.uint32(1):
        k += 1
    return k


def _slabs(
    typingctx: Any, bounds: Any, node: Any, near_x: Any, near_y: Any, near_z: Any, ox: Any, oy: Any, oz: Any, ix: Any,
    iy: Any, iz: Any, limit: Any, near: Any,
) -> Any:  # fmt: skip
    """As `slabs_twin`; `bounds` must be C-contiguous float32, `node` and the columns uint64."""
    whole, real = _types.uint64, _types.float32
    signature = _types.uint32(bounds, *([whole] * 4), *([real] * 7), near)
    return signature, _emit_slabs


slabs: Any = intrinsic(_slabs)


def _emit_slabs(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The instructions of `slabs`."""
    lanes = _ir.VectorType(_ir.FloatType(), LANES)
    whole, short = _ir.IntType(64), _ir.IntType(32)

    def pointer(k: int, offset: Any) -> Any:
        data = _arrays.make_array(signature.args[k])(context, builder, args[k]).data
        return builder.bitcast(builder.gep(data, [offset]), lanes.as_pointer())

    def spread(value: Any) -> Any:
        blank = _ir.Constant(lanes, _ir.Undefined)
        first = builder.insert_element(blank, value, _ir.Constant(short, 0))
        return builder.shuffle_vector(first, blank, _ir.Constant(_ir.VectorType(short, LANES), [0] * LANES))

    def choose(sign: str, a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered(sign, a, b), a, b)

    def planes(column: Any, axis: int) -> Any:
        offset = builder.add(builder.mul(args[1], _ir.Constant(whole, COLUMNS)), column)
        value = builder.load(pointer(0, offset), align=4)
        return builder.fmul(builder.fsub(value, spread(args[5 + axis])), spread(args[8 + axis]))

    x, y, z = (planes(args[2 + axis], axis) for axis in range(3))
    zero = _ir.Constant(lanes, [0.0] * LANES)
    first = choose(">", choose(">", x, y), choose(">", z, zero))
    x, y, z = (
        planes(builder.sub(_ir.Constant(whole, total), args[2 + axis]), axis)
        for axis, total in enumerate((24, 40, 56))
    )  # fmt: skip
    last = choose("<", choose("<", x, y), choose("<", z, spread(args[11])))
    builder.store(first, pointer(12, _ir.Constant(whole, 0)), align=4)
    entered = builder.fcmp_ordered("<=", first, last)
    return builder.zext(builder.bitcast(entered, _ir.IntType(LANES)), short)


@_njit(cache=True, nogil=True, forceinline=True, _nrt=False)
def lowest(mask: Any) -> Any:
    """As `lowest_twin`."""
    return np.uint64(_trailing_zeros(mask))
