"""Studies of fairness on real texts and a real experiment, as docs/beyond-groups.md tells a user to make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness
from fairwitness.core.findings import Finding
from support.shown import data

TEXT: Mapping[str, Any] = {"kind": "text"}


def classifier(texts: pl.Series, labels: pl.Series) -> Any:
    """Weighed words and a logistic regression, trained on a column `text`."""
    from sklearn.compose import make_column_transformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = make_column_transformer((TfidfVectorizer(sublinear_tf=True, min_df=2), "text"))
    model = make_pipeline(words, LogisticRegression(C=10, class_weight="balanced", max_iter=500))
    return model.fit(pl.DataFrame({"text": texts}).to_pandas(), labels.to_numpy())


def finding(report: fairwitness.Report, check: str) -> Finding:
    (found,) = [each for each in report.findings if each.check == check]
    return found


def rows(found: Finding, key: str) -> dict[str, dict[str, Any]]:
    """The finding's first table, by one of its columns."""
    columns = found.series[0].columns
    return {str(name): {k: v[i] for k, v in columns.items()} for i, name in enumerate(columns[key])}


@pytest.fixture(scope="module")
def toxicity() -> fairwitness.Report:
    """Trained on comments on Wikipedia, audited on templates in which identities are praised and insulted alike."""
    comments = pl.read_csv(data("wiki_toxicity/toxicity_nonfuzzed_testset.csv"))
    templates = pl.read_csv(data("bias_madlibs/bias_madlibs_77k.csv")).sample(9_000, seed=0)
    model = classifier(comments["comment"], comments["toxic"].cast(pl.Int8))
    audited = templates.select(text="Text", toxic=(pl.col("Label") == "BAD").cast(pl.Int8))
    only = ["fairness.flipped-decisions", "fairness.term-false-positives"]
    return fairwitness.audit(
        audited, target="toxic", positive=1, favorable=0, model=model, columns={"text": TEXT}, checks={"only": only}
    )


def test_naming_an_identity_is_taken_for_an_insult(toxicity: fairwitness.Report) -> None:
    """Dixon et al. 2018 name gay and homosexual first among the terms whose false-positive rate is raised."""
    found = finding(toxicity, "fairness.term-false-positives")
    assert found.verdict == "fail"
    terms = rows(found, "term")
    for word in ("gay", "homosexual", "queer", "lesbian"):
        assert terms[word]["rate low"] > 0.8
        assert terms[word]["low"] > 0.5
    assert terms["christian"]["high"] < 0
    assert all(each["n"] >= 30 for each in terms.values())


def test_exchanging_the_word_alone_turns_the_decision(toxicity: fairwitness.Report) -> None:
    found = finding(toxicity, "fairness.flipped-decisions")
    assert found.verdict == "fail"
    line = rows(found, "put in")["homosexual for heterosexual"]
    assert line["share low"] > 0.5
    assert line["“0” high"] < -0.5  # the favourable decision is 0, not toxic


def hiring(punished: float) -> tuple[pl.DataFrame, Any]:
    """Biographies of accountants, some in a women's or men's club; who is hired has to do with experience and, planted, with a
    word. The model is trained on half of them.
    """
    rng = np.random.default_rng(0)
    bios = pl.read_csv(data("bias_in_bios_sample/bios_sample.csv")).filter(pl.col("profession") == "accountant")
    n, women = len(bios), (bios["gender"] == "Female").to_numpy()
    years = rng.integers(0, 6, n)
    member = rng.random(n) < 0.6
    whose = np.where(women, "women's", "men's")
    texts = [
        f"{bio} {said} years in charge." + (f" Captain of the {own} chess club." if belongs else "")
        for bio, said, own, belongs in zip(
            bios["hard_text"],
            np.array(["no", "one", "two", "three", "four", "five"])[years],
            whose,
            member,
            strict=True,
        )
    ]
    hired = rng.random(n) < 1 / (1 + np.exp(-1.2 * (years - 2.5) + punished * (women & member)))
    frame = pl.DataFrame({"text": texts, "gender": bios["gender"], "hired": hired.astype(np.int8)})
    train = np.arange(n) % 2 == 0
    return frame.filter(~train), classifier(frame["text"].filter(train), frame["hired"].filter(train))


def recruiting(punished: float) -> fairwitness.Report:
    frame, model = hiring(punished)
    return fairwitness.audit(
        frame,
        target="hired",
        positive=1,
        favorable=1,
        groups=["gender"],
        model=model,
        columns={"text": TEXT},
        subject={"features": ["text"], "people": "applicants"},
        checks={"only": ["fairness.flipped-decisions", "fairness.selection-rate-gap"]},
    )


def test_a_recruiting_model_that_punishes_a_word_is_caught_by_the_word_and_by_the_gap() -> None:
    report = recruiting(3.0)
    swap = finding(report, "fairness.flipped-decisions")
    assert swap.verdict == "fail"
    line = rows(swap, "put in")["women for men"]
    assert line["“1” high"] < 0
    assert line["score high"] < -0.1
    gap = finding(report, "fairness.selection-rate-gap")
    assert gap.verdict == "fail"
    assert gap.evidence[0].groups == ("Female", "Male")


def test_its_twin_that_punishes_no_word_is_not() -> None:
    report = recruiting(0.0)
    assert finding(report, "fairness.flipped-decisions").verdict != "fail"
    assert finding(report, "fairness.selection-rate-gap").verdict != "fail"


def test_the_call_back_gap_of_invented_names() -> None:
    """Bertrand and Mullainathan 2004, American Economic Review 94(4):991-1013, table 1: 9.65 % of white names are called back
    and 6.45 % of African-American ones, 3.20 points, p 0.0001; women 9.89 and 6.63, men 8.87 and 5.83.
    """
    report = fairwitness.audit(
        data("resume_names/ResumeNames.csv"),
        target="call",
        positive="yes",
        favorable="yes",
        groups=["ethnicity", "gender"],
        checks={"only": ["fairness.selection-rate-gap"]},
    )
    found = {each.about: each for each in report.findings}
    (gap,) = found["ethnicity"].evidence
    assert gap.groups == ("afam", "cauc")
    assert gap.value == pytest.approx(0.0320, abs=5e-5)
    assert gap.n == 4870
    assert gap.low is not None
    assert gap.high is not None
    assert 0.015 < gap.low < 0.0320 < gap.high < 0.05  # the paper's standard error is 0.8 points
    assert gap.p is not None
    assert gap.p < 0.002
    names = {
        (name, round(row["rate"], 4))
        for about in ("ethnicity", "ethnicity × gender")
        for name, row in rows(found[about], "group").items()
    }
    assert {("cauc", 0.0965), ("afam", 0.0645), ("cauc × female", 0.0989), ("afam × female", 0.0663)} <= names
    assert {("cauc × male", 0.0887), ("afam × male", 0.0583)} <= names
    (other,) = found["gender"].evidence
    assert other.low == 0.0  # of gender the experiment shows no gap
