"""Sample documents for the surfaces: every verdict, every figure, and values chosen by somebody who means harm."""

from __future__ import annotations

import dataclasses
from typing import Any

from fairwitness.core.estimate import Limit, Severity, Unit, Verdict
from fairwitness.core.figures import (
    Intervals,
)
from fairwitness.core.findings import Document, Evidence, Finding, Gate, Provenance, Series, SubjectCard, Waiver
from support.figures import AT_MOST_TEN, CALIBRATION, COUNTED, CROSSED, GAPS, HOSTILE, RATES, many_groups, row

NEWCOMBE = "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10"


def evidence(
    value: float | None, low: float | None, high: float | None, verdict: Verdict = Verdict.FAIL, **more: Any
) -> Evidence:
    told: dict[str, Any] = {
        "name": "selection-rate gap",
        "metric": "selection-rate gap",
        "groups": ("White", "Black"),
        "level": 0.95,
        "n": 834,
        "unit": "points",
        "claim": "estimate",
        "method": "Newcombe, simultaneous over all pairs",
        "p": None,
    }
    return Evidence(value=value, low=low, high=high, verdict=verdict, **(told | more))


def finding(check: str, about: str | None, verdict: Verdict, **more: Any) -> Finding:
    told: dict[str, Any] = {
        "id": f"{check}/{about}" if about else check,
        "check": check,
        "pillar": check.partition(".")[0],
        "about": about,
        "title": "Groups are selected at similar rates",
        "lead": "",
        "verdict": verdict,
        "why": "",
        "severity": Severity.HIGH,
        "limit": AT_MOST_TEN,
        "evidence": (),
        "series": (),
        "figures": (),
        "notes": (),
        "measures": "Widest gap between two groups in the share of positive decisions.",
        "does_not_show": "Whether a gap is deserved: base rates may differ.",
        "reason": "",
        "what_to_do": "Look at which step widens the gap. Then train again with groups weighed alike.",
        "remedies": (),
        "sources": (NEWCOMBE,),
        "seconds": 0.25,
    }
    return Finding(**(told | more))


WAIVER = Waiver(
    check="fairness.error-rate-gap",
    owner="A. Example, head of lending",
    reason="The appeals team reviews every refusal by hand until the retrained model is out.",
    expires="2027-01-31",
    about="race",
)
LAPSED = Waiver(
    check="data.duplicates",
    owner="B. Example",
    reason="To be cleaned in the spring.",
    expires="2026-05-31",
    expired=True,
)


def _fails() -> tuple[Finding, ...]:
    return (
        finding(
            "fairness.selection-rate-gap",
            "race",
            Verdict.FAIL,
            title="The model approves 64.6 % of Black applicants and 90.6 % of White applicants",
            lead="The gap is 26.0 points [14.2, 39.7]. Chance alone would give differences this large less than "
            "once in 1,000 shuffles.",
            why="The limit is 10.0 points and the whole interval lies above it.",
            evidence=(
                evidence(0.26, 0.142, 0.397, p=0.0002),
                evidence(0.145, -0.041, 0.310, Verdict.UNCERTAIN, groups=("Hispanic", "Black"), n=141),
                evidence(0.116, 0.015, 0.263, Verdict.UNCERTAIN, groups=("White", "Hispanic"), n=817),
            ),
            figures=(RATES, GAPS, CROSSED),
            notes=("6 applicants whose race is not recorded are shown, and left out of the gap: too few to judge.",),
            series=(
                Series(
                    title="Approved, by race",
                    columns={
                        "race": ("White", "Hispanic", "Black", "(missing)"),
                        "n": (755, 62, 79, 6),
                        "rate": (0.906, 0.790, 0.646, None),
                    },
                    units={"rate": "share", "n": "people"},
                ),
            ),
            remedies=("fairness.reweigh", "fairness.group-thresholds"),
        ),
        finding(
            "data.target-leak",
            None,
            Verdict.FAIL,
            title="Two columns give the answer away",
            lead="Each of action and reject alone ranks every approval above every refusal.",
            why="The limit is 0.950 and the lower end lies above it; how much higher the truth lies, this cannot say.",
            severity=Severity.CRITICAL,
            limit=Limit(at_most=0.95),
            evidence=(
                evidence(
                    1.0, 0.998, None, unit="auc", groups=("action",), n=1989, claim="lower bound", method="DeLong"
                ),
                evidence(
                    0.9987, 0.991, None, unit="auc", groups=("reject",), n=1989, claim="lower bound", method="DeLong"
                ),
            ),
            figures=(
                Intervals(
                    title="How well one column alone tells the outcome",
                    caption="Area under the curve. Arrow: the upper end is unknown.",
                    unit="auc",
                    limit=Limit(at_most=0.95),
                    rows=(
                        row("action", 1.0, 0.998, None, 1989, verdict=Verdict.FAIL),
                        row("reject", 0.9987, 0.991, None, 1989, verdict=Verdict.FAIL),
                        row("typur", 0.81, 0.79, None, 1989, verdict=Verdict.UNCERTAIN),
                    ),
                ),
            ),
            what_to_do="Drop both from the data set, not only from the model.",
        ),
        finding(
            "fairness.error-rate-gap",
            "race",
            Verdict.FAIL,
            title="Creditworthy Black applicants are refused 2.4 times as often as White applicants",
            lead="Of creditworthy applicants, 21.0 % of Black and 8.7 % of White are refused.",
            why="The limit is 1.25 and the whole interval lies above it.",
            limit=Limit(at_most=1.25, at_least=0.8),
            severity=Severity.MEDIUM,
            evidence=(evidence(2.41, 1.52, 3.66, unit="ratio"),),
            figures=(
                Intervals(
                    title="Refused although creditworthy, against White applicants",
                    caption="Ratio of rates, 95 % intervals. Shaded: within the limit on both sides.",
                    unit="ratio",
                    limit=Limit(at_most=1.25, at_least=0.8),
                    rows=(
                        row("Black", 2.41, 1.52, 3.66, 79, verdict=Verdict.FAIL),
                        row("Hispanic", 1.31, 0.72, 2.2, 62, verdict=Verdict.UNCERTAIN),
                        row("Asian", 1.02, 0.93, 1.11, 812, verdict=Verdict.PASS),
                    ),
                ),
            ),
            waiver=WAIVER,
        ),
        finding(
            "data.duplicates",
            None,
            Verdict.FAIL,
            title="12 rows appear twice",
            why="The limit is 0 rows.",
            limit=Limit(at_most=0),
            severity=Severity.LOW,
            evidence=(
                evidence(12, 12, 12, unit="rows", claim="count", level=None, n=1989, groups=(), method="counted"),
            ),
            in_baseline=True,
        ),
    )


def _uncertain() -> tuple[Finding, ...]:
    return (
        finding(
            "fairness.calibration-gap",
            HOSTILE,
            Verdict.UNCERTAIN,
            title=f"Scores mean nearly the same for {HOSTILE}",
            lead=f"Among {HOSTILE} the score is 5.1 points too high.",
            why="The interval holds the limit. About 240 more people of that group would settle it.",
            severity=Severity.MEDIUM,
            evidence=(
                evidence(0.051, -0.012, 0.114, Verdict.UNCERTAIN, groups=(HOSTILE, "White"), n=79),
                evidence(None, None, None, Verdict.UNCERTAIN, groups=("(missing)", "White"), n=0, method="undefined"),
            ),
            figures=(CALIBRATION,),
            what_to_do="Collect about 240 more people of the smaller group, then audit again.",
        ),
        finding(
            "fairness.selection-rate-gap",
            "county",
            Verdict.UNCERTAIN,
            title="Approval differs between counties, by how much cannot be said yet",
            lead="The widest of 190 gaps is 57.0 points [4.1, 81.0].",
            why="The interval holds the limit.",
            severity=Severity.MEDIUM,
            evidence=tuple(
                evidence(0.57 - 0.02 * i, 0.041, 0.81, Verdict.UNCERTAIN, groups=("County 0", f"County {i}"), n=90)
                for i in range(30)
            ),
            figures=(many_groups(),),
        ),
    )


def _others() -> tuple[Finding, ...]:
    return (
        finding(
            "data.representation",
            "race",
            Verdict.EXPLORED,
            title="Of 1,992 applicants, 84.4 % are White and 9.9 % are Black",
            lead="No limit applies: the plan names no reference that must be met.",
            limit=None,
            severity=Severity.LOW,
            figures=(COUNTED,),
        ),
        *(
            finding(
                f"accountability.{key}",
                None,
                Verdict.NEEDS_PERSON,
                title=title,
                reason=reason,
                limit=None,
                severity=Severity.MEDIUM,
                what_to_do="Answer it under [context] in the configuration.",
            )
            for key, title, reason in (
                (
                    "owner",
                    "Somebody answers for this system",
                    "Who answers for this system by name? Ask the head of team.",
                ),
                ("appeal", "A refused person knows where to turn", "Where does a person turn? Ask customer care."),
            )
        ),
        *(
            finding(check, about, Verdict.NOT_APPLICABLE, reason=reason, title=title)
            for check, about, title, reason in (
                ("fairness.outcome-drift", "race", "Gaps stay as they were", "The data hold no dates."),
                ("fairness.outcome-drift", "sex", "Gaps stay as they were", "The data hold no dates."),
                ("data.seasonality", None, "Seasons are alike", "The data hold no dates."),
                (
                    "explain.layer-report",
                    None,
                    "Layers are known",
                    "The audited decisions were recorded; there is no model.",
                ),
            )
        ),
        finding(
            "explain.surrogate",
            None,
            Verdict.ERROR,
            title="A small tree can stand for the model",
            reason="ValueError: the tree saw one class only",
        ),
        *(
            finding(
                check,
                about,
                Verdict.PASS,
                title=title,
                limit=limit,
                severity=Severity.MEDIUM,
                evidence=(evidence(value, low, high, Verdict.PASS, unit=unit),),
            )
            for check, about, title, limit, value, low, high, unit in _PASSES
        ),
    )


_PASSES: tuple[tuple[str, str | None, str, Limit, float, float, float, Unit], ...] = (
    ("fairness.selection-rate-gap", "sex", "Men and women are approved at similar rates", AT_MOST_TEN, 0.02, -0.031, 0.083, "points"),
    ("data.missing", "sex", "Sex is recorded for nearly everyone", Limit(at_most=0.05), 0.008, 0.005, 0.012, "share"),
    ("accountability.accuracy", None, "Decisions mostly agree with the record", Limit(at_least=0.85), 0.89, 0.867, 0.908, "share"),
)  # fmt: skip


def sample() -> Document:
    """A mortgage model's audit, with everything a surface has to show."""
    return document((*_fails(), *_uncertain(), *_others()), waivers=(WAIVER, LAPSED))


def document(findings: tuple[Finding, ...] = (), *, waivers: tuple[Waiver, ...] = ()) -> Document:
    """Any findings under one subject, gated at medium severity."""
    accepted = {w.check for w in waivers if not w.expired}
    blocking = tuple(
        each.id
        for each in findings
        if each.verdict is Verdict.ERROR
        or (
            each.verdict is Verdict.FAIL
            and each.severity.rank >= Severity.MEDIUM.rank
            and each.check not in accepted
            and not each.in_baseline
        )
    )
    return Document(
        schema_version="1",
        headline="This mortgage model does not pass: it approves Black applicants 26 points less often than White "
        "applicants, and its data give the answer away"
        if blocking
        else "Nothing that was judged fails",
        subject=SubjectCard(
            name="boston-mortgage-mlp 3",
            fingerprint="4ff339b381a4d8d33d9028ae5a14d98833b0776de7019b1d37b85c8775691b1f",
            parent=None,
            task="binary",
            rows=1992,
            judged_rows=896,
            parts={"train": 898, "tune": 198, "audit": 896},
            columns=59,
            target="approved",
            positive="yes",
            favorable="yes",
            decisions_from="model",
            groups=("race", "sex", "county"),
            model="MLP 41-24-1, trained here",
            people="applicants",
            features=("income", "debt", "credit history"),
            withheld={"race": "sensitive", "action": "gives the answer away"},
            notes=("3 rows without an outcome were left out.",),
        ),
        gate=Gate(
            passes=not blocking,
            fail_on=Severity.MEDIUM,
            strict=False,
            blocking=blocking,
            waivers=waivers,
            baseline="findings-2026-05.json" if waivers else None,
        ),
        findings=findings,
        summary={str(verdict): sum(each.verdict is verdict for each in findings) for verdict in Verdict},
        context={"purpose": "Recommends approval of a mortgage to an officer."} if findings else {},
        provenance=Provenance(
            tool="fairwitness",
            version="0.1.0",
            schema_version="1",
            seed=20261122,
            level=0.95,
            config_digest="0035822b089618a92e09e1250a5e308efa6d6975171c121d91e3c4805cf6e871",
            data_digest="442f283743496c843bdd9a349e41d43160d8f7e60b157e5931097f896cda4fb5",
            model_digest=None,
            environment={"python": "3.11.7", "numpy": "2.4.6", "torch": "2.13.0"},
            only=(),
            skip=("explain.counterfactuals",) if findings else (),
            started="2026-11-22T09:30:00Z",
            seconds=41.7,
            command="fairwitness audit audit.toml --out audit",
        ),
    )


def crowd(n: int = 60) -> Document:
    """`n` failing findings, each with the charts and tables of the largest."""
    first = _fails()[0]
    figures = (RATES, GAPS, CROSSED, many_groups())
    return document(
        tuple(
            dataclasses.replace(
                first, id=f"fairness.selection-rate-gap/attribute {i}", about=f"attribute {i}", figures=figures
            )
            for i in range(n)
        )
    )
