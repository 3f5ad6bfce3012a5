"""What pydantic says, as faults with file, line and column."""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from scenarios.expressions import TextFault
from scenarios.leaf import IllTyped
from scenarios.spec.hints import meant_key
from scenarios.spec.nodes import Document, Path
from scenarios.spec.values import names_of

_WORDS = {
    "missing": ("missing-key", "nothing", "the key {name!r}"),
    "string_type": ("wrong-type", "{input!r}", "a text"),
    "list_type": ("wrong-type", "{input!r}", "a list"),
    "dict_type": ("wrong-type", "{input!r}", "keys and values"),
    "int_type": ("wrong-type", "{input!r}", "a whole number"),
    "model_type": ("wrong-type", "{input!r}", "keys and values"),
}


def add_validation(
    document: Document, error: ValidationError, path: Path, model: type[BaseModel] | None, alone: str = ""
) -> None:
    """Adds every fault of a validation.

    Args:
        document: which file.
        error: what pydantic found.
        path: where the validated data stand in the file.
        model: what they were validated against, for the names of its keys.
        alone: key whose value was written without it (`wait: 2 s`): it is no part of the path.
    """
    for item in error.errors():
        location: Path = tuple(_as_written(part) for part in item["loc"] if part != alone)
        here = (*path, *_known_part(document, path, location))
        kind, context = item["type"], item.get("ctx", {})
        if kind == "fault" and context.get("key"):
            document.fault((*here, context["key"]), context["code"], context["found"], context["expected"], at_key=True)
        elif kind == "fault":
            document.fault(
                here, context["code"], context["found"], context["expected"], context["nearest"] or None,
                context["offset"],
            )  # fmt: skip
        elif kind == "extra_forbidden":
            owner = _model_at(model, location[:-1])
            known = tuple(name.replace("__", ".") for name in names_of(owner)) if owner else ()
            key = str(location[-1])
            expected = f"one of {', '.join(known)}" if known else "no keys"
            document.fault(here, "unknown-key", repr(key), expected, meant_key(key, known), at_key=True)
        else:
            code, found, expected = _WORDS.get(kind, ("wrong-type", "{input!r}", item["msg"]))
            names: dict[str, Any] = {"name": location[-1] if location else "", "input": item["input"]}
            document.fault(here, code, found.format(**names)[:80], expected.format(**names))


def _as_written(part: str | int) -> str | int:
    return part.replace("__", ".") if isinstance(part, str) else part


def _known_part(document: Document, path: Path, location: Path) -> Path:
    """The location without the parts that pydantic adds (tags of unions)."""
    kept: Path = ()
    if location[-2:] == ("driver", "name"):
        location = location[:-1]
    for i, part in enumerate(location):
        last = i == len(location) - 1
        if last or document.place((*path, *kept, part)) != document.place((*path, *kept)):
            kept = (*kept, part)
    return kept


def _model_at(model: type[BaseModel] | None, location: Path) -> type[BaseModel] | None:
    """The model whose key is unknown."""
    for part in location:
        if model is None:
            return None
        field = model.model_fields.get(str(part))
        if field is None:
            continue
        model = next((found for found in _models_in(field.annotation)), None)
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models_in(inner)]


def add_custom(document: Document, error: Exception, path: Path) -> None:
    """Adds the fault of a section that was refused as a whole."""
    context: Any = getattr(error, "context", None)
    if context:
        path = (*path, context["key"]) if context.get("key") else path
        nearest, offset = context["nearest"] or None, context["offset"]
        document.fault(path, context["code"], context["found"], context["expected"], nearest, offset)
    elif isinstance(error, TextFault):
        document.fault(path, error.code, error.found, error.expected, error.nearest, error.offset)
    elif isinstance(error, IllTyped):
        document.fault(path, "ill-typed", str(error), "values that go together", at_key=True)
    else:
        raise error
