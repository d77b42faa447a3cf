"""Planted faults and clean twins, for scoring whatever audits data and models: `python -m fairwitness.trial`.

>>> from fairwitness.trial import catalogue
>>> planted = catalogue()["data.biased-labels.plain"]
>>> planted.clean, "data.label-rate-gap" in planted.expects
(False, True)
"""

from fairwitness.trial.catalogue import catalogue, quick
from fairwitness.trial.planted import Kind, Made, Planted

__all__ = ["Kind", "Made", "Planted", "catalogue", "quick"]
