"""Annotations of the rooms, checked by beartype while tests run, at a fraction of what jaxtyping's own way costs.

jaxtyping's import hook puts a decorator on every function and class. Its decorator binds the signature, opens a
scope for the names of sizes, and checks the parameters twice, in each call, whether or not the function knows arrays;
that was more than half of the time of the whole suite. The decorator of this module checks the same annotations once:

- a function without arrays is beartype's alone;
- a function with arrays gets a scope, so that `"n 2"` means one `n` in all its parameters and its result;
- generators, coroutines and sizes computed from arguments (`"{n}"`) stay with jaxtyping's decorator.
"""

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any, ForwardRef

import jaxtyping
from beartype.roar import BeartypeDecorHintException

_by_jaxtyping = jaxtyping.jaxtyped
_SCOPE: Any = _by_jaxtyping("context")
_Checker = Callable[[Any], Any]


def install(modules: list[str]) -> None:
    """Checks these modules when they are imported from now on."""
    jaxtyping.jaxtyped = _decorator
    jaxtyping.install_import_hook(modules, "beartype.beartype")


def _decorator(*, typechecker: _Checker) -> _Checker:
    return functools.partial(checked, typechecker)


def checked(checker: _Checker, thing: Any) -> Any:
    """A function that refuses what its annotations exclude, or a dataclass whose `__init__` does."""
    if inspect.isclass(thing):
        own = vars(thing).get("__init__")
        if dataclasses.is_dataclass(thing) and own is not None and not getattr(own, "__typechecked__", False):
            thing.__init__ = checked(checker, own)
        return thing
    made = _checked_function(checker, thing)
    made.__typechecked__ = True
    return made


def _checked_function(checker: _Checker, function: Any) -> Any:
    kind = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if kind or inspect.iscoroutinefunction(function) or getattr(function, "__no_type_check__", False):
        return _by_jaxtyping(typechecker=checker)(function)
    parts = [part for name in function.__annotations__ for part in _parts(_resolve(function, name))]
    arrays = [part for part in parts if inspect.isclass(part) and issubclass(part, jaxtyping.AbstractArray)]
    if any("{" in array.dim_str for array in arrays):
        return _by_jaxtyping(typechecker=checker)(function)
    try:
        inner = checker(function)
    except BeartypeDecorHintException:
        # Some defaults stand for "made later" and fit no annotation; jaxtyping looks at what is handed in only.
        return _by_jaxtyping(typechecker=checker)(function)
    return _scoped(inner) if arrays else inner


def _scoped(inner: Any) -> Any:
    @functools.wraps(inner)
    def with_scope(*args: Any, **kwargs: Any) -> Any:
        with _SCOPE:
            return inner(*args, **kwargs)

    return with_scope


def _resolve(function: Any, name: str) -> Any:
    """The annotation; where it names something in quotes, what that is by now, or anything if it is not there yet."""
    annotation = function.__annotations__[name]
    if any(isinstance(part, str | ForwardRef) for part in _parts(annotation)):
        try:
            holder = type("holder", (), {"__annotations__": {name: annotation}})
            resolved = typing.get_type_hints(holder, function.__globals__, {}, include_extras=True)[name]
        except Exception:
            resolved = Any
        function.__annotations__[name] = resolved
        return resolved
    return annotation


def _parts(annotation: Any) -> Iterator[Any]:
    """An annotation and everything inside its brackets."""
    yield annotation
    inside = annotation if isinstance(annotation, list | tuple) else typing.get_args(annotation)
    if typing.get_origin(annotation) is not typing.Literal:
        for part in inside:
            yield from _parts(part)
