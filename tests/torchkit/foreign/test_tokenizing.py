from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.foreign.tokenizing import TokenEncoding, is_tokenizer
from fairwitness.torchkit.loading import from_given
from fairwitness.torchkit.tokens import TextEncoding

tokenizers = pytest.importorskip("tokenizers")

UNKNOWN = "[UNK]"
TEXTS = ["one", "one two three four five", "", None, "two two", "  "]
COLUMNS = (Column(name="said", kind="text"),)
ROWS = Rows(ids=np.arange(len(TEXTS)), columns={"said": np.array(TEXTS, dtype=object)})
WANTED: dict[str, Any] = {"columns": COLUMNS, "classes": ("no", "yes"), "positive": "yes"}


def word_tokenizer() -> Any:
    known = {word: place for place, word in enumerate(["[PAD]", UNKNOWN, "one", "two", "three", "four", "five"])}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(known, unk_token=UNKNOWN))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return made


class Mean(nn.Module):
    """The mean of the embeddings that the mask lets through."""

    def __init__(self, places: int | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(100, 2)
        self.config = SimpleNamespace(max_position_embeddings=places, pad_token_id=0)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        weights = attention_mask[:, :, None].float()
        mean: Tensor = (self.embed(input_ids) * weights).sum(dim=1) / weights.sum(dim=1)
        return mean


def test_filling_up_is_masked_and_changes_nothing() -> None:
    model = from_given(Mean(), word_tokenizer(), **WANTED, activation="logits", probe=ROWS)
    together = model.outputs(ROWS).scores
    alone = [model.outputs(ROWS.where(np.arange(len(ROWS)) == row)).scores for row in range(len(ROWS))]
    assert together is not None
    np.testing.assert_allclose(together, np.concatenate([one for one in alone if one is not None]), rtol=1e-6)
    made = model.encoding.encode(ROWS)
    assert isinstance(made, dict)
    assert made["input_ids"].tolist()[:2] == [[2, 0, 0, 0, 0], [2, 3, 4, 5, 6]]
    assert made["attention_mask"].sum(dim=1).tolist() == [1, 5, 1, 1, 2, 1]  # no text is without a token


def test_a_long_text_is_cut_where_the_network_ends() -> None:
    encoding = TokenEncoding.of(COLUMNS, word_tokenizer(), Mean(places=3), source="model")
    assert encoding.encode(ROWS)["input_ids"].shape == (6, 3)
    assert encoding.notes == ("Of a long text the first 3 tokens are read.",)


def test_ours_does_as_well() -> None:
    rows = Rows(ids=np.arange(40), columns={"said": np.array(["good day", "bad day"] * 20, dtype=object)})
    ours = TextEncoding.fit(COLUMNS, rows)
    assert is_tokenizer(ours)
    model = from_given(Mean(), {"encode": ours}, **WANTED, activation="logits", probe=rows)
    made = model.encoding.encode(rows)
    assert isinstance(made, dict)
    assert made["input_ids"].equal(ours.encode(rows)["sequence"])
    assert model.fingerprint is not None


def test_the_tokenizer_handed_over_is_not_changed() -> None:
    given = word_tokenizer()
    given.enable_padding(length=9)
    before = given.to_str()
    encoding = TokenEncoding.of(COLUMNS, given, Mean(places=3), source="model")
    assert encoding.encode(ROWS)["input_ids"].shape == (6, 3)
    assert given.to_str() == before


def test_its_digest_follows_its_words() -> None:
    first, other = word_tokenizer(), word_tokenizer()
    digests = [TokenEncoding.of(COLUMNS, one, Mean(), source="model").digest for one in (first, other)]
    assert digests[0] == digests[1]
    other.add_tokens(["six"])
    assert TokenEncoding.of(COLUMNS, other, Mean(), source="model").digest != digests[0]


@pytest.mark.parametrize("kinds", [("number",), ("text", "text"), ("category", "category")])
def test_it_needs_one_column_of_text(kinds: tuple[Any, ...]) -> None:
    columns = tuple(Column(name=f"c{place}", kind=kind) for place, kind in enumerate(kinds))
    with pytest.raises(ModelError, match="the tokenizer reads one text column, and is given 'c0'"):
        TokenEncoding.of(columns, word_tokenizer(), Mean(), source="model")
