"""The audit's settings: `audit.toml`, `[tool.fairwitness]`, or keyword arguments, as frozen models.

Every error names file, key, value and the way out, on one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError, hint
from fairwitness.core.questions import QUESTIONS
from fairwitness.engine.settings.data import (
    AnnotatorsSettings,
    ColumnSettings,
    DataSettings,
    GoldSettings,
    GroupSettings,
    SplitSettings,
    SubjectSettings,
)
from fairwitness.engine.settings.duties import (
    AppealsSettings,
    CarbonSettings,
    DecisionsSettings,
    MonitorSettings,
    PolicySettings,
    RolesSettings,
)
from fairwitness.engine.settings.model import ModelSettings
from fairwitness.engine.settings.ranking import RankingSettings
from fairwitness.engine.settings.verdicts import ChecksSettings, GateSettings, LimitSettings, WaiverSettings
from fairwitness.io.settings import SettingsTable as Table
from fairwitness.io.settings import read_toml, validate


class Config(Table):
    """Everything an audit is told. Equal configs give equal findings on equal data."""

    name: str = ""
    seed: int = Field(default=0, ge=0, lt=2**63)
    level: float = Field(default=0.95, gt=0.5, lt=1)
    preset: str | None = None
    baseline: str | None = None
    data: DataSettings = DataSettings()
    subject: SubjectSettings = SubjectSettings()
    groups: Mapping[str, GroupSettings] = Field(default_factory=dict)
    columns: Mapping[str, ColumnSettings] = Field(default_factory=dict)
    model: ModelSettings = ModelSettings()
    ranking: RankingSettings | None = None
    split: SplitSettings = SplitSettings()
    limits: Mapping[str, LimitSettings] = Field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    gate: GateSettings = GateSettings()
    checks: ChecksSettings = ChecksSettings()
    waivers: tuple[WaiverSettings, ...] = ()
    roles: RolesSettings = RolesSettings()
    policy: PolicySettings = PolicySettings()
    decisions: DecisionsSettings = DecisionsSettings()
    appeals: AppealsSettings = AppealsSettings()
    monitor: MonitorSettings = MonitorSettings()
    carbon: CarbonSettings = CarbonSettings()
    context: Mapping[str, str] = Field(default_factory=dict)
    reference: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)
    gold: GoldSettings = GoldSettings()
    annotators: AnnotatorsSettings = AnnotatorsSettings()
    indicators: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def clusters_stay_together(cls, settings: Any) -> Any:  # noqa: ANN401 - not yet looked at
        """Rows of one person are all in one part, unless `[split] unit` says what else is to be."""
        subject, split = (settings.get(key) if isinstance(settings, Mapping) else None for key in ("subject", "split"))
        cluster = subject.get("cluster") if isinstance(subject, Mapping) else None
        if cluster is None or not isinstance(split or {}, Mapping) or (split or {}).get("unit") is not None:
            return settings
        return {**settings, "split": {**(split or {}), "unit": cluster}}

    @field_validator("indicators")
    @classmethod
    def three_of_a_kind(cls, indicators: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for name, columns in indicators.items():
            if len(set(columns)) < max(3, len(columns)):
                raise ValueError(
                    f"{name!r} has {list(columns)}; name three or more different columns that measure one thing"
                )
        return indicators

    @field_validator("context")
    @classmethod
    def known_questions(cls, context: Mapping[str, str]) -> Mapping[str, str]:
        keys = [question.key for question in QUESTIONS]
        for key in context:
            if key not in keys:
                raise ValueError(f"no question {key!r}; {hint(key, keys)}")
        return {key: answer.strip() for key, answer in context.items() if answer.strip()}

    @field_validator("reference")
    @classmethod
    def shares(cls, reference: Mapping[str, Mapping[str, float]]) -> Mapping[str, Mapping[str, float]]:
        for group, table in reference.items():
            if any(share < 0 for share in table.values()) or abs(sum(table.values()) - 1) > 0.01:
                raise ValueError(f"the shares of {group!r} must not be negative and must add up to 1")
        return reference

    @property
    def answers(self) -> dict[str, str]:
        """Answers to the audit's questions: those of `[context]`, and what `[roles]` and `[appeals]` say already."""
        said = {"owner": ", ".join(self.roles.owner), "appeal_contact": " ".join(self.appeals.contact.split())}
        return {key: answer for key, answer in said.items() if answer} | dict(self.context)

    @property
    def digest(self) -> str:
        return digest(self.model_dump(mode="json"))


def parse(settings: Mapping[str, Any], *, source: str) -> Config:
    """Settings as a frozen `Config`.

    Raises:
        ConfigError: The first setting that is wrong, with its key, value and the way out.
    """
    return validate(Config, settings, source=source)


def read(path: Path) -> dict[str, Any]:
    """The settings in `audit.toml`, or in the `[tool.fairwitness]` table of a `pyproject.toml`, not yet parsed.

    Raises:
        ConfigError: The file is missing or is not TOML.
    """
    if path.is_dir():
        path = path / "audit.toml"
    if path.is_file() and path.suffix != ".toml":
        raise ConfigError(f"{path}: holds no settings; name an audit.toml, which `fairwitness init DATA` writes")
    document = read_toml(path, missing="`fairwitness init DATA` writes one")
    if path.name == "pyproject.toml":
        document = document.get("tool", {}).get("fairwitness")
        if document is None:
            raise ConfigError(f"{path}: no [tool.fairwitness] table; add one or give an audit.toml")
    return dict(document)


MODEL_SOURCES = ("train", "saved", "factory", "weights", "black_box", "decision", "score", "prediction")
BOUND = ("options", "activation", "encode", "output", "seen")
"""What is said of one source and means nothing, or something else, beside another."""


def lay_over(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """As `merge`; but a model source given on the spot displaces whichever source the settings below name, with all that
    was said of that one; a threshold stays beside a source of scores, and how to train beside one that trains.
    """
    given = {key for key, value in dict(over.get("model") or {}).items() if value is not None}
    below = settings.get("model")
    if given & set(MODEL_SOURCES) and isinstance(below, Mapping):
        unscored = ("threshold",) if given & {"train", "decision"} else ()
        untrained = () if "train" in given else ("parts", "device", "exact")
        gone = {*MODEL_SOURCES, *BOUND, *unscored, *untrained}
        settings = {**settings, "model": {key: value for key, value in below.items() if key not in gone}}
    return merge(settings, over)


def merge(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others laid over them, table by table; what is None lays nothing."""
    merged = dict(settings)
    for key, value in over.items():
        if isinstance(value, Mapping):
            below = merged.get(key)
            inner = merge(below if isinstance(below, Mapping) else {}, value)
            if inner:
                merged[key] = inner
        elif value is not None:
            merged[key] = value
    return merged
