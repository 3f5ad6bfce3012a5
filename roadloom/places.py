"""Where things lie: the shared data, the store of the demo."""

import os
from pathlib import Path


def shared_data() -> Path | None:
    """The folder of small real logs: `$ROADLOOM_SHARED/data`, or `shared/data` beside or in the checkout."""
    named = os.environ.get("ROADLOOM_SHARED")
    if named:
        return Path(named) / "data" if (Path(named) / "data").is_dir() else None
    checkout = Path(__file__).resolve().parent.parent
    for place in (checkout.parent / "shared" / "data", checkout / "shared" / "data", Path.cwd() / "shared" / "data"):
        if place.is_dir():
            return place
    return None


def demo_store() -> Path | None:
    """The store that the demo made, below the current folder or the checkout."""
    for place in (Path.cwd(), Path(__file__).resolve().parent.parent):
        store = place / "out" / "demo" / "store"
        if (store / "catalog.db").is_file():
            return store.resolve()
    return None
