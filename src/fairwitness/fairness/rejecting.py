"""How far around the threshold decisions are given to groups that fare worse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairwitness.fairness.thresholds import MOST_TRIED

Floats = NDArray[np.float64]


def reject_width(margins: Floats, groups: NDArray[np.object_], deprived: frozenset[str], *, widest: float) -> float:
    """The least width of the band around the threshold under which shares of good decisions are nearest.

    Within the band, people of deprived groups are decided for, and people of the others against.

    Args:
        margins: (n,) how far each row's score lies on the good side of the threshold; negative on the other.
        groups: (n,) group of each row.
        deprived: The groups to which good decisions go.
        widest: Greatest half width of the band that is tried.

    Returns:
        The half width, in [0, `widest`]; 0 changes nothing. Of more than `MOST_TRIED` widths, so many are tried.

    Source:
        Kamiran, Karim and Zhang 2012, ICDM, https://doi.org/10.1109/ICDM.2012.45, reject option based classification.
    """
    far = np.unique(np.abs(margins))
    widths = np.concatenate([[0.0], (far[:-1] + far[1:]) / 2, [widest]])
    widths = np.unique(widths[widths <= widest])
    if len(widths) > MOST_TRIED:
        widths = widths[np.linspace(0, len(widths) - 1, MOST_TRIED).round().astype(np.int64)]
    shares = []
    for name in np.unique(groups.astype(np.str_)):
        own = np.sort(margins[groups == name])
        line = -widths if name in deprived else widths
        shares.append(1 - np.searchsorted(own, line) / len(own))
    return float(widths[np.ptp(shares, axis=0).round(12).argmin()])
