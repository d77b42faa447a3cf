"""What is audited: data, the deployed model, the split, the groupings, and what a person has said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column, Grouping, Task

Need = Literal[
    "rows",  # the rows themselves, not only tallies
    "labels",  # a recorded target
    "truth",  # labels recorded apart from the decisions that are judged
    "groups",  # at least one sensitive attribute
    "decisions",
    "favorable",  # what is good for the person is declared
    "scores",  # a probability of the positive class
    "positive",  # the event that is predicted is declared
    "features",  # columns a model may read
    "model",  # a model that new rows can be put to
    "gradients",  # a torch module whose inputs lead back to columns
    "recipe",  # how the model was trained is known, so others can be trained like it
    "layers",  # a torch module whose layers can be seen
    "split",  # rows divided into train, tune and audit
    "reference",  # shares of a reference population
    "appeals",  # decisions and appeals on record
    "samples",  # a model that makes new rows
    "likelihood",  # a model that makes new rows and tells how likely a given one is
    "predictions",  # a predicted quantity beside the recorded one
    "ranking",  # rows placed in lists
    "flags",  # decisions that flag what is unusual
]

DecisionsFrom = Literal["model", "decision", "score", "labels"]
Seen = Literal["train-part", "none", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows in memory: private, never serialised into findings.

    Attributes:
        ids: (n,) int64, the row's place in the data, counted from 0.
        columns: Name to (n,): float64 with NaN for missing where the kind is numeric, else object of str or None.
        media: Name to (n, ...) array, for images and series.
    """

    ids: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]
    media: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def where(self, mask: NDArray[np.bool_]) -> Rows:
        """The rows of a mask."""
        return Rows(
            ids=self.ids[mask],
            columns={name: values[mask] for name, values in self.columns.items()},
            media={name: values[mask] for name, values in self.media.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the deployed system says about rows.

    Attributes:
        scores: (n, k) float64 in [0, 1], one column a class in the order of the task's classes (k = 1 for binary: the
            positive class), or None where there are only decisions.
        decisions: (n,) object of str: the decided class, or None where nothing is decided.
    """

    scores: NDArray[np.float64] | None
    decisions: NDArray[Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What the deployed model says about rows, beside what is recorded: private, as rows are.

    Attributes:
        ids: (n,) int64, the rows' places in the data.
        scores: (n, k), as in `Outputs`.
        recorded: (n,) int64, the recorded class by its place among the classes; −1 where it is none of them.
        parts: (n,) `train`, `tune` or `audit`; None where rows are not divided.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    recorded: NDArray[np.int64]
    parts: NDArray[np.object_] | None

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """What m shadow models say about all n rows; each was trained on those it has `inside`.

    Attributes:
        ids: (n,) int64, the rows' places in the data.
        inside: (m, n) bool; whole units stay together, and every row is inside half of the models.
        scores: (m, n, k) float32, as in `Outputs`.
    """

    ids: NDArray[np.int64]
    inside: NDArray[np.bool_]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """What models made like the deployed one decide about the rows it is judged on; private, as rows are.

    Attributes:
        kinds: In what they differ, in words; the first is made as the deployed one.
        ids: (n,) int64, the rows' places in the data.
        decided: (kinds, each, n) of the narrowest signed integers, the decided class by its place among the classes; −1 for
            none of them.
    """

    kinds: tuple[str, ...]
    ids: NDArray[np.int64]
    decided: NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of a network as it ran on a probe batch."""

    name: str
    kind: str
    output_shape: tuple[int, ...]  # without the batch axis
    parameters: int
    trainable: int


class Model(Protocol):
    """The deployed system: encoding, module, rounding and decision rule. Raw rows in, outputs out."""

    @property
    def words(self) -> str:
        """What it is, in a few words: `MLP 41-32-1, trained here`."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was settled by looking at its outputs instead of by declaration."""

    @property
    def fingerprint(self) -> str | None:
        """Digest of weights and code; None where unknown, and then nothing of it is cached across runs."""

    def outputs(self, rows: Rows) -> Outputs: ...

    def layers(self, rows: Rows) -> tuple[Layer, ...] | None:
        """The layers as they run on a few of `rows`; None for a black box."""


class Generator(Model, Protocol):
    """A model that makes rows and decides about nobody; its `outputs` are empty."""

    @property
    def unit(self) -> str:
        """What the nats of a row are spread over: token, image; empty where it gives no likelihood."""

    def nats(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) minus log-likelihoods, or bounds on them from above, and (n,) units they are spread over."""

    def sample(self, n: int, *, seed: int) -> Rows:
        """New rows with the columns it learned from, numbered from 0; the same for the same seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What a person has said of the data that tells sources of bias apart.

    Attributes:
        legitimate: Columns that may count for the outcome.
        date: The column that says when; empty where none does.
        gold: The column with the outcome of rows that were checked again; empty where none was.
        truths: Column that stands for another, to the one it stands for.
        annotators: Columns with the outcome as several people gave it, to the group each of them is of ("" unknown).
        indicators: Sets of columns that measure one thing, by its name.
        site: The column that says where a row comes from; empty where none does.
    """

    legitimate: tuple[str, ...] = ()
    date: str = ""
    gold: str = ""
    truths: Mapping[str, str] = field(default_factory=dict)
    annotators: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a check may know before it asks for data: names, kinds and counts, no values of people.

    Attributes:
        offers: Which needs the subject can meet.
        classes: The target's classes as text, in order; empty where there is no classification target.
        rows: Rows in the data; `judged_rows` are those the decisions are judged on.
        decisions_from: Where the judged decisions come from; `labels` means the recorded labels stand for decisions.
        features: Columns the model reads (or, with no model, might read).
        made_from: Attribute to the raw columns it is read from.
        withheld: Columns kept from a model trained here, with the reason.
        reference: Grouping name to shares of a reference population by category.
        seen: Which rows the model has seen.
        unit: What a generative model's nats are spread over: token, image.
        weight: Column that says for how many people a row stands; empty where each is one.
        group_errors: Attribute to the share of people recorded in each of its groups who may be of another; 0 where not
            declared.
        cluster: Column that says whom a row is of, where several rows are of one; empty where each stands alone.
    """

    name: str
    task: Task | None
    columns: tuple[Column, ...]
    offers: frozenset[Need]
    groupings: tuple[Grouping, ...]
    rows: int
    judged_rows: int
    parts: Mapping[str, int]
    target: str | None = None
    classes: tuple[str, ...] = ()
    positive: str | None = None
    favorable: str | None = None
    decisions_from: DecisionsFrom | None = None
    features: tuple[str, ...] = ()
    made_from: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)
    reference: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    grounds: Grounds = Grounds()
    seen: Seen | None = None
    unit: str = ""
    people: str = "people"  # the user's word for those the decisions are about: applicants, patients
    model_words: str = ""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role to the people who hold it
    clashes: tuple[str, ...] = ()  # names two differing columns share; neither is read
    notes: tuple[str, ...] = ()  # what loading changed or could not settle
    group_errors: Mapping[str, float] = field(default_factory=dict)
    weight: str = ""
    cluster: str = ""

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def actor(self) -> str:
        """Who decided, as the subject of a sentence."""
        return "The model" if self.decisions_from in {"model", "score"} else "The recorded decisions"
