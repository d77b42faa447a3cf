"""A mended model on disk: the trained network, what remedies do before and after it, and which rows it has seen.

`model.safetensors` and `model.json` hold the network, `mended.json` the rest; nothing in them runs code.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairwitness.carbon import spent as readings
from fairwitness.core import registry
from fairwitness.core.blueprint import Edit
from fairwitness.core.errors import ConfigError, ModelError
from fairwitness.core.subject import Model
from fairwitness.engine.config import Config
from fairwitness.engine.foreign import MENDED
from fairwitness.engine.mending import Mended, Post
from fairwitness.engine.request import Built, Request, features, need_torch
from fairwitness.io import atomic

if TYPE_CHECKING:
    from fairwitness.engine.subject import Subject

FORMAT = 1


def save(folder: Path, subject: Subject, config: Config, *, parent: str) -> None:
    """Write a model that was trained here.

    Args:
        folder: Made if need be.
        subject: Whose model.
        config: That it was made by.
        parent: Fingerprint of the subject it was mended from.

    Raises:
        LoadError: The network is the user's own; its code is not ours to save.
        UserError: The folder cannot be written.
    """
    model = subject.model
    core: Any = model.core if isinstance(model, Mended) else model
    core.save(folder)
    described: dict[str, Any] = {
        "format": FORMAT,
        "parent": parent,
        "fingerprint": subject.model_digest,
        "data": subject.table.fingerprint,
        "seed": config.seed,
        "split": config.split.model_dump(mode="json"),
        "features": subject.outline.features,
        "positive": subject.outline.positive,
        "spent": None if subject.spent is None else subject.spent.to_json(),
        "before": [],
        "after": [],
    }
    if isinstance(model, Mended):
        described |= {
            "before": [{"remedy": name, "edit": edit.to_json()} for name, edit in model.before],
            "after": [
                {
                    "remedy": post.edit.id,
                    "acts": post.edit.acts,
                    "options": dict(post.edit.options),
                    "edit": post.fitted.to_json(),
                }
                for post in model.after
            ],
            "notes": model.notes,
        }
    atomic.write_text(folder / MENDED, json.dumps(described, indent=1, ensure_ascii=False) + "\n")


def build(request: Request) -> Built:
    """The model in the folder that `[model] saved` names.

    Raises:
        ConfigError: The split is another one than it was trained under, or a column it reads is not there.
        ModelError: A file is missing or damaged, or the classes are others.
    """
    need_torch(request.source)
    from fairwitness.torchkit.model import TorchModel  # torch only when a model is asked for

    folder = request.base / str(request.config.model.saved)
    told = _described(folder)
    _same_split(request, told, folder)
    core = TorchModel.load(folder)
    goal = request.goal
    if goal.positive is None and told["positive"] is not None:
        goal = replace(goal, positive=told["positive"])
    if (core.rule.classes, core.rule.positive) != (goal.classes, goal.positive):
        raise ModelError(
            f"{folder}: tells {' from '.join(core.rule.classes)} and scores {core.rule.positive!r}; target "
            f"{goal.name!r} is another, name the one it was trained on"
        )
    have = {column.name for column in request.declared.columns}
    kept = tuple(told["features"])
    missing = next((name for name in kept if name not in have), None)
    if missing is not None:
        raise ModelError(f"{folder}: reads {missing!r}, and the data have no such column; audit it on data that do")
    _, withheld = features(request.declared, request.config)
    model: Model = core
    if told["before"] or told["after"]:
        model = Mended(
            core=core,
            before=tuple((each["remedy"], _restored(each, folder)) for each in told["before"]),
            after=tuple(_post(each, folder) for each in told["after"]),
            classes=core.rule.classes,
            positive=core.rule.positive or "",
            threshold=core.rule.threshold,
            notes=tuple(told["notes"]),
        )
    if model.fingerprint != told["fingerprint"]:
        raise ModelError(f"{folder / MENDED}: is not what was saved; make it again with fairwitness fix")
    return Built(
        model=model,
        features=kept,
        withheld={name: why for name, why in withheld.items() if name not in kept},
        goal=goal,
        notes=model.notes,
        parent=told["parent"],
        spent=readings.of_json(told.get("spent")),
    )


def _described(folder: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((folder / MENDED).read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise ModelError(f"{folder / MENDED}: {why}; name the model folder that fairwitness fix wrote") from None
    except ValueError:
        told = {}
    needed = {"format", "parent", "fingerprint", "data", "seed", "split", "features", "positive", "before", "after"}
    if not isinstance(told, dict) or not needed <= set(told) or told["format"] != FORMAT:
        raise ModelError(f"{folder / MENDED}: is damaged, or of another version; make it again with fairwitness fix")
    return told


def _same_split(request: Request, told: dict[str, Any], folder: Path) -> None:
    """Refuse rows to audit that the model may have been trained on."""
    now = {
        "data": request.table.fingerprint,
        "seed": request.config.seed,
        "split": request.config.split.model_dump(mode="json"),
    }
    for key, words in (("data", "other data"), ("seed", "another seed"), ("split", "another [split]")):
        if told[key] != now[key]:
            raise ConfigError(
                f"{request.source}: {folder} was trained with {words}, so rows it has seen might be audited; "
                "keep data, seed and [split] as in the audit.toml beside it"
            )


def _restored(saved: dict[str, Any], folder: Path) -> Any:  # noqa: ANN401 - the remedy's own edit
    remedy: Any = registry.remedy(str(saved["remedy"]), source=str(folder / MENDED))
    try:
        return remedy.restore(saved["edit"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelError(f"{folder / MENDED}: {saved['remedy']} cannot read what it saved; make it again") from None


def _post(saved: dict[str, Any], folder: Path) -> Post:
    options = tuple(sorted(saved["options"].items()))
    return Post(edit=Edit(id=saved["remedy"], acts=saved["acts"], options=options), fitted=_restored(saved, folder))
