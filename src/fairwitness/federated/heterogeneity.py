"""Whether a gap is the same at every site, but for chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's test over sites.

    Attributes:
        q: Weighted squares of the sites' differences about their mean.
        sites: That had people in both groups.
        p: Chance of so large a `q` where the difference is the same everywhere; None with fewer than two sites.
    """

    q: float
    sites: int
    p: float | None


def cochran(pairs: Sequence[tuple[int, int, int, int]]) -> Heterogeneity:
    """Compare the difference of two rates over sites.

    Args:
        pairs: (hits, people) of one group and (hits, people) of the other, a site; sites that lack one are left out.

    Source:
        Cochran 1954, Biometrics 10(1):101-129; half a hit added to each side (Gart and Zweifel 1967, Biometrika
        54:181-187), so that a rate of 0 or 1 has a variance.
    """
    from scipy import stats

    differences, weights = [], []
    for one, of_one, two, of_two in pairs:
        if not of_one or not of_two:
            continue
        first, second = (one + 0.5) / (of_one + 1), (two + 0.5) / (of_two + 1)
        differences.append(second - first)
        weights.append(1 / (first * (1 - first) / of_one + second * (1 - second) / of_two))
    if len(weights) < 2:
        return Heterogeneity(q=0.0, sites=len(weights), p=None)
    mean = sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)
    q = sum(w * (d - mean) ** 2 for w, d in zip(weights, differences, strict=True))
    return Heterogeneity(q=q, sites=len(weights), p=float(stats.chi2.sf(q, len(weights) - 1)))
