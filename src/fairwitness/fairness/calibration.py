"""Whether scores mean what they say in every group, from tallies of labels and score bins with summed scores."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from fairwitness.core.asks import LABEL, NO, SCORE, YES
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate, Limit, Verdict
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import sidak
from fairwitness.stats.tally import Tally

EDGES = tuple(edge / 10 for edge in range(11))
"""Score bins: tenths, the same for every subject, so that tallies of two batches add."""

_MOST_PEOPLE = 10**10


@dataclass(frozen=True, slots=True)
class Bin:
    """People whose scores lie close together: how many, how many with the outcome, and their scores' sum."""

    n: int
    hits: int
    score: float

    def __add__(self, other: Bin) -> Bin:
        return Bin(self.n + other.n, self.hits + other.hits, self.score + other.score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One group's scores against what was recorded.

    Attributes:
        bins: By rising score, the empty ones left out.
        squares: Sum over people of (score - outcome) squared, the outcome being 0 or 1.
    """

    bins: tuple[Bin, ...]
    squares: float

    @property
    def whole(self) -> Bin:
        """All bins together."""
        return sum(self.bins, Bin(0, 0, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """The group whose scores are furthest off, the size of its error, and the groups nobody was counted in."""

    group: str
    estimate: Estimate
    undefined: tuple[str, ...]


def cells(tally: Tally, by: Sequence[str]) -> dict[str, dict[str, Scored]]:
    """Scores and outcomes by group, and within it by bin of the score; bins of nobody are left out.

    Args:
        tally: Over the group columns, `LABEL` and `SCORE` in bins, with `SCORE` summed. People without a score or a
            recorded outcome are not counted.
        by: Group columns.
    """
    found: dict[str, dict[str, Scored]] = {group: {} for group in tally.by(by)}
    for category in tally.axes[SCORE]:
        if category == MISSING:
            continue
        part = tally.where({SCORE: category})
        yes, no = part.where({LABEL: YES}), part.where({LABEL: NO})
        n_yes, n_no = yes.by(by), no.by(by)
        of_yes, of_no = yes.sum_by(by, SCORE), no.sum_by(by, SCORE)
        squared = [each.sum_by(by, f"{SCORE}^2") for each in (yes, no)]
        for group, kept in found.items():
            held = Bin(n_yes[group] + n_no[group], n_yes[group], of_yes[group] + of_no[group])
            if held.n:
                squares = squared[0][group] + squared[1][group] - 2 * of_yes[group] + held.hits
                kept[category] = Scored(bins=(held,), squares=squares)
    return found


def scored(tally: Tally, by: Sequence[str]) -> dict[str, Scored]:
    """Scores and outcomes by group.

    Args: as `cells`.
    """
    return {
        group: Scored(
            bins=tuple(each.whole for each in kept.values()), squares=sum(each.squares for each in kept.values())
        )
        for group, kept in cells(tally, by).items()
    }


def differences(groups: Mapping[str, Scored], *, level: float = 0.95) -> dict[str, Estimate]:
    """Mean score less recorded rate of each group, with intervals that hold for all groups at once.

    Returns:
        Estimates in points, in [-1, 1], positive where scores promise too much; None for a group of nobody. Zero does
        not mean calibrated: scores too high for some and too low for others cancel.

    Source:
        Agresti and Coull 1998, The American Statistician 52(2):119-126, carried over from a share to scores that
        differ: z^2 people at the mean score, half of them with the outcome, are added. Where all scores are equal it
        is their interval. A plain mean's would have no width where a few people's scores and outcomes are all alike.
    """
    count = sum(bool(group.bins) for group in groups.values())
    if not count:
        return {name: _estimate(None, None, level, 0, count) for name in groups}
    z = critical(sidak(level, count))
    return {
        name: _estimate(_value(group), _interval(group, z), level, group.whole.n, count)
        for name, group in groups.items()
    }


def largest(found: Mapping[str, Estimate], *, aside: Collection[str] = (MISSING,)) -> Largest:
    """The largest error either way.

    Args:
        found: Differences by group, whose intervals hold together.
        aside: Categories that are no group of people but what is not recorded; their errors count once they are firm,
            as in `stats.gaps`.

    Raises:
        TooFewError: Nobody was counted.
    """
    sizes = {name: _size(each) for name, each in found.items() if each.value is not None}
    if not sizes:
        raise TooFewError("calibration needs people with a score and an outcome")
    stand = {name for name in found if any(part in aside for part in (name, *name.split(CROSS)))}
    among = [name for name in sizes if name not in stand] or list(sizes)
    firmest = max(size.value or 0.0 for name, size in sizes.items() if name in among)
    among += [name for name, size in sizes.items() if name not in among and (size.low or 0.0) > firmest]
    worst = max(among, key=lambda name: (sizes[name].value or 0.0, sizes[name].low or 0.0))
    undefined = tuple(name for name, each in found.items() if each.value is None)
    unknown = any(name not in stand for name in undefined)
    like = sizes[worst]
    estimate = Estimate(
        value=like.value,
        low=max(size.low or 0.0 for size in sizes.values()),
        high=None if unknown else max(sizes[name].high or 0.0 for name in among),
        level=like.level,
        n=like.n,
        unit="points",
        method=like.method,
    )
    return Largest(group=worst, estimate=estimate, undefined=undefined)


def expected_error(group: Scored) -> float | None:
    """Mean over people of |mean score - recorded rate| within their bin; None for nobody.

    In [0, 1]. It is above zero by chance alone, the more so the fewer people a bin has.

    Source:
        Naeini, Cooper and Hauskrecht 2015, AAAI, 2901-2907, with the edges of `EDGES`.
    """
    n = group.whole.n
    return sum(abs(each.score - each.hits) for each in group.bins) / n if n else None


def pooled(bins: Sequence[Bin], least: int) -> tuple[Bin, ...]:
    """Neighbouring bins put together until each holds `least` people; what is left joins the last."""
    done: list[Bin] = []
    open_ = Bin(0, 0, 0.0)
    for each in bins:
        open_ += each
        if open_.n >= least:
            done.append(open_)
            open_ = Bin(0, 0, 0.0)
    if open_.n and done:
        done[-1] += open_
    return tuple(done)


def more_to_settle(group: Scored, limit: float, *, level: float, groups: int) -> int | None:
    """How many more people like these would settle whether a group's error keeps a limit.

    Args:
        group: As counted.
        limit: On the error either way, as a fraction.
        level: Of all groups together.
        groups: How many groups there are.

    Returns:
        0 if it is settled; None if no number settles it, since the error seen lies on the limit.
    """
    z, n = critical(sidak(level, groups)), group.whole.n
    both = Limit(at_most=limit, at_least=-limit)

    def settled(people: int) -> bool:
        low, high = _interval(group, z, times=people / n)
        each = _estimate(0.0, (low, high), level, people, groups)
        return each.against(both) is not Verdict.UNCERTAIN

    short, enough = n, n
    while not settled(enough):
        short, enough = enough, 2 * enough
        if enough > _MOST_PEOPLE:
            return None
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if settled(middle) else (middle, enough)
    return enough - n


def _value(group: Scored) -> float | None:
    whole = group.whole
    return (whole.score - whole.hits) / whole.n if whole.n else None


def _interval(group: Scored, z: float, *, times: float = 1.0) -> tuple[float, float]:
    """Limits in [-1, 1] of the mean of score - outcome; `times` as many people of the same kind, for planning."""
    whole = group.whole
    if not whole.n:
        return -1.0, 1.0
    score, added = whole.score / whole.n, z**2
    n = times * whole.n + added
    mean = (times * (whole.score - whole.hits) + added * (score - 0.5)) / n
    square = (times * group.squares + added * ((score - 1) ** 2 + score**2) / 2) / n
    half = z * sqrt(max(square - mean**2, 0.0) / n)
    value = (whole.score - whole.hits) / whole.n
    return max(-1.0, min(value, mean - half)), min(1.0, max(value, mean + half))


def _estimate(value: float | None, ends: tuple[float, float] | None, level: float, n: int, groups: int) -> Estimate:
    low, high = ends if ends is not None and value is not None else (None, None)
    together = f", for {groups} groups at once" if groups > 1 else ""
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=level,
        n=n,
        unit="points",
        method=f"Agresti and Coull's interval{together}",
    )


def _size(each: Estimate) -> Estimate:
    """The size of a difference, either way."""
    low, high = each.low or 0.0, each.high or 0.0
    return Estimate(
        value=abs(each.value or 0.0),
        low=max(0.0, low, -high),
        high=max(abs(low), abs(high)),
        level=each.level,
        n=each.n,
        unit="points",
        method=each.method,
    )
