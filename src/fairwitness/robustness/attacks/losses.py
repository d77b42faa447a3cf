"""What an attack climbs: how near a row is to being decided otherwise.

Each takes (n, k) logits, (n,) recorded classes and (n,) target classes, and gives (n,) losses, the higher the nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

TINY = 1e-12


def margin(logits: Tensor, recorded: Tensor, _: Tensor) -> Tensor:
    """The best other class less the recorded one; above 0 the decision has turned.

    Source:
        Carlini and Wagner 2017, IEEE S&P, arXiv 1608.04644, f6.
    """
    own = logits.gather(1, recorded[:, None])[:, 0]
    return logits.scatter(1, recorded[:, None], -math.inf).amax(dim=1) - own


def towards(logits: Tensor, recorded: Tensor, target: Tensor) -> Tensor:
    """A target class less the recorded one."""
    return logits.gather(1, target[:, None])[:, 0] - logits.gather(1, recorded[:, None])[:, 0]


def ratio_towards(logits: Tensor, recorded: Tensor, target: Tensor) -> Tensor:
    """As `towards`, in units of the spread of the highest logits, so that scaling them changes nothing; four classes or more.

    Source:
        Croce and Hein 2020, ICML, arXiv 2003.01690, eq. 7.
    """
    ranked = logits.sort(dim=1).values
    spread = ranked[:, -1] - (ranked[:, -3] + ranked[:, -4]) / 2
    return towards(logits, recorded, target) / (spread + TINY)
