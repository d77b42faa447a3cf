"""What a network says as numbers to be compared: the decided class has the highest, and gradients run through them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from fairwitness.torchkit.scores import DecisionRule

LEAST = 1e-12  # a probability of nothing has no logarithm


def comparable(raw: Tensor, rule: DecisionRule) -> Tensor:
    """(n, m) outputs of a network as (n, k) numbers, one a class in the rule's order, of which the decided has the highest.

    Probabilities become logarithms of theirs. The threshold of a binary rule is taken off the positive class.
    """
    given = raw.clamp(min=LEAST).log() if rule.activation == "probabilities" else raw
    if not rule.binary:
        return given
    positive = rule.classes.index(rule.positive or "")
    if raw.shape[1] == 1 and rule.activation == "probabilities":
        odds = given[:, 0] - (1 - raw[:, 0]).clamp(min=LEAST).log()
    else:
        odds = given[:, 0] if raw.shape[1] == 1 else given[:, positive] - given[:, 1 - positive]
    decided = odds - log_odds(rule.threshold)
    pair = [torch.zeros_like(decided), decided]
    return torch.stack(pair if positive else pair[::-1], dim=1)


def log_odds(share: float) -> float:
    """Logarithm of the odds of a share in [0, 1], far out at its ends.

    >>> log_odds(0.5)
    0.0
    """
    inside = min(max(share, LEAST), 1 - LEAST)
    return math.log(inside / (1 - inside))
