"""Sample documents for the surfaces: every verdict, every figure, and values chosen by somebody who means harm."""

from __future__ import annotations

import dataclasses
from typing import Any

from fairwitness.core.estimate import Limit, Severity, Unit, Verdict
from fairwitness.core.figures import (
    Bars,
    Cloud,
    Curve,
    Curves,
    Heat,
    HeatCell,
    Interval,
    Intervals,
    Moment,
    Swarm,
    Timeline,
)
from fairwitness.core.findings import Document, Evidence, Finding, Gate, Provenance, Series, SubjectCard, Waiver

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202edesrever\x1b[31m|*_`[x](javascript:y)"
"""Markup, an attribute's end, a bidirectional override, a terminal escape and Markdown, in one group name."""

NEWCOMBE = "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10"
AT_MOST_TEN = Limit(at_most=0.10)


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


def row(label: str, value: float | None, low: float | None, high: float | None, n: int, **more: Any) -> Interval:
    return Interval(label=label, value=value, low=low, high=high, n=n, **more)


RATES = Intervals(
    title="Approved, by race",
    caption="Share approved. Line: 95 % Wilson interval.",
    unit="share",
    rows=(
        row("White", 0.908, 0.894, 0.921, 1681, section="Recorded decisions, all 1,989 applicants"),
        row("Hispanic", 0.766, 0.679, 0.835, 111, section="Recorded decisions, all 1,989 applicants"),
        row("Black", 0.675, 0.607, 0.737, 197, section="Recorded decisions, all 1,989 applicants"),
        row("White", 0.906, 0.883, 0.925, 755, section="Model’s decisions, 896 audit rows"),
        row("Hispanic", 0.790, 0.674, 0.873, 62, section="Model’s decisions, 896 audit rows"),
        row("Black", 0.646, 0.536, 0.742, 79, section="Model’s decisions, 896 audit rows"),
        row("(missing)", None, None, None, 6, section="Model’s decisions, 896 audit rows", note="too few to judge"),
    ),
    reading="The model’s gap is about as wide as the one in the record it learned from.",
)
GAPS = Intervals(
    title="Gap between each pair of groups, against the limit",
    caption="Points. Newcombe intervals; the level is raised so that all pairs hold together at 95 %.",
    unit="points",
    limit=AT_MOST_TEN,
    rows=(
        row("White over Black", 0.26, 0.142, 0.397, 834, verdict=Verdict.FAIL),
        row("Hispanic over Black", 0.145, -0.041, 0.310, 141, verdict=Verdict.UNCERTAIN),
        row("White over Hispanic", 0.116, 0.015, 0.263, 817, verdict=Verdict.UNCERTAIN),
        row("Men over Women", 0.02, -0.031, 0.083, 896, verdict=Verdict.PASS),
        row("White over (missing)", None, None, None, 761, note="too few to judge"),
    ),
)
CROSSED = Heat(
    title="Race and sex together: mostly too few people to say",
    caption="Share approved, audit rows, 95 % Wilson intervals. Under 30 people no rate is shown.",
    unit="share",
    row_name="Race",
    rows=("White", "Hispanic", "Black"),
    columns=("Men", "Women", "Sex not recorded"),
    cells=(
        (
            HeatCell(value=0.895, low=0.868, high=0.917, n=608),
            HeatCell(value=0.951, low=0.902, high=0.976, n=142),
            HeatCell(value=None, low=None, high=None, n=5),
        ),
        (
            HeatCell(value=0.812, low=0.681, high=0.898, n=48),
            HeatCell(value=None, low=None, high=None, n=13),
            HeatCell(value=None, low=None, high=None, n=1),
        ),
        (
            HeatCell(value=0.754, low=0.629, high=0.848, n=57),
            HeatCell(value=None, low=None, high=None, n=21),
            HeatCell(value=None, low=None, high=None, n=0),
        ),
    ),
    reading="Of Black women, 21 were judged: collect more before saying anything about them.",
)
WATCHED = Timeline(
    title="Gap in approvals by race, look by look",
    caption="Points. Line: 95 % interval of that look alone. Shaded: within the bound.",
    unit="points",
    audited=0.26,
    limit=Limit(at_most=0.37),
    moments=(
        Moment(when="2026-10-05", value=0.24, low=0.12, high=0.36, n=210),
        Moment(when="2026-10-12", value=None, low=None, high=None, n=0),
        Moment(when="2026-10-19", value=0.41, low=0.30, high=0.52, n=190),
        Moment(when="2026-10-26", value=0.44, low=0.33, high=0.55, n=201, alarm=True),
    ),
)
CROWD = Swarm(
    title="What moves the score",
    caption="Points of score.",
    unit="points",
    edges=(-0.2, -0.1, 0.0, 0.1),
    fewest=5,
    value_label="mean size",
    rows=(
        Cloud(label="debts", value=0.09, low=0.08, high=0.1, n=200, counts=(40, 0, 158), heights=(0.9, None, 0.4)),
        Cloud(label="town", value=0.01, low=None, high=None, n=200, counts=(0, 99, 98), heights=(None, None, None)),
    ),
)
CALIBRATION = Curves(
    title="Stated against observed approval, by race",
    caption="Share. Dotted: what a calibrated score would give. Whiskers: 95 % Wilson intervals.",
    x_label="Mean score",
    y_label="Approved in the record",
    x_unit="share",
    y_unit="share",
    diagonal=True,
    curves=tuple(
        Curve(
            label=label,
            x=(0.12, 0.31, 0.52, 0.73, 0.94),
            y=tuple(None if y is None else min(1.0, y + shift) for y in (0.10, 0.33, None, 0.76, 0.95)),
            low=tuple(None if y is None else max(0.0, y + shift - 0.06) for y in (0.10, 0.33, None, 0.76, 0.95)),
            high=tuple(None if y is None else min(1.0, y + shift + 0.06) for y in (0.10, 0.33, None, 0.76, 0.95)),
            n=(40, 55, 0, 210, 590),
        )
        for label, shift in (("White", 0.0), ("Hispanic", -0.05), ("Black", -0.09))
    ),
)
COUNTED = Bars(
    title="Who is in the data",
    caption="Rows by race, with the share they make. Mark: share among adults of the county.",
    labels=("White", "Black", "Hispanic", HOSTILE),
    counts=(1681, 197, 111, 3),
    shares=(0.8439, 0.0989, 0.0557, 0.0015),
    lows=(0.8272, 0.0865, 0.0465, 0.0005),
    highs=(0.8592, 0.1128, 0.0667, 0.0044),
    expected=(0.72, 0.14, 0.13, 0.01),
)


def many_groups(n: int = 20) -> Intervals:
    """A chart of many groups with long names."""
    return Intervals(
        title="Approved, by county of residence",
        caption="Share approved, 95 % Wilson intervals.",
        unit="share",
        limit=Limit(at_least=0.5),
        rows=tuple(
            row(
                f"County of {'Saint ' * (i % 4)}Wherever-on-the-Water {i}",
                0.95 - 0.03 * i,
                max(0.0, 0.88 - 0.03 * i),
                min(1.0, 0.99 - 0.03 * i),
                40 + 13 * i,
                verdict=Verdict.PASS if i < 12 else Verdict.UNCERTAIN,
            )
            for i in range(n)
        ),
    )


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
