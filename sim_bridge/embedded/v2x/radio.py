"""The radio of one world, step by step: who sends, what the channel does to it, what the ego has received by now."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import gammaincinv

from driving_data.messages import Hazard, HazardCause, Message, MessageKind, SignalPhases, UserState
from driving_data.positioning import segment_meets_box
from driving_data.taxonomy import VEHICLES, VULNERABLE, SignalState
from sim_bridge.embedded.counted import Purpose, normals, uniforms
from sim_bridge.embedded.moments import Moment
from sim_bridge.embedded.v2x import channel
from sim_bridge.embedded.v2x.hazards import AGAIN_S, REACH_M, HazardWatch
from sim_bridge.embedded.v2x.plan import Link, RadioPlan
from sim_bridge.embedded.v2x.senders import Sent, due_times_ns, state_between, triggered
from sim_bridge.embedded.v2x.signals import timing

# Roadside units are counted behind the actors; their rows begin here, so that no actor shares their draws.
ROADSIDE = 1_000_000
Content = UserState | SignalPhases | Hazard


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message before the channel: of which station, with which antenna place and what number for its draws."""

    kind: MessageKind
    sender: str
    station: int
    place_m: tuple[float, float, float]
    time_ns: int
    content: Content


@dataclass(slots=True)
class Radio:
    """The radio of one world. `begin` starts it again; `hear` gives what arrived since the last call."""

    plan: RadioPlan
    world: int
    before: Moment | None = None
    pending: list[Message] = field(default_factory=lambda: [])
    received: list[Message] = field(default_factory=lambda: [])
    counts: dict[tuple[int, MessageKind], int] = field(default_factory=lambda: {})
    sent: dict[tuple[int, int], Sent] = field(default_factory=lambda: {})
    last_ns: dict[tuple[int, int], int] = field(default_factory=lambda: {})
    warned_ns: dict[tuple[int, int, HazardCause], int] = field(default_factory=lambda: {})
    shadows: dict[int, tuple[float, np.ndarray, np.ndarray]] = field(default_factory=lambda: {})
    watch: HazardWatch | None = None
    signal_before: np.ndarray | None = None

    def begin(self, now: Moment) -> None:
        """Forgets everything and looks at the first moment."""
        for kept in (
            self.pending, self.received, self.counts, self.sent, self.last_ns, self.warned_ns, self.shadows
        ):  # fmt: skip
            kept.clear()
        self.before = now
        self.watch = HazardWatch(self.plan, np.zeros(len(now.valid), dtype=bool))

    def hear(self, now: Moment) -> tuple[Message, ...]:
        """What reached the ego between the last moment and this one, in order of arrival."""
        before, watch = self.before, self.watch
        assert before is not None and watch is not None
        if now.step == before.step:
            return ()
        hazards = watch.see(now)
        if self.plan.equipped[self.plan.ego] and now.valid[self.plan.ego]:
            for number, link in enumerate(self.plan.links):
                said = (
                    self._roadside(number, link, now) if link.roadside else self._vehicles(number, link, now, hazards)
                )
                self._send(number, link, said, now)
        self.before = now
        here = sorted((m for m in self.pending if m.received_ns <= now.time_ns), key=arrival)
        self.pending = [m for m in self.pending if m.received_ns > now.time_ns]
        self.received.extend(here)
        return tuple(here)

    # What is said.

    def _vehicles(
        self, number: int, link: Link, now: Moment, hazards: dict[tuple[int, HazardCause], int]
    ) -> list[Outgoing]:
        """Awareness of road users, then warnings of vehicles."""
        before, plan = self.before, self.plan
        assert before is not None
        speaking = plan.equipped & now.valid & before.valid
        speaking[plan.ego] = False
        gaps_ns = np.round(1e9 * channel.gap_for_load_s(self._busy(link, now))).astype(np.int64)
        period = channel_period_ns(link)
        phases = np.floor(uniforms(plan.seed, Purpose.PHASE, np.arange(len(now.valid)), number) * period)
        said: list[Outgoing] = []
        for i in (int(k) for k in np.flatnonzero(speaking)):
            kind = MessageKind.ROAD_USER if plan.actors.kind_of(i) in VULNERABLE else MessageKind.AWARENESS
            for time_ns in due_times_ns(int(phases[i]), period, before.time_ns, now.time_ns):
                state = state_between(plan.actors, i, before, now, time_ns)
                if self._speaks(link, number, i, time_ns, state, int(gaps_ns[i])):
                    said.append(self._of_actor(kind, i, time_ns, state, state.position_m))
        for (i, cause), since_ns in hazards.items():
            last = self.warned_ns.get((number, i, cause))
            again = last is None or now.time_ns - last >= 1e9 * AGAIN_S[cause] - 1
            if speaking[i] and again and plan.actors.kind_of(i) in VEHICLES:
                self.warned_ns[number, i, cause] = now.time_ns
                place = (float(now.ground_m[i, 0]), float(now.ground_m[i, 1]), float(now.ground_m[i, 2]))
                content = Hazard(cause, since_ns, place, float(now.yaw_rad[i]), REACH_M[cause])
                middle = (place[0], place[1], place[2] + 0.5 * float(plan.actors.size_m[i, 2]))
                said.append(self._of_actor(MessageKind.HAZARD, i, now.time_ns, content, middle))
        return said

    def _of_actor(
        self, kind: MessageKind, i: int, time_ns: int, content: Content, middle: tuple[float, float, float]
    ) -> Outgoing:
        height = middle[2] - 0.5 * float(self.plan.actors.size_m[i, 2]) + float(self.plan.antenna_m[i])
        return Outgoing(kind, self.plan.actors.ids[i], i, (middle[0], middle[1], height), time_ns, content)

    def _speaks(self, link: Link, number: int, i: int, time_ns: int, state: UserState, gap_ns: int) -> bool:
        """Whether a due message is sent."""
        if link.triggered:
            now_sent = triggered(self.sent.get((number, i)), time_ns, state, gap_ns)
            if now_sent is None:
                return False
            self.sent[number, i] = now_sent
        elif time_ns - self.last_ns.get((number, i), -(10**12)) < min(gap_ns, 10**9) - 1:
            return False
        self.last_ns[number, i] = time_ns
        return True

    def _roadside(self, number: int, link: Link, now: Moment) -> list[Outgoing]:
        """Lights ten times a second, as `rate` says; road works once a second."""
        before, plan = self.before, self.plan
        assert before is not None
        said: list[Outgoing] = []
        for k, unit in enumerate(plan.intersections):
            for time_ns in due_times_ns(0, round(1e9 / link.rate_hz), before.time_ns, now.time_ns):
                # What is shown changes with the steps; the one at or before this moment holds.
                shown = now.signal if time_ns == now.time_ns or self.signal_before is None else self.signal_before
                lights = [plan.signals[row] for row in unit.signals]
                timings = tuple(
                    timing(light.id, light.lane_ids, plan.programs.get(light.id), 1e-9 * time_ns,
                           SignalState(int(shown[row])))
                    for row, light in zip(unit.signals, lights, strict=True)
                )  # fmt: skip
                content = SignalPhases(unit.name, timings)
                said.append(
                    Outgoing(MessageKind.SIGNALS, f"rsu.{unit.name}", ROADSIDE + k, unit.position_m, time_ns, content)
                )
        self.signal_before = now.signal
        for k, site in enumerate(plan.work_sites):
            for time_ns in due_times_ns(0, 10**9, before.time_ns, now.time_ns):
                content = Hazard(HazardCause.ROAD_WORKS, 0, site.position_m, site.heading_rad, site.reach_m)
                place = (site.position_m[0], site.position_m[1], site.position_m[2] + 5.0)
                station = 2 * ROADSIDE + k
                said.append(Outgoing(MessageKind.HAZARD, f"rsu.{site.name}", station, place, time_ns, content))
        return said

    # What the channel does.

    def _busy(self, link: Link, now: Moment) -> Float[np.ndarray, "A"]:
        """Share of the time for which each station senses the channel busy: what others sent in the last period."""
        talking = self._talking_hz(link)
        sensed = self._sensed(now)
        return np.minimum(link.busy + channel.AIR_TIME_S * (sensed * talking[None, :]).sum(axis=1), 1.0)

    def _talking_hz(self, link: Link) -> Float[np.ndarray, "A"]:
        return np.where(self.plan.equipped, min(link.rate_hz, 20.0), 0.0)

    def _sensed(self, now: Moment) -> Bool[np.ndarray, "A A"]:
        """Whom each station senses, by the mean loss of the way in sight."""
        ground = np.nan_to_num(now.ground_m[:, :2], nan=1e9)
        distance = np.linalg.norm(ground[:, None] - ground[None, :], axis=-1)
        heard = distance <= channel.sensing_range_m(self.plan.town)
        heard &= now.valid[:, None] & now.valid[None, :] & ~np.eye(len(ground), dtype=bool)
        return heard

    def _send(self, number: int, link: Link, said: list[Outgoing], now: Moment) -> None:
        """Puts what survives the channel among what is pending."""
        if not said:
            return
        plan, ego = self.plan, self.plan.ego
        stations = np.array([item.station for item in said])
        serials = np.array([self._count(item) for item in said])
        kinds = np.array([int(item.kind) for item in said])
        counters = (number, stations, ego, kinds, serials)
        alive = uniforms(plan.seed, Purpose.LOSS, *counters) >= link.loss
        if link.direct:
            alive &= self._survives(link, said, now, counters)
        mean, spread = link.latency_s, link.jitter_s
        drawn = uniforms(plan.seed, Purpose.LATENCY, *counters)
        latency = gamma_latency_s(mean, spread, drawn)
        for item, serial, lives, late in zip(said, serials, alive, latency, strict=True):
            if lives:
                self.pending.append(
                    Message(item.kind, item.sender, plan.actors.ids[ego], int(serial), item.time_ns,
                            item.time_ns + round(1e9 * float(late)), item.content)
                )  # fmt: skip

    def _count(self, item: Outgoing) -> int:
        key = (item.station, item.kind)
        self.counts[key] = self.counts.get(key, -1) + 1
        return self.counts[key]

    def _survives(
        self, link: Link, said: list[Outgoing], now: Moment, counters: tuple[int | np.ndarray, ...]
    ) -> Bool[np.ndarray, "n"]:
        """Whether messages reach the ego over the air."""
        plan, ego = self.plan, self.plan.ego
        places = np.array([item.place_m for item in said])
        here = now.ground_m[ego] + np.array([0.0, 0.0, plan.antenna_m[ego]])
        distance = np.linalg.norm(places - here, axis=-1)
        stations = np.array([item.station for item in said])
        behind = self._behind_building(places, here)
        power = channel.POWER_DBM - channel.path_loss_db(distance, behind, plan.town)
        power = power - channel.shadowing_db(behind) * self._shadow(places, here, stations, now.step)
        blocker = self._tallest_between(places, here, stations, now)
        lower, higher = np.minimum(places[:, 2], here[2]), np.maximum(places[:, 2], here[2])
        draw = normals(plan.seed, Purpose.BLOCKAGE, now.step, stations, ego)
        power = power - channel.blockage_db(distance, lower, higher, blocker, draw)
        power = power + channel.fading_db(distance, uniforms(plan.seed, Purpose.FADING, *counters))
        rate = channel.hidden_rate_hz(distance, self._hidden_hz(link, stations, now), link.busy, plan.town)
        clear = uniforms(plan.seed, Purpose.COLLISION, *counters) < channel.survives_collisions(rate)
        return np.asarray((distance <= link.range_m) & (power >= channel.SENSITIVITY_DBM) & clear)

    def _behind_building(self, places: np.ndarray, here: np.ndarray) -> Bool[np.ndarray, "n"]:
        if len(self.plan.obstacles) == 0:
            return np.zeros(len(places), dtype=bool)
        return np.asarray(segment_meets_box(places[:, :2], here[:2], self.plan.obstacles).any(axis=1))

    def _tallest_between(
        self, places: np.ndarray, here: np.ndarray, stations: np.ndarray, now: Moment
    ) -> Float[np.ndarray, "n"]:
        """Height above sea of the tallest vehicle on the way; -inf where it is free."""
        plan = self.plan
        wide = np.array([plan.actors.kind_of(i) in VEHICLES for i in range(len(now.valid))])
        rows = np.flatnonzero(wide & now.valid & (np.arange(len(wide)) != plan.ego))
        if len(rows) == 0:
            return np.full(len(places), -np.inf)
        boxes = np.column_stack([now.ground_m[rows, :2], now.yaw_rad[rows], plan.actors.size_m[rows, :2]])
        between = segment_meets_box(places[:, :2], here[:2], boxes) & (rows[None, :] != stations[:, None])
        tops = now.ground_m[rows, 2] + plan.actors.size_m[rows, 2]
        return np.where(between, tops[None, :], -np.inf).max(axis=1)

    def _shadow(self, places: np.ndarray, here: np.ndarray, stations: np.ndarray, step: int) -> Float[np.ndarray, "n"]:
        """Standard normal shadowing of each link, correlated over the way that both ends have moved."""
        found = np.empty(len(stations))
        reach = channel.Surroundings(self.plan.town).correlation_m
        fresh = normals(self.plan.seed, Purpose.SHADOW, step, stations, self.plan.ego)
        for k, station in enumerate(int(s) for s in stations):
            old = self.shadows.get(station)
            if old is None:
                value = float(fresh[k])
            else:
                moved = float(np.linalg.norm(places[k, :2] - old[1]) + np.linalg.norm(here[:2] - old[2]))
                alike = float(np.exp(-moved / reach))
                value = alike * old[0] + float(np.sqrt(1.0 - alike * alike)) * float(fresh[k])
            self.shadows[station] = (value, places[k, :2].copy(), here[:2].copy())
            found[k] = value
        return found

    def _hidden_hz(self, link: Link, stations: np.ndarray, now: Moment) -> Float[np.ndarray, "n"]:
        """Messages per second of stations that the ego senses and the sender does not."""
        sensed, talking = self._sensed(now), self._talking_hz(link)
        hidden = np.zeros(len(stations))
        for k, station in enumerate(stations):
            if station < ROADSIDE:
                mask = sensed[self.plan.ego] & ~sensed[station]
                mask[station] = False
                hidden[k] = talking[mask].sum()
        return hidden


def channel_period_ns(link: Link) -> int:
    """How often stations look whether to speak."""
    return round(1e9 / (10.0 if link.triggered else link.rate_hz))


def gamma_latency_s(mean_s: float, spread_s: float, uniform: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
    """Latencies of this mean and standard deviation, gamma-distributed: never negative, with a long tail."""
    if spread_s <= 0.0 or mean_s <= 0.0:
        return np.full(len(uniform), max(mean_s, 0.0))
    shape = (mean_s / spread_s) ** 2
    return np.asarray(gammaincinv(shape, uniform) * mean_s / shape)


def arrival(message: Message) -> tuple[int, str, int, int]:
    """Order of arrival; equal moments by sender, kind and number."""
    return message.received_ns, message.sender, int(message.kind), message.sequence
