"""What a check may ask for: a closed list of frozen, hashable values, so they are cache keys and work is shared."""

from __future__ import annotations

from dataclasses import dataclass

from fairwitness.core.columns import Part

# Columns every subject is given beside its own, by the engine, where it has what they are made from.
CLASS = "@class"  # the recorded class, as text
DECIDED = "@decided"  # the decided class, as text
LABEL = "@label"  # was the recorded class the positive one: "yes" or "no"
DECISION = "@decision"  # was the decided class the positive one: "yes" or "no"
CORRECT = "@correct"  # was the decided class the recorded one: "yes" or "no"
FAVORED = "@favored"  # was the decision good for the person: "yes" or "no"
FAVORED_LABEL = "@favored-label"  # was the recorded outcome good for the person: "yes" or "no"
SCORE = "@score"  # the model's score of the positive class, in [0, 1]
NATS = "@nats"  # a generative model's minus log-likelihood of the row, or a bound on it from above
UNITS = "@units"  # what those nats are spread over: tokens of the row, or 1 image
GOLD = "@gold"  # the class found when the row was checked again, as text; None where nobody did
PART = "@part"  # train, tune or audit
TARGET = "@target"  # the recorded quantity, where one is predicted
PREDICTED = "@predicted"  # the predicted one, in the same unit
RANKED = "@ranked"  # what rows of a list are ordered by, the highest first
LIST = "@list"  # which list a row is in, as text
WEIGHT = "@weight"  # how many people the row stands for
CLUSTER = "@cluster"  # whom the row is of, where several may be of one
YES, NO = "yes", "no"
RESERVED = "@"
"""Raw columns and groups may not begin with it: what the engine makes is then never taken for what the data hold."""


def group_column(name: str) -> str:
    """Where `Rows` hold the labels of an attribute; a raw column may have the attribute's own name.

    >>> group_column("race")
    '@group race'
    """
    return f"{RESERVED}group {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyAsk:
    """Counts of rows over the crossed categories of columns.

    Attributes:
        by: Attributes, by name.
        of: What is counted within them: a column of the engine (label, decision, a binned score) or a raw one.
        part: Which rows; None for all.
        judged: Count only the rows the deployed decisions are judged on (audit rows of a model we trained, all rows
            of recorded decisions). The engine resolves it; `part` is then ignored.
        edges: Bins for numeric columns, as (column, inner and outer edges); stored, so a later batch bins alike.
        sums: Numeric columns whose sum, and sum of squares as `NAME^2`, ride along in each cell.
        missing: Columns counted as present or missing (`yes` means missing) instead of by value.

    Where the subject has clusters or weights, the axis `CLUSTER` and the sums `WEIGHT` come with it, unasked: only checks
    that take account of them (`CheckInfo.takes`) are given anything then.
    """

    by: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    part: Part | None = None
    judged: bool = False
    edges: tuple[tuple[str, tuple[float, ...]], ...] = ()
    sums: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsAsk:
    """Rows themselves; `at_most` draws a declared random subsample, which the finding must note."""

    columns: tuple[str, ...] = ()  # raw ones and the engine's own
    groups: tuple[str, ...] = ()  # attributes, given under `group_column(name)`
    part: Part | None = None
    at_most: int | None = None
    media: bool = False  # images and the like aboard


@dataclass(frozen=True, slots=True, kw_only=True)
class LayersAsk:
    """The layers of a torch model, as they run: name, kind, output shape, parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesAsk:
    """New rows from a generative model, drawn under the audit's seed."""

    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsAsk:
    """What the deployed model says about the rows of a part (None: all), beside what is recorded: a `Scored`."""

    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAsk:
    """The deployed model itself, for rows that are new: attacked, cut up, or made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowsAsk:
    """Models made as the audited one was, each from its own random half of all rows: a `Shadows`.

    Attributes:
        count: How many; an even number, so that every row is inside half of them.
    """

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantsAsk:
    """Models made from the audited one's train rows by other seeds, widths and losses: a `Variants`.

    Attributes:
        each: How many of each kind.
    """

    each: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealsAsk:
    """Decisions and appeals on record, counted by group, as of the day of the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAsk:
    """What training took, and the audit so far. Who asks for it runs after every check that does not."""


Ask = (
    TallyAsk
    | RowsAsk
    | LayersAsk
    | SamplesAsk
    | AppealsAsk
    | OutputsAsk
    | ModelAsk
    | ShadowsAsk
    | VariantsAsk
    | CostAsk
)
