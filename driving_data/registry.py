"""Names to classes: built-in entries as `module:Class`, plug-ins by entry points, imported when asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from driving_data.errors import Fault, InputError, PluginError, nearest_name


@dataclass(frozen=True, slots=True)
class Registry:
    """The registered implementations of one port.

    Attributes:
        port: what they are, in the singular, as `simulator`.
        group: entry-point group in which plug-ins register, as `roadloom.simulators`.
        builtin: name to `module:Class`.
    """

    port: str
    group: str
    builtin: Mapping[str, str]

    def names(self) -> tuple[str, ...]:
        """Every registered name, sorted."""
        return tuple(sorted({*self.builtin, *(point.name for point in entry_points(group=self.group))}))

    def load(self, name: str) -> Callable[..., Any]:
        """The class or factory of that name.

        Raises:
            InputError: nothing is registered under that name.
            PluginError: it is registered but cannot be imported; the cause is chained.
        """
        target = self.builtin.get(name)
        if target is None:
            targets = {point.name: point.value for point in entry_points(group=self.group)}
            target = targets.get(name)
        if target is None:
            known = self.names()
            raise InputError(
                [
                    Fault("", 0, 0, self.port, "unknown-name", repr(name), f"one of {', '.join(known)}",
                          nearest_name(name, known))
                ]
            )  # fmt: skip
        module_name, _, attribute = target.partition(":")
        try:
            return getattr(import_module(module_name), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(f"{self.port} {name!r} ({target}) failed to load: {error}") from error
