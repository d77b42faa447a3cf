"""What a federation brought: the model, federated.json, a page, and the words on the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairwitness import __version__
from fairwitness.core.asks import CLASS, DECIDED
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, plural, share_of
from fairwitness.federated import tallies
from fairwitness.federated.parcels import Parcel
from fairwitness.io import atomic
from fairwitness.stats.intervals import wilson
from fairwitness.stats.paired import drop

if TYPE_CHECKING:
    from fairwitness.accountability.pages import Page
    from fairwitness.core.estimate import Estimate
    from fairwitness.federated.commands.given import Given
    from fairwitness.federated.rounds import Left, Plan
    from fairwitness.federated.running import Ran
    from fairwitness.torchkit.model import TorchModel

FORMAT = 1
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The averaged model on the rows kept apart for the audit, beside the one that saw all rows together.

    Attributes:
        right: Decisions of the averaged model that are right.
        pooled: Of the other.
        n: Rows.
        behind: By how much the averaged one's accuracy is lower.
        differ: Counts of the clients that do not agree with counting the same decisions in one place.
        exact: Those of all clients together that are known to the last.
        counts: How many there are.
    """

    right: int
    pooled: int
    n: int
    behind: Estimate
    differ: int
    exact: int
    counts: int


def write(ready: Given, plan: Plan, ran: Ran, out: Path) -> str:
    """Write what there is, and tell of it.

    Raises:
        UserError: It cannot be written.
    """
    for stale in ("audit.toml", "federated.json", "federated.html"):
        (out / stale).unlink(missing_ok=True)
    compared = None
    if not ran.ended:
        model = _model(ready, ran, out)
        compared = _compared(ready, ran, model)
        _keep(ready, model, out)
    told = _json(ready, plan, ran, compared)
    atomic.write_text(out / "federated.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    from fairwitness.accountability.pages import html

    atomic.write_text(out / "federated.html", html(_page(ready, plan, ran, compared)))
    return "\n".join([*_lines(ran, plan, compared), f"Written: {out / 'federated.html'} and {out / 'federated.json'}"])


def _model(ready: Given, ran: Ran, out: Path) -> TorchModel:
    """The averaged network, whole."""
    from fairwitness.torchkit.model import TorchModel

    folder = out / "private" / "federation" / "first"
    atomic.directory(folder)
    atomic.write_bytes(folder / "model.safetensors", ran.state.weights)
    atomic.write_bytes(folder / "model.json", ran.state.description)
    model = TorchModel.load(folder)
    model.module.load_state_dict(ran.state.best)
    model.module.eval()
    model.words = model.words.replace("trained here", f"trained over {plural(len(ready.parcels), 'client')}")
    chosen = (
        f"after round {ran.state.best_round} of {ran.state.done}, chosen by its loss on rows that clients held back"
    )
    model.notes = (f"The model is the average over clients {chosen}.",)
    return model


def _keep(ready: Given, model: TorchModel, out: Path) -> None:
    """Save it in the form of any model made here, with the settings that audit it."""
    from fairwitness.engine import keeping
    from fairwitness.io.settings import dump_toml

    child = replace(ready.subject, model=model, model_digest=model.fingerprint)
    keeping.save(out / "model", child, ready.config, parent=ready.subject.fingerprint)
    moved: dict[str, Any] = {**ready.settings, "model": {"saved": "model"}}
    for table, key in (("data", "path"), ("policy", "path"), ("decisions", "ledger")):
        inner = moved.get(table)
        if isinstance(inner, Mapping) and isinstance(inner.get(key), str):
            moved[table] = {**inner, key: _from(out, ready.base, inner[key])}
    head = "# Written by fairwitness federate: audits the averaged model in the folder beside it.\n"
    atomic.write_text(out / "audit.toml", head + dump_toml(moved))


def _from(out: Path, base: Path, path: str) -> str:
    """A path as seen from the folder that is written."""
    if path.startswith("package:") or Path(path).is_absolute():
        return path
    return Path(os.path.relpath(base / path, out)).as_posix()


def _compared(ready: Given, ran: Ran, model: TorchModel) -> Compared:
    from fairwitness.federated.local import tally

    subject = ready.subject
    decided = model.outputs(subject.rows(subject.judged)).decisions
    if decided is None:
        raise TypeError("a classifier decides")
    truth = subject.derived[CLASS][subject.judged]
    right, other = decided == truth, subject.derived[DECIDED][subject.judged] == truth
    behind = drop(int((other & ~right).sum()), int((right & ~other).sum()), len(truth), level=LEVEL)
    names, task = tuple(subject.groups), ready.parcels[0].task
    present = [parcel for parcel in ready.parcels if parcel.name in {each.site for each in ran.sent}]
    ids = np.concatenate([parcel.rows.ids[parcel.judged] for parcel in present])
    place = np.isin(subject.rows(subject.judged).ids, ids)
    one = Parcel(
        name="all",
        number=0,
        task=task,
        rows=subject.rows(subject.judged).where(place),
        target=truth[place],
        judged=np.ones(int(place.sum()), dtype=bool),
        groups={name: labels[subject.judged][place] for name, labels in subject.groups.items()},
    )
    counted, known = tally(one, decided[place]), tallies.pool(ran.sent)
    true = {name: tallies.cells(counted, (name, *task.outcome.axes)) for name in names}
    differ = len(tallies.contradicted(ran.sent, known, true))
    every = [known.get(name, {}).get(cell) for name in names for cell in {**true[name], **known.get(name, {})}]
    return Compared(
        right=int(right.sum()),
        pooled=int(other.sum()),
        n=len(truth),
        behind=behind,
        differ=differ,
        exact=sum(found is not None and found.exact for found in every),
        counts=len(every),
    )


def _json(ready: Given, plan: Plan, ran: Ran, compared: Compared | None) -> dict[str, Any]:
    state = ran.state
    return {
        "format": FORMAT,
        "tool": "fairwitness",
        "version": __version__,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "clients": [
            {
                "name": parcel.name,
                "rows": int((~parcel.judged).sum()),
                "judged": int(parcel.judged.sum()),
                "lost_in_round": state.lost.get(parcel.name),
            }
            for parcel in ready.parcels
        ],
        "by": ready.by,
        "settings": {
            "rounds": plan.rounds,
            "least": plan.least,
            "smallest": 0 if plan.epsilon else plan.smallest,
            "epsilon": plan.epsilon,
            **asdict(plan.local),
        },
        "rounds": [asdict(each) for each in state.rounds],
        "kept_round": state.best_round,
        "ended": ran.ended,
        "accuracy": None if compared is None else _accuracy(compared),
        "epsilon_spent": {
            name: plan.epsilon * sum(name in counts for counts in state.noised.values()) for name in plan.names
        }
        if plan.epsilon
        else None,
        "counts": [json.loads(each.to_bytes()) for each in ran.sent],
        "counts_that_differ": None if compared is None else compared.differ,
        "left": [asdict(each) for each in state.left],
    }


def _accuracy(compared: Compared) -> dict[str, Any]:
    def share(hits: int) -> dict[str, Any]:
        low, high = wilson(hits, compared.n, level=LEVEL)
        return {"value": hits / compared.n, "low": float(low), "high": float(high), "n": compared.n}

    behind = compared.behind
    return {
        "federated": share(compared.right),
        "pooled": share(compared.pooled),
        "behind": {"value": behind.value, "low": behind.low, "high": behind.high, "level": LEVEL},
    }


def _lines(ran: Ran, plan: Plan, compared: Compared | None) -> list[str]:
    state = ran.state
    over = f"{plural(state.done, 'round')} over {plural(len(plan.names), 'client')}"
    lines = [f"{over}; kept: the average after round {state.best_round}."]
    if state.lost:
        lines.append(f"Lost: {listed(f'{name} {_when(turn)}' for name, turn in state.lost.items())}; went on without.")
    if ran.ended:
        return [*lines, f"Ended early: {ran.ended}. The same command goes on from round {state.done}."]
    if compared is not None:
        lines.append(_beside(compared))
        lines.append(_agreement(compared))
    size = sum(each.bytes for each in state.left)
    lines.append(
        f"Left the clients: {plural(len(state.left), 'message')}, {fmt.count(size)} bytes, no row; federated.json lists each."
    )
    return lines


def _when(turn: int) -> str:
    """When a client was lost: see `Left.round`."""
    return f"in round {turn}" if turn > 0 else "before the first round" if turn == 0 else "when it was asked for counts"


def _beside(compared: Compared) -> str:
    behind = compared.behind
    return (
        f"Accuracy {fmt.number(compared.right / compared.n, 'share')}, of the model that saw all rows together "
        f"{fmt.number(compared.pooled / compared.n, 'share')}: "
        f"{fmt.measured(behind.value, behind.low, behind.high, 'points')} behind."
    )


def _agreement(compared: Compared) -> str:
    if compared.differ:
        return f"{plural(compared.differ, 'count')} of the clients differ from counting in one place."
    if compared.exact < compared.counts:
        return (
            f"The clients' counts agree with those counted in one place, as far as they tell: {compared.exact} of "
            f"{plural(compared.counts, 'count')} are known to the last."
        )
    return "The clients' counts add up to those counted in one place."


def _page(ready: Given, plan: Plan, ran: Ran, compared: Compared | None) -> Page:
    from fairwitness.accountability.pages import Grid, Page, Section, Text

    state = ran.state
    lines = _lines(ran, plan, compared)
    clients = Grid(
        caption="Clients",
        head=("client", "rows to learn from", "rows judged on", "lost"),
        rows=tuple(
            (
                parcel.name,
                fmt.count(int((~parcel.judged).sum())),
                fmt.count(int(parcel.judged.sum())),
                _when(state.lost[parcel.name]) if parcel.name in state.lost else "no",
            )
            for parcel in ready.parcels
        ),
    )
    rounds = Grid(
        caption="Rounds, and the mean loss of the average on rows that clients held back",
        head=("round", "clients", "rows", "loss"),
        rows=tuple(
            (
                str(each.round),
                str(len(each.clients)),
                fmt.count(each.rows),
                "" if each.loss is None else f"{each.loss:.4f}",
            )
            for each in state.rounds
        ),
    )
    counts = [
        Grid(
            caption=f"Selected by {name}" if task_words(ready) == "selection rate" else f"Right by {name}",
            head=("client", name, "people", "counts not exact", task_words(ready)),
            rows=_by_client(ready, ran, name),
        )
        for name in ready.subject.groups
    ]
    return Page(
        kind="Federation",
        day=datetime.now(UTC).strftime("%d %B %Y").lstrip("0"),
        title=f"{ready.subject.outline.name}: trained over {plural(len(plan.names), 'client')}",
        lead=" ".join(lines),
        facts=(
            ("Clients", ready.by or "rows dealt out by chance"),
            ("Noise on every count", f"discrete Laplace, epsilon {plan.epsilon:g} a client and model")
            if plan.epsilon
            else ("Smallest count that leaves a client", str(plan.smallest) if plan.smallest else "every"),
            ("Passes a round", str(plan.local.epochs)),
            ("Transport", "Flower, 127.0.0.1 only"),
        ),
        sections=(
            Section(title="Who took part", blocks=(clients, rounds)),
            Section(title="What clients count", blocks=tuple(counts) or (Text("Nothing: it ended early."),)),
            Section(title="What left each client", blocks=(_left(state.left),)),
        ),
        foot=(
            "No row left a client. Weights do: what they give away of rows is not measured here, and nothing hides one "
            "client's from the server. The first network, its categories and the scale of its inputs come from the client "
            "with the most rows."
        ),
        layout="wide",
    )


def task_words(ready: Given) -> str:
    """The rate that is told of each count."""
    return ready.parcels[0].task.outcome.words


def _by_client(ready: Given, ran: Ran, name: str) -> tuple[tuple[str, ...], ...]:
    """Each client's rates by group, as far as its counts tell; then all together."""
    outcome = ready.parcels[0].task.outcome
    place = outcome.axes.index(outcome.axis) + 1
    rows = []
    for each in ran.sent:
        table = each.tables.get(name, {})
        for group in sorted({cell[0] for cell in table}):
            mine = {cell: count for cell, count in table.items() if cell[0] == group}
            people = max(0, sum(count or 0 for count in mine.values()))
            back = sum(count is None or bool(each.scale) for count in mine.values())
            hits = sum(count or 0 for cell, count in mine.items() if cell[place] == outcome.category)
            rate = "not told" if back or each.scale or not people else _rate(hits, people)
            told = f"about {fmt.count(people)}" if each.scale else f"{fmt.count(people)}{' or more' if back else ''}"
            rows.append((each.site, label(group, (name,)), told, str(back), rate))
    known = tallies.pool(ran.sent).get(name, {})
    for group in sorted({cell[0] for cell in known}):
        mine_all = {cell: found for cell, found in known.items() if cell[0] == group}
        yes = [found for cell, found in mine_all.items() if cell[place] == outcome.category]
        no = [found for cell, found in mine_all.items() if cell[place] != outcome.category]
        fewest, most = sum(f.low for f in yes), sum(f.high for f in yes)
        others = [sum(f.high for f in no), sum(f.low for f in no)]
        low = wilson(fewest, fewest + others[0], level=LEVEL)[0] if fewest + others[0] else 0.0
        high = wilson(most, most + others[1], level=LEVEL)[1] if most + others[1] else 1.0
        people = sum(found.low for found in mine_all.values())
        open_ = sum(not found.exact for found in mine_all.values())
        rows.append(
            (
                "all together",
                label(group, (name,)),
                f"{fmt.count(people)}{' or more' if open_ else ''}",
                str(open_),
                f"{fmt.number(float(low), 'share')} to {fmt.number(float(high), 'share')}",
            )
        )
    return tuple(rows)


def _rate(hits: int, n: int) -> str:
    if n < FEW:
        return share_of(hits, n)
    low, high = wilson(hits, n, level=LEVEL)
    return fmt.measured(hits / n, float(low), float(high), "share")


def _left(left: Sequence[Left]) -> Any:  # noqa: ANN401 - a Grid, whose module is imported late
    """Messages by client and kind: how often, how large, what in the first."""
    from fairwitness.accountability.pages import Grid

    kinds: dict[tuple[str, str], list[Left]] = {}
    for each in left:
        kinds.setdefault((each.client, each.kind), []).append(each)
    return Grid(
        caption="Messages by client and kind; federated.json lists every one",
        head=("client", "kind", "messages", "bytes each", "in the first"),
        rows=tuple(
            (client, kind, str(len(each)), fmt.count(max(one.bytes for one in each)), each[0].content[:200])
            for (client, kind), each in kinds.items()
        ),
    )
