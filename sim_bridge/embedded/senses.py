"""What the egos of a session are told beside what they see: radio, and measurements of their own motion.

Computed between the steps of the kernels, and only for worlds that ask: a session without such a world never gets
here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from driving_data.messages import Message
from driving_data.ports import Observation
from sim_bridge.embedded.layout import Batch
from sim_bridge.embedded.localization.localizer import Localizer, localization_of
from sim_bridge.embedded.moments import Moment, moment_of
from sim_bridge.embedded.v2x.radio import Radio
from sim_bridge.embedded.worlds import WorldSpec


@dataclass(slots=True)
class Senses:
    """The senses of all worlds of a session that have any, by world."""

    specs: Sequence[WorldSpec]
    radios: dict[int, Radio] = field(default_factory=lambda: {})
    localizers: dict[int, Localizer] = field(default_factory=lambda: {})
    told: dict[int, list[Message]] = field(default_factory=lambda: {})

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.radios or self.localizers)

    def begin(self, batch: Batch, world: int) -> None:
        """Starts the senses of one world with its present moment."""
        spec = self.specs[world]
        self.radios.pop(world, None)
        self.localizers.pop(world, None)
        self.told[world] = []
        if spec.radio is not None:
            self.radios[world] = Radio(spec.radio, world)
            self.radios[world].begin(self._moment(batch, world))
        if spec.positioning is not None:
            self.localizers[world] = Localizer(spec.positioning, spec.ego_index)
            self.localizers[world].begin(self._moment(batch, world))

    def feel(self, batch: Batch) -> None:
        """Takes in the step that was just made; nothing where a world has not moved."""
        for world in sorted(self.radios.keys() | self.localizers.keys()):
            now = self._moment(batch, world)
            if world in self.radios:
                self.told[world].extend(self.radios[world].hear(now))
            if world in self.localizers:
                self.localizers[world].feel(now)

    def tell(self, observation: Observation) -> Observation:
        """The observation with what came in since the last one."""
        messages = tuple(tuple(self.told.get(world, ())) for world in range(len(self.specs)))
        for heard in self.told.values():
            heard.clear()
        where = localization_of(len(self.specs), self.localizers) if self.localizers else None
        return replace(observation, messages=messages if self.radios else (), localization=where)

    def received(self, world: int) -> tuple[Message, ...]:
        """Every message that reached the ego of a world so far."""
        return tuple(self.radios[world].received) if world in self.radios else ()

    def _moment(self, batch: Batch, world: int) -> Moment:
        spec = self.specs[world]
        return moment_of(batch, world, len(spec.actors), len(spec.signal_ids), spec.timestamps_ns)
