"""Who holds which rows: sites named by a column, or clients made up by dealing rows out; and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, LABEL, NO, YES, RowsAsk, group_column
from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.core.subject import Outline, Rows
from fairwitness.stats.tally import Tally, code_categories

MOST = 100
"""Sites; a column with more values names rows rather than who holds them."""

Axis = Literal["@label", "@decision", "@correct", "@favored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is counted of each person, and the rate that is told of it.

    Attributes:
        axes: Counted beside the attribute.
        axis: Of which the rate is told.
        category: The answer that counts for it.
        words: The rate's name.
    """

    axes: tuple[str, ...]
    axis: str
    category: str
    words: str


def outcome(outline: Outline) -> Outcome | None:
    """What there is to count: recorded and decided outcomes, or whether they agree; None where nobody is decided on."""
    truth = "truth" in outline.offers
    if outline.positive is not None and "decisions" in outline.offers:
        good = YES if outline.favorable in {None, outline.positive} else NO
        axes = (LABEL, DECISION) if truth else (DECISION,)
        return Outcome(axes=axes, axis=DECISION, category=good, words="selection rate")
    if truth:
        return Outcome(axes=(CORRECT,), axis=CORRECT, category=YES, words="accuracy")
    if outline.favorable is not None:
        return Outcome(axes=(FAVORED,), axis=FAVORED, category=YES, words="selection rate")
    return None


def attributes(outline: Outline) -> tuple[str, ...]:
    """The attributes of all groupings, each once."""
    return tuple(dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns))


def rows_ask(outline: Outline, counted: Outcome, site: str) -> RowsAsk:
    """The rows decisions are judged on, with what is counted of them.

    Raises:
        ColumnError: There is no such column as the site.
    """
    have = [column.name for column in outline.columns]
    if site and site not in have:
        raise ColumnError.missing(site, key="site", have=have, source="federated options")
    part = "audit" if outline.judged_rows < outline.rows else None
    named = (site,) if site else ()
    return RowsAsk(columns=(*counted.axes, *named), groups=attributes(outline), part=part)  # type: ignore[arg-type]  # a Part


def by_site(rows: Rows, site: str) -> dict[str, NDArray[np.bool_]]:
    """Site to (n,) which rows it holds, in the order of names.

    Raises:
        ConfigError: The column has more values than there can be sites.
    """
    categories, codes = code_categories(rows.columns[site])
    if len(categories) > MOST:
        raise ConfigError(
            f"federated options: site {site!r} has {len(categories):,} values; name a column that says who holds a row, "
            f"with at most {MOST}"
        )
    return {name: codes == place for place, name in enumerate(categories)}


def dealt(n: int, clients: int, rng: np.random.Generator) -> dict[str, NDArray[np.bool_]]:
    """Client to (n,) which rows it holds: as many each as can be, dealt out by chance.

    Raises:
        ConfigError: There are fewer rows than clients.
    """
    if clients > n:
        raise ConfigError(f"{clients:,} clients and {n:,} rows: a client holds at least one; name fewer clients")
    turn = rng.permutation(n) % clients
    return {f"client {number + 1}": turn == number for number in range(clients)}


def own_tally(rows: Rows, mask: NDArray[np.bool_], names: Sequence[str], axes: Sequence[str]) -> Tally:
    """A site's count of its own rows: nothing of anybody else's is looked at, not even which categories there are."""
    mine = rows.where(mask)
    columns: Mapping[str, NDArray[Any]] = {
        **{name: mine.columns[group_column(name)] for name in names},
        **{axis: mine.columns[axis] for axis in axes},
    }
    return Tally.of(columns)
