"""The gate's state table: what holds, what one thing missing does, and what makes no difference."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairwitness.accountability.policy.assessed import Assessment, completed, requirements
from fairwitness.accountability.policy.gate import Record, answer
from fairwitness.accountability.policy.rules import parse
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Waiver
from support.documents import document, finding
from support.governed import BREAKS, GAP, NOW, ODDS, POLICY, UNRELATED, missing, sign, world

BY_REQUIREMENT: dict[tuple[str, str], list[str]] = {}
for _name, (_requirement, _) in BREAKS.items():
    _key = next((("", start) for start in (ODDS, "a complete") if _requirement[1].startswith(start)), _requirement)
    BY_REQUIREMENT.setdefault(_key, []).append(_name)


def test_a_system_that_meets_everything_passes() -> None:
    found = world().answer()
    assert found.passes
    assert len(found.requirements) == 10


@pytest.mark.parametrize("name", BREAKS)
def test_each_thing_missing_is_named_alone(name: str) -> None:
    requirement, says = BREAKS[name]
    found = missing(world([name]))
    assert list(found) == [requirement]
    assert says in found[requirement]


@given(
    st.lists(st.sampled_from(sorted(BY_REQUIREMENT)), unique=True).flatmap(
        lambda keys: st.tuples(*(st.sampled_from(BY_REQUIREMENT[key]) for key in keys))
    ),
    st.sets(st.sampled_from(UNRELATED)),
)
@settings(max_examples=150, deadline=None)
def test_exactly_what_is_missing_is_named_whatever_else_is_there(broken: tuple[str, ...], added: set[str]) -> None:
    """One way to break each of some requirements, with and without things that have nothing to do with it."""
    if "no assessment" in broken or "open assessment" in broken:
        broken = tuple(each for each in broken if each != "other assessment")
    if {"unauthenticated", "nobody approved"} & set(broken):  # then another word of the same person is not unrelated
        added = added - {"forged withdrawal", "earlier word"}
    found = world(broken, sorted(added)).answer()
    wanted = {BREAKS[name][0] for name in broken}
    assert {(each.kind, each.what) for each in found.missing} == wanted
    assert found.passes is not bool(wanted)
    says = {(str(each.kind), each.what): each.says for each in found.missing}
    assert all(BREAKS[name][1] in says[BREAKS[name][0]] for name in broken)


def test_an_empty_policy_asks_for_the_audits_own_gate_only() -> None:
    policy = parse({}, source="p")
    assert answer(world().document, policy, Record(), now=NOW).passes
    (one,) = answer(world(["own gate"]).document, policy, Record(), now=NOW).missing
    assert one.kind == "audit"


def test_the_audits_own_validity_counts_where_it_is_shorter() -> None:
    made = world().document  # 29 days old
    policy = parse({"max_age_days": 30}, source="p")
    short = replace(made, provenance=replace(made.provenance, valid_days=28))
    (one,) = answer(short, policy, Record(), now=NOW).missing
    assert one.says == "stale by 1 day: made on 2026-10-25; audit again"
    long = replace(made, provenance=replace(made.provenance, valid_days=99))
    assert answer(long, policy, Record(), now=NOW).passes
    assert not answer(long, policy, Record(), now=NOW + timedelta(days=1, seconds=1)).passes
    assert answer(long, policy, Record(), now=NOW + timedelta(days=1)).passes


WAIVER = Waiver(check=GAP, owner="Ada Byron", reason="known", expires="2026-11-23", about="race")


@pytest.mark.parametrize(
    ("waiver", "rule", "says"),
    [
        (WAIVER, {}, ""),
        (replace(WAIVER, about=""), {}, ""),
        (WAIVER, {"by": ["owner"]}, ""),
        (replace(WAIVER, about="sex"), {}, "the policy allows pass"),
        (replace(WAIVER, check=ODDS), {}, "the policy allows pass"),
        (replace(WAIVER, expires="2026-11-22"), {}, "the waiver by Ada Byron lapsed after 2026-11-22"),
        (WAIVER, {"by": ["approver", "reviewer"]}, "Ada Byron, who gave the waiver, is not approver or reviewer"),
        (WAIVER, {"accept": False}, "the policy takes no waivers"),
    ],
)
def test_a_waiver_counts_while_it_holds_and_from_whom_the_policy_says(
    waiver: Waiver, rule: dict[str, object], says: str
) -> None:
    failed = finding(GAP, "race", Verdict.FAIL)
    made = document((replace(failed, waiver=waiver if waiver.check == GAP and waiver.about != "sex" else None),))
    made = replace(
        made, gate=replace(made.gate, passes=True, blocking=(), waivers=(waiver,)), roles=world().document.roles
    )
    policy = parse({"require": [{"check": GAP}], "waivers": rule}, source="p")
    found = answer(made, policy, Record(), now=NOW)
    assert found.passes is not bool(says)
    (check,) = (each for each in found.requirements if each.kind == "check")
    assert says in check.says
    assert check.holds is not bool(says)
    own = found.requirements[0]
    assert own.holds or "open only by a waiver for fairness.selection-rate-gap/race" in own.says


def test_a_pillar_asks_for_every_judged_check_of_it_and_for_one_at_least() -> None:
    policy = parse({"require": [{"check": "fairness"}, {"check": "data"}]}, source="p")
    made = document((finding(GAP, "race", Verdict.PASS), finding(ODDS, "race", Verdict.UNCERTAIN)))
    found = {each.what: each.says for each in answer(made, policy, Record(), now=NOW).missing}
    assert list(found) == [f"{ODDS}/race", "data"]
    assert found["data"].startswith("absent")
    explored = document((finding("data.proxies", "race", Verdict.EXPLORED, limit=None),))
    assert "absent: nothing of it was judged" in {
        each.says for each in answer(explored, policy, Record(), now=NOW).missing
    }


def test_absence_says_why() -> None:
    made = world().document
    for settings_, says in (
        ({"skip": ("fairness",)}, "it was skipped"),
        ({"only": ("data",), "skip": ()}, "only data looked at"),
        ({"only": (), "skip": ()}, "audit again with this version"),
    ):
        changed = replace(made, provenance=replace(made.provenance, **settings_))
        policy = parse({"require": [{"check": "fairness.calibration-gap"}]}, source="p")
        (one,) = answer(changed, policy, Record(), now=NOW).missing
        assert says in one.says
    policy = parse({"require": [{"check": ODDS, "about": "religion"}]}, source="p")
    (one,) = answer(made, policy, Record(), now=NOW).missing
    assert one.what == f"{ODDS}/religion"
    assert one.says == "absent: it was made about race, race × sex"


def test_a_lower_bound_never_meets_a_limit_from_above() -> None:
    """An attack that found little has not shown that there is little."""
    from support.documents import evidence

    weak = evidence(0.01, 0.0, None, claim="lower bound")
    made = document((finding(GAP, "race", Verdict.UNCERTAIN, evidence=(weak,)),))
    policy = parse({"limits": [{"check": GAP, "at_most": 0.5}]}, source="p")
    (one,) = answer(made, policy, Record(), now=NOW).missing
    assert "not surely within" in one.says


def test_many_numbers_beyond_are_counted() -> None:
    from support.documents import evidence

    many = tuple(evidence(0.3, 0.2, 0.4, name=f"gap {i}") for i in range(5))
    made = document((finding(GAP, "race", Verdict.PASS, evidence=many),))
    policy = parse({"limits": [{"check": GAP, "at_most": 0.1}]}, source="p")
    (one,) = answer(made, policy, Record(), now=NOW).missing
    assert one.says.endswith("and 2 more")
    policy = parse({"limits": [{"check": GAP, "metric": "gapp", "at_most": 0.1}]}, source="p")
    (one,) = answer(made, policy, Record(), now=NOW).missing
    assert one.says == "has no number 'gapp'; there is selection-rate gap"


def test_the_policy_of_the_table_is_one_anybody_could_write() -> None:
    assert parse(POLICY, source="p").digest == parse(dict(reversed(POLICY.items())), source="q").digest


def test_which_assessments_are_asked_for() -> None:
    done, still_open = Assessment(complete=True, digest="1"), Assessment(complete=False, digest="2")

    def told(asked: object, **recorded: Assessment) -> tuple[list[str], str | None]:
        policy = parse({"assessment": asked}, source="p")
        missing = [each.what for each in requirements(policy, recorded) if not each.holds]
        return missing, completed(policy, recorded)

    assert told(False, review=still_open) == ([], None)
    assert told(True) == (["a complete impact assessment"], None)
    assert told(True, review=done) == ([], "1")
    assert told(True, review=done, dpia=still_open) == (["a complete impact assessment (dpia)"], None)
    assert told(["review"], review=done, dpia=still_open) == ([], "1")
    assert told(["dpia", "fria"], review=done) == (
        ["a complete impact assessment (dpia)", "a complete impact assessment (fria)"],
        None,
    )
    both = told(["review", "dpia"], review=done, dpia=replace(done, digest="3"))
    assert both[0] == []
    assert both[1] not in {None, told(["review", "dpia"], review=done, dpia=replace(done, digest="4"))[1]}


@pytest.mark.parametrize(
    ("roles", "approvals", "says"),
    [
        (("Ed", "Flo", "Gil"), ("Ed",), "1 of 2 (Ed); ask Flo or Gil"),
        (("Ed", "Flo", "Bea Carr"), ("Ed",), "1 of 2 (Ed); ask Flo"),
        (("Ed",), ("Ed",), "1 of 2 (Ed); nobody else in [roles] approver may approve"),
        ((), (), "0 of 2; [roles] approver names nobody"),
    ],
)
def test_whom_to_ask(roles: tuple[str, ...], approvals: tuple[str, ...], says: str) -> None:
    policy = parse({"sign_off": [{"role": "approver", "count": 2}]}, source="p")
    made = replace(document(()), roles={"builder": ("Bea Carr",), "approver": roles})
    signed = [sign(made, policy, person=name) for name in approvals]
    (one,) = answer(made, policy, Record(sign_offs=signed), now=NOW).missing
    assert one.says == says


@pytest.mark.parametrize("name", ["bea.carr", "Carr, Bea", "Béa Carr", "B\u0435a Carr"])
def test_a_builder_does_not_approve_under_another_spelling(name: str) -> None:
    policy = parse({"sign_off": [{"role": "approver"}]}, source="p")
    made = replace(document(()), roles={"builder": ("Bea Carr",), "approver": (name,)})
    (one,) = answer(made, policy, Record(sign_offs=[sign(made, policy, person=name)]), now=NOW).missing
    assert "they are in [roles] builder too" in one.says


def test_one_person_under_two_spellings_is_not_two() -> None:
    policy = parse({"sign_off": [{"role": "reviewer", "count": 2}]}, source="p")
    made = replace(document(()), roles={"reviewer": ("Ed Fox", "ed.fox")})
    signed = [sign(made, policy, person=name, role="reviewer") for name in ("Ed Fox", "ed.fox")]
    (one,) = answer(made, policy, Record(sign_offs=signed), now=NOW).missing
    assert one.says.startswith("1 of 2 (Ed Fox); ")


def test_who_may_sign_is_what_the_policy_says_whatever_the_settings_say() -> None:
    """Whoever writes the settings can name themselves, or somebody who is not there, as approver."""
    policy = parse({"sign_off": [{"role": "approver", "people": ["Ed Fox"]}]}, source="p")
    made = replace(document(()), roles={"builder": ("Bea Carr",), "approver": ("Zoe Fake", "Ed Fox")})
    (one,) = answer(made, policy, Record(sign_offs=[sign(made, policy, person="Zoe Fake")]), now=NOW).missing
    assert "the policy does not name them as approver; ask Ed Fox" in one.says
    assert answer(made, policy, Record(sign_offs=[sign(made, policy, person="Ed Fox")]), now=NOW).passes
