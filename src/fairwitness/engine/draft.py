"""A first audit.toml from a look at the data: guesses, each marked as one, for a person to mend."""

from __future__ import annotations

import json
import re

from fairwitness.core.columns import Column
from fairwitness.core.questions import QUESTIONS
from fairwitness.core.roles import ROLES
from fairwitness.io.kinds import as_text, infer
from fairwitness.io.sentinels import suspected_sentinels
from fairwitness.io.table import Table

_TARGET = re.compile(
    r"^(target|label|y|class|outcome|approved?|den(y|ied)|call(ed)?|default.*|churn(ed)?|hired|two_year_recid|.*_target)$",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"^(race|ethnic\w*|sex|gender|male|female|age|age_?(cat|band|group)|religion|nationality|disab\w*|marital\w*|"
    r"black|white|hispan\w*|asian)$",
    re.IGNORECASE,
)
MANY = 20
"""A number with more distinct values than this is binned before it can be a group."""


def draft(table: Table, *, path: str, config: str) -> str:
    """The text of a commented audit.toml.

    Args:
        table: The data, read.
        path: Where they are, as seen from the config.
        config: Where the config will be, for the command that follows.
    """
    columns = infer(table)
    target = _target(columns, table)
    groups = [column for column in columns if _GROUP.match(column.name) and column is not target]
    lines = [
        "# A first draft: every line marked (guess) was read off the data. Read it, mend it, then",
        f"#   fairwitness audit {config}",
        f"name = {_quoted(re.sub(r'[^A-Za-z0-9]+', '-', path.rpartition('/')[2].split('.')[0]).strip('-') or 'subject')}",
        "",
        "[data]",
        f"path = {_quoted(path)}",
        "",
        "[subject]",
        *_subject(target, groups, table),
        *_groups(groups, table),
        *_sentinels(columns, table),
        "",
        "[model]",
        "# Nothing here: the recorded target is audited as past decisions. Or one of:",
        '# train = "mlp"                       # train a small network here and audit it on rows it has not seen',
        '# decision = "score_column >= 5"      # a column of decisions, or COLUMN OP LITERAL',
        '# score = "probability"               # with threshold = 0.5',
        '# factory = "module:function"         # your torch network, with weights = "model.safetensors"',
        "",
        "[context]",
        "# What only a person can answer; the audit asks until it is here.",
        *(f'# {question.key} = ""   # {question.asks}' for question in QUESTIONS),
        "",
        "[roles]",
        "# Who answers for what: a name or a list of names. The approver is not the builder.",
        *(f'# {role.key} = ""   # {role.does}' for role in ROLES),
    ]
    return "\n".join(lines) + "\n"


def _target(columns: tuple[Column, ...], table: Table) -> Column | None:
    """A column with the name of an outcome, else the last with two values."""
    classes = [c for c in columns if c.name in table.frame.columns and 2 <= table.frame[c.name].n_unique() <= MANY]
    named = [column for column in classes if _TARGET.match(column.name)]
    two = [c for c in classes if table.frame[c.name].drop_nulls().n_unique() == 2 and not _GROUP.match(c.name)]
    found = named or two[-1:]
    return found[0] if found else None


def _subject(target: Column | None, groups: list[Column], table: Table) -> list[str]:
    if target is None:
        head = ['# target = ""              # no column looks like an outcome; name it']
    else:
        values = sorted(set(as_text(table.frame[target.name].drop_nulls())))
        one = values[-1]
        literal = one if re.fullmatch(r"-?\d+", one) else _quoted(one)
        head = [
            f"target = {_quoted(target.name)}   # (guess) the recorded outcome; its values are {', '.join(values[:8])}",
            f"positive = {literal}           # (guess) the value that is predicted",
            "# favorable =          # the value that is good for the person; without it there is no impact ratio",
        ]
    names = ", ".join(_quoted(column.name) for column in groups)
    return [
        *head,
        f"groups = [{names}]   # (guess) sensitive attributes",
        '# people = "applicants"    # your word for those the decisions are about',
        "# exclude = []             # columns known only after the decision, or not to be used",
    ]


def _groups(groups: list[Column], table: Table) -> list[str]:
    lines: list[str] = []
    for column in groups:
        if column.numeric and table.frame[column.name].n_unique() > MANY:
            low, mid = (table.frame[column.name].quantile(q) or 0.0 for q in (1 / 3, 2 / 3))
            lines += [
                "",
                f"[groups.{_key(column.name)}]",
                f"edges = [{low:g}, {mid:g}]   # (guess) thirds; choose bands that mean something",
            ]
    return lines


def _sentinels(columns: tuple[Column, ...], table: Table) -> list[str]:
    lines: list[str] = []
    for column in columns:
        if column.numeric and column.name in table.frame.columns:
            values = table.frame[column.name].cast(float).to_numpy()
            codes = [code.value for code in suspected_sentinels(values, name=column.name)]
            if codes:
                listed = ", ".join(f"{code:.12g}" for code in codes)
                lines += [
                    "",
                    f"[columns.{_key(column.name)}]",
                    f"sentinels = [{listed}]   # (guess) codes that mean no value",
                ]
    return lines


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)
