"""Random confusion cells, and AIF360 on them, imported without the lines it logs of packages it could use."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fairwitness.fairness.cells import Cells
from fairwitness.stats.tally import Tally
from support.given import people


def classified(group: NDArray[Any], label: NDArray[Any], decision: NDArray[Any]) -> Any:
    """AIF360's `ClassificationMetric`: group 0 is unprivileged, 1 privileged; 1 is the favourable label."""
    logging.disable(logging.WARNING)
    try:
        datasets = pytest.importorskip("aif360.datasets", reason="needs aif360")
        metrics = pytest.importorskip("aif360.metrics", reason="needs aif360")
    finally:
        logging.disable(logging.NOTSET)

    def data(values: NDArray[Any]) -> Any:
        frame = pd.DataFrame({"group": group.astype(float), "label": np.asarray(values, dtype=float)})
        return datasets.BinaryLabelDataset(df=frame, label_names=["label"], protected_attribute_names=["group"])

    return metrics.ClassificationMetric(
        data(label), data(decision), unprivileged_groups=[{"group": 0}], privileged_groups=[{"group": 1}]
    )


def drawn(seed: int, groups: int = 2) -> tuple[Any, Any, Any, Cells]:
    """People of random cells, at least one in each."""
    table = 1 + np.random.default_rng(seed).integers(0, 60, (groups, 4))
    group = np.repeat(np.arange(groups), table.sum(axis=1))
    label, decision = (np.concatenate([np.repeat(code, row) for row in table]) for code in ([0, 0, 1, 1], [0, 1, 0, 1]))
    tally = Tally.of(people([str(each) for each in group], label=label, decision=decision))
    return group, label, decision, Cells.of(tally, ("race",))
