"""Named sets of limits, for those who answer to a rule that has a number in it."""

from __future__ import annotations

from fairwitness.core.estimate import Limit

PRESETS: dict[str, dict[str, Limit]] = {
    # 29 CFR 1607.4(D): a selection rate below four-fifths of the highest is regarded as evidence of adverse impact.
    "eeoc-four-fifths": {"fairness.impact-ratio": Limit(at_least=0.8)},
    # Half the default gaps, for systems whose decisions are hard to undo.
    "strict": {
        "fairness.selection-rate-gap": Limit(at_most=0.05),
        "fairness.impact-ratio": Limit(at_least=0.9),
        "fairness.true-positive-rate-gap": Limit(at_most=0.05),
        "fairness.false-positive-rate-gap": Limit(at_most=0.05),
        "fairness.equalized-odds-gap": Limit(at_most=0.05),
        "fairness.predictive-parity-gap": Limit(at_most=0.05),
        "fairness.accuracy-gap": Limit(at_most=0.05),
        "fairness.calibration-gap": Limit(at_most=0.025),
        "data.label-rate-gap": Limit(at_most=0.05),
        "data.missingness-gap": Limit(at_most=0.025),
    },
}
