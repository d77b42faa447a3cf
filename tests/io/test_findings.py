from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from fairwitness.core.errors import DataError
from fairwitness.core.findings import Document, Series
from fairwitness.io import findings
from support.documents import crowd, document, sample

DOCUMENTS = {"none": document, "sample": sample, "crowd": crowd}


def rounded(value: Any) -> Any:
    """The same tree with every float at ten significant digits."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: rounded(getattr(value, each.name)) for each in fields(value)})
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(rounded(item) for item in value)
    return float(f"{value:.10g}") if isinstance(value, float) else value


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_read_back_equal(name: str) -> None:
    made = DOCUMENTS[name]()
    again = findings.load(findings.dump(made))
    assert again == rounded(made)
    assert [type(g) for f in again.findings for g in f.figures] == [type(g) for f in made.findings for g in f.figures]
    assert findings.load(findings.dump(again)) == again


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_fit_the_published_schema(name: str) -> None:
    schema = findings.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(findings.dump(DOCUMENTS[name]())), schema)


def with_values(*values: float | str | None) -> Document:
    series = Series(title="t", columns={"v": values}, units={})
    first = sample().findings[0]
    return document((replace(first, series=(series,)),))


def test_rounding_is_exact_at_six_digits_of_tables_and_ten_of_what_is_judged() -> None:
    made = with_values(0.123457, 1.0, 7, -0.0, "word", None)
    assert findings.load(findings.dump(made)) == made
    (series,) = findings.load(findings.dump(made)).findings[0].series
    assert [type(value) for value in series.columns["v"]] == [float, float, int, float, str, type(None)]
    longer = findings.load(findings.dump(with_values(1 / 3, 2e-300 / 7)))
    assert longer.findings[0].series[0].columns["v"] == (0.333333, float("2.85714e-301"))
    first = made.findings[0]
    judged = replace(first, evidence=(replace(first.evidence[0], value=1 / 3),))
    assert findings.load(findings.dump(document((judged,)))).findings[0].evidence[0].value == 0.3333333333


def test_unknown_is_null_and_numpy_is_plain() -> None:
    values: tuple[Any, ...] = (float("nan"), float("inf"), np.float64(0.5), np.int64(3))
    (series,) = findings.load(findings.dump(with_values(*values))).findings[0].series
    assert series.columns["v"] == (None, None, 0.5, 3)


def test_one_more_finding_changes_only_its_own_lines() -> None:
    made = sample()
    fewer = findings.dump(replace(made, findings=made.findings[:-1])).splitlines()
    every = findings.dump(made).splitlines()
    assert len(set(fewer) - set(every)) <= 1  # the last brace gets a comma
    assert max(map(len, every)) < 3000


def test_paths_are_read(tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(findings.dump(sample()), encoding="utf-8")
    assert findings.load(tmp_path / "findings.json") == findings.load(str(tmp_path / "findings.json"))


def test_hostile_and_broken_files_are_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = findings.dump(sample())
    cases = {
        "cut": (text[: len(text) // 2], "not valid JSON"),
        "deep": ('{"a":' * 100_000, "not valid JSON"),
        "nan": (text.replace('"seed": ', '"seed": NaN, "x": '), "NaN is not a JSON number"),
        "huge": (text.replace('"seed": ', '"seed": 1e999, "x": '), "1e999 is not a JSON number"),
        "version": (text.replace('"schema_version": "1"', '"schema_version": "2"'), "schema_version is '2'"),
        "list": ("[]", "schema_version is None"),
        "type": (text.replace('"rows": ', '"rows": "many", "x": ', 1), "subject.rows: "),
        "string for number": (text.replace('"passes": false', '"passes": "false"'), "gate.passes: "),
    }
    for name, (content, told) in cases.items():
        path = tmp_path / f"{name}.json"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            findings.load(path)
        assert told in str(caught.value)
        assert str(caught.value).startswith(f"{name}.json: ")
        assert "\n" not in str(caught.value)
    (tmp_path / "bytes.json").write_bytes(b"{\xff}")
    with pytest.raises(DataError, match=r"^bytes\.json: not UTF-8 text; make it again"):
        findings.load(tmp_path / "bytes.json")
    with pytest.raises(DataError, match="cannot be read"):
        findings.load(tmp_path / "absent.json")
    monkeypatch.setattr(findings, "LARGEST", 2**20)
    (tmp_path / "large.json").write_text("{" + " " * 2**20 + "}", encoding="utf-8")
    with pytest.raises(DataError, match=r"^large\.json: it is larger than 1 MiB"):
        findings.load(tmp_path / "large.json")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_digest_is_of_what_was_found_not_of_when(name: str) -> None:
    made = DOCUMENTS[name]()
    assert findings.digest(findings.load(findings.dump(made))) == findings.digest(made)
    later = replace(made.provenance, started="2027-01-01T00:00:00Z", seconds=9.0, command="again", environment={})
    slower = tuple(replace(finding, seconds=99.0, spent={"queries": 7}) for finding in made.findings)
    assert findings.digest(replace(made, provenance=later, findings=slower)) == findings.digest(made)
    for change in ({"headline": "else"}, {"roles": {"owner": ("Ada",)}}, {"context": {"purpose": "else"}}):
        assert findings.digest(replace(made, **change)) != findings.digest(made)


def test_settings_keep_every_digit() -> None:
    """Other numbers are rounded; a setting that was would give another digest when it is read back."""
    made = sample()
    config = {"edges": [0.1234567890123456, 1e-300], "name": "x", "none": None}
    again = findings.load(findings.dump(replace(made, provenance=replace(made.provenance, config=config))))
    assert again.provenance.config == config
