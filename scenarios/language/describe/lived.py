"""What was lived in words: a rollout by who did what when and how close it came, a segment by its source besides."""

import numpy as np

from driving_data.rollout import Rollout
from driving_data.segment import Raw, Segment
from driving_data.taxonomy import ActorClass
from scenarios.language.describe.company import class_word
from scenarios.language.describe.scene import light_word, weather_words
from scenarios.language.describe.wording import LIGHT, NOUNS, WEATHER, counted, listed

HARD_MPS2 = 3.0
"""Braking beyond this is told; comfortable deceleration ends near it."""
NEAR_M = 60.0
MOVING_MPS = 0.3


def rollout_text(rollout: Rollout) -> str:
    """What happened: the drive, the company, who braked when, the closest approach, and how it ended."""
    return " ".join([_drive(rollout), *_company(rollout), *_braking(rollout), *_closest(rollout), *_ends(rollout)])


def segment_text(segment: Segment[Raw]) -> str:
    """What a segment holds, where it came from, and what happened in it."""
    source = {"real": "A real recording", "synthetic": "A synthetic segment", "augmented": "An augmented segment"}
    sensors = [f"{len(found)} {name}{'s' if len(found) != 1 else ''}" for found, name in (
        (segment.frames, "camera frame"), (segment.sweeps, "lidar sweep"), (segment.radar, "radar return set"),
    ) if found]  # fmt: skip
    seconds = float(segment.rollout.seconds()[-1])
    origin = segment.provenance.family.replace("scenario:", "the scenario ").replace("_", " ")
    head = f"{source[segment.source.value]} of {seconds:.1f} s{f' from {origin}' if origin else ''}"
    with_what = f" with {listed(sensors)}" if sensors else ""
    return f"{head}{with_what}. {rollout_text(segment.rollout)}"


def _drive(rollout: Rollout) -> str:
    ego, valid = rollout.ego_index, rollout.valid[:, rollout.ego_index]
    speed = np.linalg.norm(rollout.velocity_mps[:, ego, :2], axis=-1)[valid]
    sky = rollout.environment
    light = light_word((sky.sun_elevation_rad, sky.sun_elevation_rad), (sky.sun_azimuth_rad, sky.sun_azimuth_rad))
    weather = weather_words(*(((value, value)) for value in (
        sky.rain_mmph, sky.snow_mmph, sky.fog_visibility_m, sky.wind_mps, sky.cloud_cover)), dust=False)  # fmt: skip
    where = " ".join(filter(None, [LIGHT.get(light or "", ""), listed([WEATHER[word] for word in weather])
                                   if weather else ""]))  # fmt: skip
    way = float(
        np.sum(np.linalg.norm(np.diff(rollout.world_from_actor.translation_m[valid, ego, :2], axis=0), axis=-1))
    )
    if not len(speed):
        return "The ego is never seen."
    if speed.max() < MOVING_MPS:
        return f"The ego stands for {rollout.seconds()[-1]:.1f} s{f' {where}' if where else ''}."
    begin, end = speed[0] * 3.6, speed[-1] * 3.6
    pace = f"at {begin:.0f} km/h" if abs(begin - end) < 3.0 else f"from {begin:.0f} to {end:.0f} km/h"
    return f"In {rollout.seconds()[-1]:.1f} s the ego drives {way:.0f} m {pace}{f' {where}' if where else ''}."


def _company(rollout: Rollout) -> list[str]:
    """Who is there, by class."""
    counts: dict[str, int] = {}
    for i in range(rollout.num_actors):
        word = class_word(rollout.actors.kind_of(i).label)
        if i != rollout.ego_index and word is not None and rollout.valid[:, i].any():
            counts[word] = counts.get(word, 0) + 1
    if not counts:
        return ["Nobody else is there."]
    parts = [counted(kind, count) for kind, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return [f"There {'is' if next(iter(counts.values())) == 1 and len(counts) == 1 else 'are'} {listed(parts)}."]


def _called(rollout: Rollout, index: int) -> str:
    """An actor by its class, and by its name where it has one that tells more."""
    if index == rollout.ego_index:
        return "the ego"
    kind: ActorClass = rollout.actors.kind_of(index)
    word = class_word(kind.label)
    noun = NOUNS[word][0] if word is not None else kind.label.replace("_", " ")
    name = rollout.actors.ids[index].replace("_", " ")
    return f"the {noun}" if name == kind.label.replace("_", " ") else f"the {noun} '{name}'"


def _braking(rollout: Rollout) -> list[str]:
    """Who braked hard, hardest first, at most three, the ego always."""
    seconds = rollout.seconds()
    found: list[tuple[float, int, float]] = []
    for i in range(rollout.num_actors):
        velocity, valid = rollout.velocity_mps[:, i, :2], rollout.valid[:, i]
        speed = np.linalg.norm(np.nan_to_num(velocity), axis=-1)
        push = np.sum(np.nan_to_num(rollout.acceleration_mps2[:, i, :2]) * np.nan_to_num(velocity), axis=-1)
        along = np.where(valid & (speed > MOVING_MPS), push / np.maximum(speed, 1e-6), 0.0)
        if float(along.min()) < -HARD_MPS2:
            found.append((float(along.min()), i, float(seconds[int(np.argmax(along < -HARD_MPS2))])))
    found.sort()
    told = [one for k, one in enumerate(found) if k < 3 or one[1] == rollout.ego_index]
    return [_sentence(f"{_called(rollout, i)} brakes after {when:.1f} s with up to {-hardest:.1f} m/s²")
            for hardest, i, when in told]  # fmt: skip


def _closest(rollout: Rollout) -> list[str]:
    """Who came closest to the ego, when, and how close the boxes were."""
    from shapely import box as rectangle
    from shapely.affinity import rotate, translate

    ego = rollout.ego_index
    own = rollout.actors.ids[ego]
    for event in rollout.events:
        if event.kind == "collision" and own in event.actor_ids:
            others = [rollout.actors.ids.index(name) for name in event.actor_ids if name != own]
            when = (event.timestamp_ns - int(rollout.timestamps_ns[0])) * 1e-9
            return [f"The ego and {_called(rollout, other)} collide after {when:.1f} s." for other in others]
    position, yaw = rollout.world_from_actor.translation_m[..., :2], _yaw(rollout)
    both = rollout.valid & rollout.valid[:, ego, None]
    distance = np.linalg.norm(position - position[:, ego, None], axis=-1)
    # The boxes are apart by at least the centres' distance less both half diagonals: only such pairs are measured.
    half = 0.5 * np.linalg.norm(rollout.actors.size_m[:, :2], axis=-1)
    lower = np.where(both, distance - half - half[ego], np.inf)
    lower[:, ego] = np.inf

    def body(t: int, i: int) -> object:
        length, width = rollout.actors.size_m[i, :2]
        shape = rotate(rectangle(-length / 2, -width / 2, length / 2, width / 2), float(yaw[t, i]), (0, 0), True)
        return translate(shape, *map(float, position[t, i]))

    best = (NEAR_M, -1, -1)
    for flat in np.argsort(lower, axis=None):
        t, i = divmod(int(flat), rollout.num_actors)
        if lower[t, i] >= best[0]:
            break
        gap = float(body(t, ego).distance(body(t, i)))  # type: ignore[attr-defined]
        if gap < best[0]:
            best = (gap, t, i)
    gap, t, i = best
    if i < 0:
        return []
    when = rollout.seconds()[t]
    if gap <= 0.0:
        return [f"The ego and {_called(rollout, i)} touch after {when:.1f} s."]
    return [_sentence(f"{_called(rollout, i)} comes closest to the ego: {gap:.1f} m after {when:.1f} s")]


def _yaw(rollout: Rollout) -> np.ndarray:
    return np.asarray(rollout.world_from_actor.yaw_rad())


def _ends(rollout: Rollout) -> list[str]:
    """Collisions of the ego and whatever else ended the drive."""
    start = int(rollout.timestamps_ns[0])
    found: list[str] = []
    for event in rollout.events:
        when = (event.timestamp_ns - start) * 1e-9
        if event.kind == "off_road" and "ego" in event.actor_ids:
            found.append(f"The ego leaves the road after {when:.1f} s.")
        elif event.kind == "signal_violation" and "ego" in event.actor_ids:
            found.append(f"The ego runs a red light after {when:.1f} s.")
        elif event.kind == "goal_reached":
            found.append(f"It reaches its goal after {when:.1f} s.")
    return list(dict.fromkeys(found))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
