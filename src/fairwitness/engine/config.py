"""The audit's settings: `audit.toml`, `[tool.fairwitness]`, or keyword arguments, as frozen models.

Every error names file, key, value and the way out, on one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fairwitness.carbon.energy import Told
from fairwitness.carbon.grid import Grid, grid
from fairwitness.core.columns import Change, Kind, Task
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError, hint
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.questions import QUESTIONS
from fairwitness.core.roles import ROLES
from fairwitness.core.subject import Seen
from fairwitness.io.engines import Engine
from fairwitness.io.settings import SettingsTable as Table
from fairwitness.io.settings import read_toml, validate
from fairwitness.torchkit import recipes

Scalar = bool | int | float | str


class DataSettings(Table):
    """Where the data lie, and whether they are read whole."""

    path: str | None = None
    engine: Engine | None = None  # None: memory, but frames that are lazy stay so
    sample: int = Field(default=50_000, ge=1_000, le=5_000_000)  # rows for what cannot be counted
    counts: str | None = None  # a column that says for how many people a row stands
    note: str = ""  # how the data came about, said in the report

    @model_validator(mode="after")
    def counts_are_few(self) -> DataSettings:
        if self.counts is not None and self.engine in {"lazy", "spark"}:
            raise ValueError("a table of counts is small; take engine out")
        return self


class SubjectSettings(Table):
    target: str | None = None
    positive: Scalar | None = None
    favorable: Scalar | None = None
    groups: tuple[str, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()  # judged; every other crossing is explored
    task: Task | None = None
    people: str = "people"
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    legitimate: tuple[str, ...] = ()  # columns that may count for the outcome
    date: str | None = None  # a column that says when

    @model_validator(mode="after")
    def distinct_groups(self) -> SubjectSettings:
        if len(set(self.groups)) < len(self.groups):
            raise ValueError("groups names one attribute twice; name each once")
        for cross in self.intersections:
            if len(cross) < 2 or len(set(cross)) < len(cross):
                raise ValueError(f"intersections has {list(cross)}; each crosses two or more different attributes")
        return self


class GoldSettings(Table):
    """What is known better of some rows than what is recorded."""

    label: str | None = None  # a column with the outcome as it was found on checking, empty where nobody checked
    truth: Mapping[str, str] = Field(default_factory=dict)  # a column that stands for another, and that one


class AnnotatorsSettings(Table):
    """The outcome as several people gave it, one column each."""

    columns: tuple[str, ...] = ()
    groups: Mapping[str, str] = Field(default_factory=dict)  # column to the group its annotator is of

    @model_validator(mode="after")
    def several(self) -> AnnotatorsSettings:
        if self.columns and len(set(self.columns)) < 2:
            raise ValueError(f"columns has {list(self.columns)}; agreement takes two annotators or more")
        for column in self.groups:
            if column not in self.columns:
                raise ValueError(
                    f"groups has {column!r}, which is not one of the columns; {hint(column, self.columns)}"
                )
        return self


class GroupSettings(Table):
    """How a sensitive attribute is read from the data: one of the five ways."""

    column: str | None = None
    indicators: Mapping[str, str] | None = None
    values: Mapping[str, str] | None = None
    edges: tuple[float, ...] | None = None
    quantiles: int | None = Field(default=None, ge=2, le=20)

    @model_validator(mode="after")
    def one_way(self) -> GroupSettings:
        if self.indicators and (self.column or self.values or self.edges or self.quantiles):
            raise ValueError("indicators stand alone; give them or column, not both")
        if self.edges and self.quantiles:
            raise ValueError("give edges or quantiles, not both")
        return self


class ColumnSettings(Table):
    """What a person knows of a column that its values do not tell."""

    kind: Kind | None = None
    words: str = ""
    sentinels: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = Field(default=None, gt=0)
    change: Change = "free"
    one_of: str | None = None
    quasi_identifier: bool = False

    @model_validator(mode="after")
    def upright(self) -> ColumnSettings:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


GRAPHS = (".onnx", ".pt2", "")
"""What holds a whole network, not only its weights: files, and a folder that `TorchModel.save` wrote."""

PICKLES = (".pkl", ".pickle", ".joblib")


class PartSettings(Table):
    """A part of the training step, by name."""

    part: str
    by: str | None = None  # the group it looks at
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class RemedySettings(Table):
    """A remedy in force, by id."""

    remedy: str
    by: str | None = None  # the group it looks at; several crossed: "race × sex"
    options: Mapping[str, bool | int | float | str] = Field(default_factory=dict)


class ModelSettings(Table):
    """Where decisions come from; none of them given: the recorded labels stand for decisions."""

    train: str | None = None  # a recipe, or module:factory
    saved: str | None = None  # a folder that `fairwitness fix` wrote
    options: Mapping[str, Any] = Field(default_factory=dict)
    parts: tuple[PartSettings, ...] = ()
    remedies: tuple[RemedySettings, ...] = ()
    device: str = "cpu"
    exact: bool = False  # refuse operations that may differ between two runs
    weights: str | None = None
    factory: str | None = None
    black_box: str | None = None  # module:function, returns an estimator or a callable
    encode: str | None = None  # module:function, from a frame to the arrays that a graph in `weights` takes
    output: str | None = None  # which of several, by its name
    activation: Literal["logits", "probabilities"] | None = None
    decision: str | None = None  # a column, or COLUMN OP LITERAL
    score: str | None = None
    threshold: float = Field(default=0.5, ge=0, le=1)
    seen: Seen = "unknown"
    sensitive_features: bool = False

    @field_validator("train")
    @classmethod
    def known_recipe(cls, train: str | None) -> str | None:
        if train is not None and not recipes.known(train):
            raise ValueError(
                f"no recipe {train!r}, and no module:factory of your own; {hint(train, (*recipes.TABLE, *recipes.GENERATIVE))}"
            )
        return train

    @model_validator(mode="after")
    def one_model(self) -> ModelSettings:
        own = self.weights is not None or self.factory is not None
        given = (
            self.train is not None,
            self.saved is not None,
            own,
            self.black_box is not None,
            self.decision is not None,
        )
        if sum(given) > 1:
            raise ValueError(
                "give one of train, saved, factory (with weights), weights of a graph, black_box, or decision"
            )
        if self.score is not None and any(given[:4]):
            raise ValueError("a recorded score stands alone or beside decision, not beside a model")
        self._weights_fit()
        return self

    def _weights_fit(self) -> None:
        """A file of weights needs the network they belong to; a graph brings it."""
        kind = None if self.weights is None else Path(self.weights).suffix.lower()
        if kind in PICKLES:
            raise ValueError(
                f"a {kind} file runs code when it is opened, so it is not opened here; open it in a function of your "
                "own and name that: black_box = 'module:function'"
            )
        if self.weights is not None and self.factory is None and kind not in GRAPHS:
            raise ValueError(
                "weights need factory = 'module:function' to build the network they belong to; the folder of a saved "
                "model is told by its name, which may have no dot"
            )
        if self.factory is not None and kind in GRAPHS:
            raise ValueError(f"{f'a {kind} file' if kind else 'a folder'} is a whole network; take factory out")
        if self.encode is not None and kind not in GRAPHS:
            raise ValueError(
                f"encode goes with weights of a graph ({' or '.join(GRAPHS[:2])}); a factory returns its own"
            )


class SplitSettings(Table):
    column: str | None = None
    unit: str | None = None
    train: float = Field(default=0.5, gt=0, lt=1)
    tune: float = Field(default=0.15, ge=0, lt=1)

    @model_validator(mode="after")
    def leaves_audit(self) -> SplitSettings:
        if self.train + self.tune >= 1:
            raise ValueError("train and tune leave no rows to audit; their sum must be below 1")
        return self


class LimitSettings(Table):
    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def sane(self) -> LimitSettings:
        self.limit()
        return self

    def limit(self) -> Limit:
        return Limit(at_most=self.at_most, at_least=self.at_least)


class GateSettings(Table):
    fail_on: Severity = Severity.MEDIUM
    strict: bool = False


class ChecksSettings(Table):
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class WaiverSettings(Table):
    check: str
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date
    about: str = ""


class RolesSettings(Table):
    """Who answers for the system, stage by stage: a name, or a list of names."""

    owner: tuple[str, ...] = ()
    builder: tuple[str, ...] = ()
    reviewer: tuple[str, ...] = ()
    approver: tuple[str, ...] = ()
    monitor: tuple[str, ...] = ()
    appeal_handler: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def names(cls, given: object) -> object:
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
            raise ValueError(f"{given!r} is not a name or a list of names")
        tidied = [" ".join(name.split()) for name in listed]
        return tuple(dict.fromkeys(name for name in tidied if name))

    def named(self) -> dict[str, tuple[str, ...]]:
        """The roles somebody holds, with the names."""
        return {role.key: names for role in ROLES if (names := getattr(self, role.key))}


class PolicySettings(Table):
    """Where the policy lies that `fairwitness gate` and `sign` hold the audit against, and how long the audit holds."""

    path: str | None = None
    valid_days: int | None = Field(default=None, ge=1)


class DecisionsSettings(Table):
    """Where decisions are on record, which column of the data names them, and how a letter words them."""

    ledger: str | None = None
    id: str | None = None  # a column, or @row; with it, recorded outcomes that appeals put right are read corrected
    recipients: tuple[str, ...] = ()  # who is told of a corrected decision, beside the person
    reasons: Mapping[str, str] = Field(default_factory=dict)  # code to words
    words: Mapping[str, str] = Field(default_factory=dict)  # decision to words

    @model_validator(mode="after")
    def corrects_from_a_ledger(self) -> DecisionsSettings:
        if self.id is not None and self.ledger is None:
            raise ValueError("id says which row a decision is about, and needs ledger, which holds the decisions")
        return self


class MonitorSettings(Table):
    """How `fairwitness watch` holds new rows against the audit; [policy] valid_days says how long the audit holds."""

    id: str | None = None  # a column that names a row, here and in files of labels that come later
    alpha: float = Field(default=0.05, gt=0, lt=0.5)  # chance that it ever raises a false alarm
    gap: float | None = Field(default=None, gt=0, lt=1)  # alarm beyond it; None: beyond what the audit left open
    drift: float = Field(default=0.10, ge=0, lt=1)  # least change in share of a column that is an alarm


class AppealsSettings(Table):
    """How a person can appeal, and how long an answer may take."""

    contact: str = ""
    sender: str = ""  # the organisation, for letters
    about: str = "your application"
    days: int | None = Field(default=None, ge=1)  # None: one calendar month
    file_within: int | None = Field(default=None, ge=1)
    rights: tuple[str, ...] = ()  # in a letter, in place of the usual ones


class CarbonSettings(Table):
    """Where the work runs, and on what electricity; nothing of it is guessed."""

    country: str | None = None  # ISO 3166-1, three letters
    grid_g_per_kwh: float | None = Field(default=None, ge=0, le=3000)
    year: int | None = Field(default=None, ge=1990, le=2100)
    pue: float | None = Field(default=None, ge=1, le=5)  # what the building draws, to what its machines do
    processor_watts: float | None = Field(default=None, gt=0, le=2000)
    training_kwh: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    meter: Literal["own", "codecarbon"] = "own"  # codecarbon reads accelerators too

    @model_validator(mode="after")
    def on_the_map(self) -> CarbonSettings:
        self.grid()
        return self

    def grid(self) -> Grid | None:
        """The electricity; None where nobody said where."""
        return grid(self.country, grams=self.grid_g_per_kwh, year=self.year)

    def told(self) -> Told:
        """What is said of the machine."""
        return Told(watts=self.processor_watts, pue=self.pue)


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


MODEL_SOURCES = ("train", "saved", "factory", "weights", "black_box", "decision", "score")
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
