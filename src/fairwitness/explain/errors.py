"""What a user can ask to have explained and cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from fairwitness.core.errors import UserError


class ExplainError(UserError, ValueError):
    """There is nothing to explain, or no such row."""

    @classmethod
    def no_model(cls, source: str) -> Self:
        return cls(
            f"{source}: recorded decisions have no model that could be asked; name one in [model]: train, weights, factory "
            "or black_box"
        )

    @classmethod
    def no_favorable(cls, source: str) -> Self:
        return cls(
            f"{source}: reasons count for or against somebody; [subject] favorable names the class that is good for the "
            "person"
        )

    @classmethod
    def no_classes(cls, source: str, what: str) -> Self:
        return cls(f"{source}: {what} decides about nobody; a model with a target of classes has decisions to explain")

    @classmethod
    def no_scores(cls, source: str) -> Self:
        return cls(
            f"{source}: the model gives decisions and no scores, and reasons divide a score; let it return probabilities"
        )

    @classmethod
    def no_words(cls, source: str, column: str) -> Self:
        return cls(f"{source}: the text in {column!r} has no word, so no word led to the decision; name another row")

    @classmethod
    def no_picture(cls, source: str) -> Self:
        return cls(
            f"{source}: the model has no gradients that lead back to one image, so nothing tells where it looks; a torch "
            "network ([model] train, or factory with weights) has"
        )

    @classmethod
    def mixed(cls, source: str, name: str, kind: str) -> Self:
        return cls(
            f"{source}: the model reads the {kind} {name!r} and other columns, and such rows cannot be explained yet; tables "
            "by themselves, and one text, series or image by itself, can"
        )

    @classmethod
    def no_summary(cls, source: str, kind: str) -> Self:
        what = {"image": "images"}.get(kind, kind)
        return cls(f"{source}: {what} have no columns to sum over; --row NUMBER explains one of them")

    @classmethod
    def no_row(cls, source: str, row: str, rows: int) -> Self:
        return cls(
            f"{source}: no row {row!r}; rows are numbered from 1 to {rows:,}, and --id COLUMN names them otherwise"
        )

    @classmethod
    def no_id(cls, source: str, row: str, column: str) -> Self:
        return cls(f"{source}: no row has {row!r} in {column!r}; look it up in the data, as it is written there")

    @classmethod
    def many(cls, source: str, row: str, column: str, numbers: Sequence[int]) -> Self:
        some = ", ".join(str(number) for number in numbers[:5]) + (", ..." if len(numbers) > 5 else "")
        return cls(
            f"{source}: {len(numbers):,} rows have {row!r} in {column!r}; name one by its number, without --id: {some}"
        )

    @classmethod
    def not_judged(cls, source: str, row: str, part: str, near: int) -> Self:
        told = {"train": "the model has learned from it", "tune": "its decision rule may be tuned on it"}[part]
        return cls(
            f"{source}: row {row} is in the {part} part: {told}, so its answer is not what a new person would get; the "
            f"nearest audit row is {near}"
        )

    @classmethod
    def no_outcome(cls, source: str, row: str, target: str) -> Self:
        return cls(f"{source}: row {row} has no recorded {target!r} and is left out of the audit; name another row")

    @classmethod
    def needs_row(cls, option: str) -> Self:
        return cls(f"explain: {option} goes with one row; add --row, or take {option} out")
