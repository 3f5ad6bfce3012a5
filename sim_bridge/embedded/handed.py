"""Records of arrays that are handed on by reference among kernels.

numba passes a named tuple by value, every array of it as seven or more numbers: a world and the pool of paths are
four hundred arguments, which every kernel that takes them declares, unpacks and, for each kernel that it calls, lists
again. Half of a cold start was spent on that. A handed record is the same numbers, read once from one place: a kernel
takes one pointer, and attributes are found as before.

The place lies on the stack of whoever calls `hand`, so only entries may: a record must not outlive them, and one that
the same line of code hands anew (the next world of a loop) replaces the one before. Nobody writes to it.
"""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba import types
from numba.core import cgutils, datamodel, imputils
from numba.core.typing import templates
from numba.extending import intrinsic

Record = TypeVar("Record")
_types: Any = types
_ir: Any = ir
_cgutils: Any = cgutils
_model: Any = datamodel.models.StructModel
_template: Any = templates.AttributeTemplate
_datamodel: Any = datamodel
_register_model = _datamodel.register_default
_register_attribute: Any = templates.infer_getattr
_lower_attribute: Any = imputils.lower_getattr_generic
_intrinsic: Any = intrinsic


class HandedType(_types.Type):
    """numba's type of a handed record. Its name is short, for it becomes part of every name in the machine code."""

    def __init__(self, record: Any) -> None:
        self.names = tuple(record.fields)
        self.kinds = tuple(record.types)
        told = hashlib.sha256(str(record).encode()).hexdigest()[:12]
        super().__init__(name=f"Handed{record.instance_class.__name__}{told}")


@_register_model(HandedType)
class HandedModel(_model):
    """As a value: the place, then the arrays. As an argument: the place."""

    def __init__(self, dmm: Any, fe_type: Any) -> None:
        members = [("place", _types.voidptr), *zip(fe_type.names, fe_type.kinds, strict=True)]
        super().__init__(dmm, fe_type, members)

    def get_argument_type(self) -> Any:
        """One pointer."""
        return self.get_value_type().as_pointer()

    def as_argument(self, builder: Any, value: Any) -> Any:
        """The place, which is known: nothing is written."""
        return builder.bitcast(builder.extract_value(value, 0), self.get_argument_type())

    def from_argument(self, builder: Any, value: Any) -> Any:
        """All arrays, read at the beginning of a kernel; what it does not use is never read."""
        if isinstance(value, _ir.Argument):
            # True of every handed record, and without it each write to any array would have all of them read again.
            for attribute in ("noalias", "captures(none)"):
                value.add_attribute(attribute)
            # llvmlite does not know this one, LLVM does; it infers it of no function that has several definitions.
            set.add(value.attributes, "readonly")
        place = builder.bitcast(value, _cgutils.voidptr_t)
        return builder.insert_value(builder.load(value), place, 0)


@_register_attribute
class HandedAttributes(_template):
    """The attributes of a handed record are those of the named tuple."""

    key = HandedType

    def generic_resolve(self, typ: Any, attr: str) -> Any:
        """The type of one of its arrays; None for a name that it has not."""
        return typ.kinds[typ.names.index(attr)] if attr in typ.names else None


@_lower_attribute(HandedType)
def lower_attribute(context: Any, builder: Any, typ: Any, value: Any, attr: str) -> Any:
    """One of the arrays."""
    return builder.extract_value(value, 1 + typ.names.index(attr))


def _hand(typing_context: Any, record: Any) -> tuple[Any, Callable[..., Any]]:
    """Writes a named tuple of arrays to a place of its own, from where kernels read it."""
    handed = HandedType(record)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = _ir.Constant(context.get_value_type(handed), None)
        for k in range(len(handed.names)):
            value = builder.insert_value(value, builder.extract_value(args[0], k), 1 + k)
        place = _cgutils.alloca_once_value(builder, value)
        return builder.insert_value(value, builder.bitcast(place, _cgutils.voidptr_t), 0)

    return handed(record), generate


hand: Callable[[Any], Any] = _intrinsic(_hand)
