"""Names looked up with a helpful error."""

from collections.abc import Iterable

from driving_data.errors import nearest_name
from scenarios.leaf import IllTyped


def known(what: str, name: str, names: Iterable[str]) -> str:
    """The name itself, if it is one of the names.

    Raises:
        IllTyped: it is not; the message names the nearest.
    """
    valid = tuple(names)
    if name in valid:
        return name
    near = nearest_name(name, valid)
    hint = f"; did you mean {near!r}?" if near else ""
    raise IllTyped(f"no {what} {name!r}; there are {', '.join(valid)}{hint}")


def with_article(word: str) -> str:
    """A word behind its article: 'an animal', 'a bus'."""
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
