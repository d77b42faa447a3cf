"""A generative subject from settings to findings: what applies is looked at, the rest is not applicable by name."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.errors import UserError
from fairwitness.engine.audit import audit as run
from fairwitness.engine.config import parse
from support.media import striped

pytest.importorskip("torch")
pytest.importorskip("tokenizers", reason="text comes with the extra `text`")

SMALL = {"epochs": 8, "batch": 16, "learning_rate": 1e-2, "vocabulary": 290, "length": 16, "embedding": 8, "hidden": 16}
WRITE: dict[str, Any] = {"train": "text-rnn", "options": SMALL}
DRAW: dict[str, dict[str, Any]] = {
    name: {"train": name, "options": {"epochs": 1, "widths": [3, 4], "latent": 2}} for name in ("vae", "gan")
}
GENERATIVE = {"fairness.fit-ratio", "privacy.copied-samples", "privacy.exposed-training-rows"}


def lines(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    words = rng.choice(["rain", "sun", "snow", "wind", "fog", "hail"], (n, 4))
    region = rng.choice(["north", "south"], n)
    return pl.DataFrame({"line": [" ".join(each) for each in words], "region": region, "seen": rng.random(n)})


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    images, kind = striped(300)
    np.savez(tmp_path / "pictures.npz", image=images, kind=kind.astype(str))
    return tmp_path / "pictures.npz"


def audit(data: Any, model: dict[str, Any], **settings: Any) -> Any:
    return fairwitness.audit(data, config={"model": model, **settings})


def found(report: Any) -> dict[str, Any]:
    assert [finding.id for finding in report.findings if finding.verdict == "error"] == []
    return {finding.check: finding for finding in report.findings}


def test_a_writer_of_texts_is_audited_for_what_applies() -> None:
    checks = found(audit(lines(), WRITE, subject={"groups": ["region"]}))
    measured = {
        name for name, finding in checks.items() if finding.verdict in {"pass", "fail", "uncertain", "explored"}
    }
    assert measured >= {*GENERATIVE, "explain.model-outline", "data.exact-duplicates", "data.group-imbalance"}
    assert not any(name.startswith("fairness.") for name in measured - GENERATIVE)
    for name in ("fairness.impact-ratio", "fairness.accuracy-gap", "fairness.calibration-gap"):
        assert checks[name].reason == "The model generates texts and decides about nobody; this looks at decisions"
    assert checks["privacy.exposed-training-rows"].evidence[0].claim == "lower bound"


def test_a_gan_has_no_likelihood_but_samples(pictures: Path) -> None:
    report = audit(pictures, DRAW["gan"], subject={"groups": ["kind"], "task": "generation"})
    checks = found(report)
    assert checks["privacy.copied-samples"].evidence
    for name in GENERATIVE - {"privacy.copied-samples"}:
        assert checks[name].verdict == "not-applicable"
        assert "a 'gan' cannot tell" in checks[name].reason
    assert any("nothing was held back" in note for note in report.document.subject.notes)


def test_a_target_beside_it_is_data_and_is_not_decided(pictures: Path) -> None:
    checks = found(audit(pictures, DRAW["vae"], subject={"target": "kind"}))
    assert checks["privacy.copied-samples"].evidence
    assert checks["fairness.fit-ratio"].reason == "Needs a sensitive attribute: declare [subject] groups"
    assert checks["fairness.selection-rate-gap"].verdict == "not-applicable"


def test_the_same_audit_says_the_same(pictures: Path) -> None:
    one, two = (audit(pictures, DRAW["vae"], subject={"groups": ["kind"]}) for _ in range(2))
    for first, second in zip(one.findings, two.findings, strict=True):
        assert first.metered or first.evidence == second.evidence


def test_a_trained_model_is_kept_and_found_again(pictures: Path, tmp_path: Path) -> None:
    told: list[str] = []
    settings = parse({"model": DRAW["vae"], "checks": {"only": ["privacy"]}}, source="here")
    for _ in range(2):
        run(settings, data=pictures, out=tmp_path / "out", progress=lambda what, *_: told.append(what))
    assert told.count("training the model") == 1


def test_a_classifier_makes_no_rows(tmp_path: Path) -> None:
    data = lines().with_columns(wet=pl.col("line").str.starts_with("rain"))
    only = ["privacy.copied-samples", "privacy.exposed-training-rows", "fairness.fit-ratio"]
    report = fairwitness.audit(data, target="wet", groups=["region"], checks={"only": only})
    for finding in report.findings:
        assert finding.verdict == "not-applicable"
        assert finding.reason == "For generation tasks; this one is binary"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": {"decision": "seen > 0.5"}, "subject": {"task": "generation"}},
         "[model] decision = 'seen > 0.5' decides, and [subject] task = 'generation' decides nothing; leave out one"),
        ({"model": {"score": "seen"}, "subject": {"task": "generation"}}, "[model] score = 'seen' decides, and"),
        ({"model": {"train": "mlp"}, "subject": {"task": "generation"}},
         "[subject] task = 'generation' needs [model] train, one of 'text-rnn', 'vae', 'gan'; "),
        ({"model": {"factory": "net:build"}, "subject": {"task": "generation"}},
         "one of 'text-rnn', 'vae', 'gan'; other models cannot be asked for rows here"),
        ({"model": WRITE, "subject": {"task": "binary"}},
         "[model] train = 'text-rnn' makes rows, and [subject] task is 'binary'; leave out task"),
        ({"model": DRAW["vae"]}, "the vae recipe reads one column of images, and there is none; name one in [subject]"),
        ({"model": {**WRITE, "parts": [{"part": "clip-norm"}]}}, "[[model.parts]]: 'text-rnn' takes none; leave them out"),
        ({"model": {**WRITE, "options": {"hiden": 3}}}, "no option 'hiden'; did you mean 'hidden'?"),
        ({"model": {**WRITE, "device": "tpu9"}}, "[model] device: "),
    ],
)  # fmt: skip
def test_settings_that_contradict_are_refused_in_one_line(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        fairwitness.audit(lines(), config=settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_columns_of_text_need_one_named() -> None:
    data = lines().with_columns(other=pl.col("line").str.reverse() + " and quite some more words of it")
    columns = {"line": {"kind": "text"}, "other": {"kind": "text"}}
    with pytest.raises(UserError, match="there is 'line' and 'other'; name one in"):
        audit(data, WRITE, columns=columns)
