"""Which steps an audit takes: one per check and grouping, or the reason there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fairwitness.core.asks import Ask, ModelAsk, OutputsAsk, RowsAsk, ShadowsAsk, TallyAsk, VariantsAsk
from fairwitness.core.check import About, Check, CheckInfo, NotApplicable, Standing
from fairwitness.core.columns import Grouping
from fairwitness.core.errors import ConfigError
from fairwitness.core.estimate import Limit
from fairwitness.core.questions import QUESTIONS, Question
from fairwitness.core.registry import select
from fairwitness.core.subject import Need, Outline
from fairwitness.engine.config import Config
from fairwitness.engine.options import parse_options
from fairwitness.engine.presets import PRESETS

LACKING: dict[Need, str] = {
    "rows": "the rows themselves (only tallies are here)",
    "labels": "recorded classes: declare [subject] target",
    "truth": "recorded outcomes apart from the decisions: give both a target and a decision, score or model",
    "groups": "a sensitive attribute: declare [subject] groups",
    "decisions": "decisions: give a target, a decision, a score or a model",
    "favorable": "which outcome is good for the person: declare [subject] favorable",
    "scores": "a probability of the positive class: give [model] score or a model",
    "positive": "which class is predicted: declare [subject] positive",
    "features": "columns a model may read",
    "model": "a model that new rows can be put to",
    "gradients": "a torch model whose inputs lead back to columns",
    "recipe": "a model trained here from recorded classes, so that others can be trained like it",
    "layers": "a torch model whose layers can be seen",
    "split": "rows divided into train, tune and audit",
    "reference": "shares of a reference population: declare [reference.GROUP]",
    "appeals": "decisions and appeals on record: import decisions, and declare [decisions] ledger",
    "samples": "a model that makes rows: [model] train = 'text-rnn', 'vae' or 'gan'",
    "predictions": "a predicted quantity: declare [model] prediction",
    "ranking": "rows placed in lists: declare [ranking] score, and list where there are several",
    "flags": "flags of what is unusual: train = 'autoencoder', or [subject] task = 'anomaly'",
    "likelihood": "a model that makes rows and tells how likely one is: 'text-rnn' or 'vae'; a 'gan' cannot tell",
}
OF_PEOPLE = (TallyAsk, RowsAsk, OutputsAsk, ModelAsk, ShadowsAsk, VariantsAsk)
"""Asks whose answer is about rows that may be weighted or clustered."""
OF_DECISIONS: frozenset[Need] = frozenset(
    {"decisions", "truth", "favorable", "scores", "positive", "model", "gradients", "recipe"}
)
"""Needs that no model meets that makes rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check on one grouping, ready to run; or already known not to apply."""

    check: Check[Any]
    about: About
    limit: Limit | None
    options: Any
    asks: Sequence[Ask] = field(default=())
    skip: NotApplicable | None = None
    sampled: bool = False  # on rows drawn at random, where the subject holds counts of all

    @property
    def name(self) -> str | None:
        """What the step is about, as the finding names it."""
        if isinstance(self.about, Question):
            return self.about.key
        return None if self.about is None else self.about.name

    @property
    def id(self) -> str:
        return self.check.info.id + (f"/{self.name}" if self.name else "")


def plan(outline: Outline, config: Config, *, source: str) -> tuple[Step, ...]:
    """Every step of the audit, in the order of the report's pillars.

    Raises:
        ConfigError: A check, pillar, preset, limit or option that does not exist.
    """
    chosen = select(config.checks.only, config.checks.skip, source=source)
    limits = _limits(config)
    steps: list[Step] = []
    for entry in chosen:
        check = entry.load()
        options = parse_options(
            check.Options, config.options.get(entry.id, {}), source=f"{source}: [options.{entry.id}]"
        )
        limit = limits.get(entry.id, check.info.limit)
        _same_scale(limit, check.info, source=source)
        steps += [_step(check, about, limit, options, outline) for about in _abouts(check, outline)]
    return tuple(steps)


def check_names(config: Config, *, source: str) -> None:
    """Refuse a check, pillar, preset or limit that does not exist, before the data are read.

    Raises:
        ConfigError: The first such name, with the nearest one there is.
    """
    select(config.checks.only, config.checks.skip, source=source)
    if config.preset is not None and config.preset not in PRESETS:
        want = f"presets are {', '.join(PRESETS)}"
        raise ConfigError.bad_value("preset", config.preset, source=source, want=want)
    every = {entry.id for entry in select((), (), source=source)}
    for table, names in (("limits", config.limits), ("options", config.options)):
        for name in names:
            if name not in every:
                raise ConfigError.unknown_check(name, key=f"[{table}]", source=source, have=sorted(every))
    for waiver in config.waivers:
        if waiver.check not in every:
            raise ConfigError.unknown_check(waiver.check, key="waivers", source=source, have=sorted(every))


def _limits(config: Config) -> dict[str, Limit]:
    own = {name: settings.limit() for name, settings in config.limits.items()}
    return {**PRESETS.get(config.preset or "", {}), **own}


def _same_scale(limit: Limit | None, info: CheckInfo, *, source: str) -> None:
    """Refuse 10 where 10 points are 0.10: such a limit would pass everything."""
    if limit is None or info.limit is None:
        return
    for end in ("at_most", "at_least"):
        usual, given = getattr(info.limit, end), getattr(limit, end)
        if usual is not None and given is not None and 0 < usual < 1 and not 0 <= given <= 1:
            want = f"it lies between 0 and 1 (write 0.10 for 10 points); the default is {usual:g}"
            raise ConfigError.bad_value(f"limits.{info.id}.{end}", given, source=source, want=want)


def _abouts(check: Check[Any], outline: Outline) -> Sequence[About]:
    if check.info.per == "question":
        return QUESTIONS
    if check.info.per == "grouping" and outline.groupings:
        return outline.groupings
    return (None,)


def _step(check: Check[Any], about: About, limit: Limit | None, options: Any, outline: Outline) -> Step:  # noqa: ANN401 - the check's own options
    explored = isinstance(about, Grouping) and not about.named
    kept = None if explored else limit  # only groupings the config names can fail
    info = check.info
    missing = sorted(need for need in info.needs if need not in outline.offers)
    if info.per == "grouping" and about is None and "groups" not in missing:
        missing.insert(0, "groups")
    if outline.task == "generation" and (info.needs & OF_DECISIONS) and "generation" not in (info.tasks or ()):
        skip = NotApplicable(f"{_maker(outline)} and decides about nobody; this looks at decisions")
        return Step(check=check, about=about, limit=kept, options=options, skip=skip)
    if info.tasks is not None and outline.task not in info.tasks:
        skip = NotApplicable(f"For {' and '.join(sorted(info.tasks))} tasks; this one is {outline.task or 'none'}")
        return Step(check=check, about=about, limit=kept, options=options, skip=skip)
    if missing:
        skip = NotApplicable(f"Needs {LACKING[missing[0]]}", missing=missing[0])
        return Step(check=check, about=about, limit=kept, options=options, skip=skip)
    asks = check.asks(outline, about, options)
    if isinstance(asks, NotApplicable):
        return Step(check=check, about=about, limit=kept, options=options, skip=asks)
    untold = _untold(info, outline) if any(isinstance(ask, OF_PEOPLE) for ask in asks) else None
    if untold is not None:
        return Step(check=check, about=about, limit=kept, options=options, skip=untold)
    return Step(check=check, about=about, limit=kept, options=options, asks=tuple(asks))


def _untold(info: CheckInfo, outline: Outline) -> NotApplicable | None:
    """Why a check that takes every row as one person is not evaluated; None where it may be."""
    declared: dict[Standing, str] = {"weight": outline.weight, "cluster": outline.cluster}
    for standing, name in declared.items():
        if name and standing not in info.takes:
            why = f"rows have weights ({name!r})" if standing == "weight" else f"several rows are of one {name!r}"
            return NotApplicable(f"Not evaluated: {why}, which this leaves out of account")
    return None


def _maker(outline: Outline) -> str:
    kinds = [outline.column(name).kind for name in outline.features]
    made = f"{kinds[0]}s" if len(kinds) == 1 and "samples" in outline.offers else "rows"
    return f"The model generates {made}"
