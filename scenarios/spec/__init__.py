"""The YAML front end: our own reader with file, line and column of every fault."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.spec.dump import dump_spec
    from scenarios.spec.reader import read_spec, read_text

__all__ = ["dump_spec", "read_spec", "read_text"]


def __getattr__(name: str) -> Any:
    """Loads the reader (pydantic, yaml) when it is first asked for."""
    if name == "dump_spec":
        from scenarios.spec.dump import dump_spec

        return dump_spec
    if name in ("read_spec", "read_text"):
        from scenarios.spec import reader

        return getattr(reader, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
