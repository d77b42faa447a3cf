"""Looking again and again: false alarms and delay of our bets beside a repeated z test and river: `python benchmarks/monitor.py`.

One stream of right and wrong decisions, for all alike. Each knows 700 audited decisions, one in ten wrong; then come new ones,
and it is asked after every hundred (river's, after every one). Either nothing changes, or two in ten are wrong from the
2,000th on. A delay counts only if nothing was said before the change. river is left out where it is not installed; its KSWIN,
which tests windows of numbers at every decision, would take minutes. Its detectors hold the stream against its own past, ours
against what the audit left open, so that a rise which the audit could not rule out is no alarm; settings are each one's defaults.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fairwitness.monitor.streams import Stream

AUDITED, NEW, CHANGE, LOOK = 700, 10_000, 2_000, 100
BEFORE, AFTER = 0.10, 0.20
RECORDS = 100
ALPHA = 0.05

Wrong = NDArray[np.int8]
Watcher = Callable[[Wrong, Wrong], int | None]
"""Audited and new decisions, 1 where wrong, to the new decision after which it raised its first alarm."""


def main() -> None:
    """Print one line a watcher."""
    watchers: dict[str, Watcher] = {"our bets": ours, "a z test at every look": repeated}
    if find_spec("river"):
        watchers |= {f"river {name}": rival(name) for name in ("ADWIN", "PageHinkley")}
    else:
        print("river is not installed: its detectors are left out")
    for name, watcher in watchers.items():
        calm = [watcher(*stream(seed, changes=False)) for seed in range(RECORDS)]
        changed = [watcher(*stream(seed, changes=True)) for seed in range(RECORDS, 2 * RECORDS)]
        false = sum(each is not None for each in calm) / RECORDS
        found = [each - CHANGE for each in changed if each is not None and each > CHANGE]
        before = sum(each is not None and each <= CHANGE for each in changed) / RECORDS
        delay = f"found in {len(found) / RECORDS:.0%} after the change, half of these within {np.median(found):,.0f} decisions" if found else "never found"  # fmt: skip
        print(f"{name}: false alarms in {false:.1%} of {NEW:,} unchanged decisions; {delay} ({before:.1%} too early)")


def stream(seed: int, *, changes: bool) -> tuple[Wrong, Wrong]:
    """Audited decisions and new ones."""
    rng = np.random.default_rng(seed)
    rates = np.where((np.arange(NEW) >= CHANGE) & changes, AFTER, BEFORE)
    return (rng.random(AUDITED) < BEFORE).astype(np.int8), (rng.random(NEW) < rates).astype(np.int8)


def ours(audited: Wrong, new: Wrong) -> int | None:
    """The monitor's bet, at the whole of its false-alarm rate."""
    watch = Stream.of_share(int(audited.sum()), len(audited))
    for end in range(LOOK, len(new) + 1, LOOK):
        watch = None if watch is None else watch.add({"": new[end - LOOK : end]})
        if watch is not None and watch.peak >= math.log(1 / ALPHA):
            return end
    return None


def repeated(audited: Wrong, new: Wrong) -> int | None:
    """All new decisions so far against the audited ones, one-sided, at every look."""
    for end in range(LOOK, len(new) + 1, LOOK):
        both = (audited.sum() + new[:end].sum()) / (len(audited) + end)
        spread = math.sqrt(both * (1 - both) * (1 / len(audited) + 1 / end))
        if new[:end].mean() - audited.mean() > stats.norm.isf(ALPHA) * spread:
            return end
    return None


def rival(name: str) -> Watcher:
    """A detector of river, that learns from the audited decisions first."""

    def watcher(audited: Wrong, new: Wrong) -> int | None:
        from river import drift

        detector = getattr(drift, name)()
        for each in audited.tolist():
            detector.update(each)
        for place, each in enumerate(new.tolist(), start=1):
            detector.update(each)
            if detector.drift_detected:
                return place
        return None

    return watcher


if __name__ == "__main__":
    main()
