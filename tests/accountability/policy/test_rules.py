"""policy.toml: what may stand in it, and one line for what may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.policy.rules import Policy, parse, read
from fairwitness.core.errors import ConfigError

GAP = "fairness.selection-rate-gap"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"max_age": 3}, "policy.toml: no setting 'max_age' in the top level; did you mean 'max_age_days'?"),
        ({"max_age_days": 0}, "policy.toml: max_age_days is 0"),
        ({"require": [{"chek": GAP}]}, "did you mean 'check'?"),
        ({"require": [{}]}, "require.0.check is missing"),
        (
            {"require": [{"check": "fairnes"}]},
            "no check or pillar 'fairnes' for require.0.check; did you mean 'fairness'?",
        ),
        ({"require": [{"check": GAP}, {"check": "x"}]}, "no check or pillar 'x' for require.1.check"),
        ({"require": [{"check": GAP, "verdicts": []}]}, "require.0: verdicts is empty"),
        ({"require": [{"check": GAP, "verdicts": ["passed"]}]}, "require.0.verdicts.0 is 'passed'"),
        ({"limits": [{"check": "fairness", "at_most": 1}]}, "no check or pillar 'fairness' for limits.0.check"),
        ({"limits": [{"check": GAP}]}, "limits.0: it limits nothing; give at_most, at_least or min_n"),
        ({"limits": [{"check": GAP, "at_most": 0.1, "at_least": 0.2}]}, "limits.0: at_least 0.2 lies above"),
        ({"limits": [{"check": GAP, "at_most": float("nan")}]}, "limits.0: at_most is nan"),
        ({"limits": [{"check": GAP, "min_n": -1}]}, "limits.0.min_n is -1"),
        ({"sign_off": [{"role": "aprover"}]}, "sign_off.0.role is 'aprover'"),
        ({"sign_off": 3}, "sign_off is 3; give a list"),
        ({"waivers": 3}, "waivers is 3; give a table"),
        ({"sign_off": [{"count": 0}]}, "sign_off.0.count is 0"),
        ({"sign_off": [{"role": "owner"}, {"role": "owner"}]}, "asks twice for the role 'owner'"),
        ({"waivers": {"by": ["boss"]}}, "waivers.by.0 is 'boss'"),
        ({"keys": {"Ed Fox": "ed.fox+00000000+AAAA"}}, "keys: the key of 'Ed Fox': "),
    ],
)
def test_a_wrong_setting_is_one_line_with_the_way_out(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(settings, source="policy.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("policy.toml: ")
    assert "\n" not in str(caught.value)


def test_the_digest_is_of_what_is_asked_not_of_how_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('# ours\nmax_age_days = 30\n[[require]]\ncheck = "fairness"\n', encoding="utf-8")
    first = read(path)
    path.write_text('require = [{ check = "fairness", verdicts = ["pass"] }]\nmax_age_days = 30\n', encoding="utf-8")
    assert read(path).digest == first.digest
    path.write_text('require = [{ check = "fairness" }]\nmax_age_days = 31\n', encoding="utf-8")
    assert read(path).digest != first.digest
    assert len(Policy().digest) == 64


def test_broken_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; --policy FILE names the policy"):
        read(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_text("require = ", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read(tmp_path / "policy.toml")


def test_a_check_the_findings_know_may_be_named() -> None:
    """Such as one of a plug-in that is not installed where the gate runs."""
    assert parse({"require": [{"check": "house.own-check"}]}, source="p", known=["house.own-check"]).require
