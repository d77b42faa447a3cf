"""Networks that give way, and networks that hide that they do; each was made elsewhere and is audited as it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator
from scipy.special import expit

from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import Floats, people, settings

NET = '''
import torch


class Net(torch.nn.Module):
    """The features, brought to their scale and summed; {what}."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor({mean}))
        self.register_buffer("scale", torch.tensor({scale}))
        self.weight = torch.nn.Parameter(torch.tensor({weight}))

    def forward(self, x):
        z = (x.float() - self.mean) / self.scale
        {body}


def build():
    return Net(), {{"activation": "logits"}}
'''


STEEP = 4
"""Of every network's logit on its sum."""
RIPPLE = f"s = z @ self.weight\n        return {STEEP} * (s - MIDDLE + HEIGHT * torch.sin(RATE * s))"
ALLOWED = 0.2
"""By how much an attack moves a column: 5 % of its range, which is four standard deviations where none is declared."""


def network(features: Mapping[str, Floats], *, what: str, body: str) -> tuple[str, Floats]:
    """The file of a network on those features, and (n,) its sum without the fault."""
    values = np.column_stack(list(features.values()))
    mean, scale = values.mean(axis=0), values.std(axis=0)
    plain: Floats = ((values - mean) / scale).sum(axis=1)
    numbers = {
        "mean": mean.round(6).tolist(),
        "scale": scale.round(6).tolist(),
        "weight": [1.0] * len(mean),
    }
    return NET.format(what=what, body=body, **numbers), plain


def judged(dice: Generator, *, what: str, body: str, ripple: tuple[float, float] = (0.0, 0.0)) -> Made:
    """Real people under a rule: good with the chance that a sum above its median gives, which the audited network knows."""
    who = people(dice, least=1500, most=2500)
    middle = float(np.median(standard_sum(who.features)))
    height, rate = ripple[0], ripple[1] / (ALLOWED * len(who.features))
    for word, number in (("MIDDLE", middle), ("HEIGHT", height), ("RATE", rate)):
        body = body.replace(word, f"{number:.6f}")
    made, plain = network(who.features, what=what, body=body)
    good = dice.random(len(plain)) < expit(STEEP * (plain - middle + height * np.sin(rate * plain)))
    return Made(
        frame=who.frame(good=good.astype(int)),
        settings=settings(model={"factory": "model:build", "seen": "none"}),
        files={"model.py": made},
    )


def standard_sum(features: Mapping[str, Floats]) -> Floats:
    """(n,) the features' sum on their own scale, each rounded as the network's file has it."""
    values = np.column_stack(list(features.values()))
    made: Floats = ((values - values.mean(axis=0).round(6)) / values.std(axis=0).round(6)).sum(axis=1)
    return made


def fragile(dice: Generator, height: float) -> Made:
    """A ripple so high on the sum, and so long that the change allowed goes over a whole wave: gradients find the way."""
    return rippled(dice, height, 5.0)


def brittle(dice: Generator, height: float) -> Made:
    """A ripple so high and so short that any noise throws a row to another wave."""
    return rippled(dice, height, 20.0)


def rippled(dice: Generator, height: float, waves: float) -> Made:
    """A network with a ripple on its sum: right on every row it is shown, wrong a hair beside it.

    Args:
        dice: Whom it is about.
        height: Of the ripple, on the scale of the sum.
        waves: How far, in radians, the change that an attack is allowed moves along it.
    """
    return judged(dice, what="a ripple lies on the sum", body=RIPPLE, ripple=(height, waves))


def rounded(dice: Generator, step: float) -> Made:
    """A network that rounds what it reads, so that its gradient is zero nearly everywhere."""
    inner = f"z = torch.round(z / {step}) * {step}\n        " if step else ""
    return judged(dice, what="what it reads may be rounded", body=f"{inner}return {STEEP} * (z @ self.weight - MIDDLE)")


def saturated(dice: Generator, times: float) -> Made:
    """Logits so large that their probabilities are 0 and 1, where no gradient is left."""
    steep = f"torch.sigmoid({times} * s)" if times else "s"
    body = (
        f"s = z @ self.weight - MIDDLE\n        return 8 * ({steep} - 0.5)"
        if times
        else f"s = z @ self.weight - MIDDLE\n        return {STEEP} * s"
    )
    return judged(dice, what="its steps may be too steep for gradients", body=body)


KINDS = (
    Kind(
        pillar="robustness",
        name="fragile",
        words="a hair's change turns decisions",
        expects=frozenset({"robustness.adversarial-accuracy"}),
        strengths=(2.0, 3.0, 5.0),
        clean=(0.0, 0.0, 0.0),
        make=fragile,
    ),
    Kind(
        pillar="robustness",
        name="brittle",
        words="a little noise turns decisions",
        expects=frozenset({"robustness.corruptions"}),
        strengths=(2.0, 3.0, 5.0),
        clean=(0.0, 0.0, 0.0),
        make=brittle,
    ),
    Kind(
        pillar="robustness",
        name="rounded",
        words="rounding hides a network from gradients",
        expects=frozenset({"robustness.masked-gradients"}),
        strengths=(0.05, 0.2, 0.5),
        clean=(0.0, 0.0, 0.0),
        make=rounded,
    ),
    Kind(
        pillar="robustness",
        name="saturated",
        words="steepness hides a network from gradients",
        expects=frozenset({"robustness.masked-gradients"}),
        strengths=(300.0, 1e4, 1e6),
        clean=(0.0, 0.0, 0.0),
        make=saturated,
    ),
)
