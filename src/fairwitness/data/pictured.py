"""How pictures look by group: bright, of contrast, sharp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats.multiple import all_pairs

Floats = NDArray[np.float64]

AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How far groups are apart in one number.

    Attributes:
        groups: The two furthest apart, the lower first.
        size: Difference of their means in standard deviations within groups, at least 0; held for all pairs at once.
        means: Group to its mean.
        p: P value of "alike in every group", by Kruskal and Wallis.
    """

    groups: tuple[str, str]
    size: Estimate
    means: Mapping[str, float]
    p: float


def looks(images: NDArray[Any]) -> dict[str, Floats]:
    """Brightness, contrast and sharpness of each picture, as (n,) numbers.

    Pixels are taken as shares of the widest range they could have (0 to 255 for bytes, what occurs for others), colours as
    their mean. Contrast is the standard deviation of pixels; sharpness the standard deviation of their Laplacian.

    Args:
        images: (n, h, w) or (n, h, w, channels), three pixels or more either way.

    Source:
        Pertuz, Puig and Garcia 2013, Pattern Recognition 46(5):1415-1432, for the Laplacian as a measure of focus.
    """
    if images.dtype.kind == "u":
        low, high = 0.0, float(np.iinfo(images.dtype).max)
    else:
        low, high = float(np.nanmin(images)), float(np.nanmax(images))
    found: dict[str, list[Floats]] = {"brightness": [], "contrast": [], "sharpness": []}
    for start in range(0, len(images), AT_ONCE):
        some = images[start : start + AT_ONCE].astype(np.float64)
        grey = (some[..., :3].mean(axis=3) if some.ndim == 4 else some) - low
        grey /= (high - low) or 1.0
        bends = (
            -4 * grey[:, 1:-1, 1:-1] + grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
        )
        found["brightness"].append(grey.mean(axis=(1, 2)))
        found["contrast"].append(grey.std(axis=(1, 2)))
        found["sharpness"].append(bends.std(axis=(1, 2)))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def apart(values: Floats, groups: NDArray[np.object_], *, level: float = 0.95) -> Apart | None:
    """How far groups are apart in a number.

    Args:
        values: (n,) finite.
        groups: (n,) object of str, two or more, each at least twice.
        level: Two-sided confidence of all pairs of groups.

    Returns:
        None where the number is the same of all, or of all in each group.

    Source:
        Hedges and Olkin 1985, Statistical Methods for Meta-Analysis, section 5.E, for the variance of a standardised
        difference; Kruskal and Wallis 1952, JASA 47(260):583-621; Tukey 1953 for all pairs.
    """
    from scipy.stats import kruskal

    names, codes = np.unique(groups.astype(str), return_inverse=True)
    n = np.bincount(codes)
    mean = np.bincount(codes, weights=values) / n
    within = float(((values - mean[codes]) ** 2).sum()) / max(len(values) - len(names), 1)
    if within <= (1e-9 * np.ptp(values)) ** 2:  # nothing but rounding
        return None
    first, second = np.triu_indices(len(names), 1)
    size = np.abs(mean[second] - mean[first]) / within**0.5
    both = n[first] + n[second]
    half = all_pairs(level, len(names)) * np.sqrt(both / (n[first] * n[second]) + size**2 / (2 * both))
    widest = int(size.argmax())
    low, high = sorted((first[widest], second[widest]), key=lambda place: float(mean[place]))
    return Apart(
        groups=(str(names[low]), str(names[high])),
        size=Estimate(
            value=float(size[widest]),
            low=float(np.maximum(size - half, 0.0).max()),
            high=float((size + half).max()),
            level=level,
            n=len(values),
            unit="number",
            method="standardised difference, for all pairs at once",
        ),
        means={str(name): float(each) for name, each in zip(names, mean, strict=True)},
        p=float(kruskal(*(values[codes == code] for code in range(len(names)))).pvalue),
    )
