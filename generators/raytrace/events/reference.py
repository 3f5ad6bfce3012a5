"""The slow, obvious twin of `changes`: one pixel, one event at a time."""


def changes_of_pixel(
    levels: list[float], time_s: list[float], rise: float, fall: float, refractory_s: float, memory: float
) -> list[tuple[float, bool]]:
    """Times of the events of one pixel, and whether each was a rise."""
    events: list[tuple[float, bool]] = []
    remembered = memory
    for k in range(1, len(levels)):
        before, after = levels[k - 1], levels[k]
        span = time_s[k] - time_s[k - 1]
        while True:
            if after > before and after >= remembered + rise:
                remembered += rise
                brighter = True
            elif after < before and after <= remembered - fall:
                remembered -= fall
                brighter = False
            else:
                break
            share = (remembered - before) / (after - before)
            moment = time_s[k - 1] + min(max(share, 0.0), 1.0) * span
            if not events or moment - events[-1][0] >= refractory_s:
                events.append((moment, brighter))
    return events
