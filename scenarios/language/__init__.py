"""Language front end: English descriptions into typed scenarios with an account of the reading, and back."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.language.reading import read

__all__ = ["read"]


def __getattr__(name: str) -> Any:
    """Loads the reader and its lexicon when first asked for."""
    if name == "read":
        from scenarios.language.reading import read

        return read
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
