"""A transformers model made from a config, nothing downloaded: audited from Python, from a config, and trained here."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fairwitness

torch = pytest.importorskip("torch")
tokenizers = pytest.importorskip("tokenizers")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

CODE = """
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModelForSequenceClassification, BertConfig, PreTrainedTokenizerFast

KNOWN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", *(f"w{place}" for place in range(30))]


def tokenizer():
    made = Tokenizer(models.WordLevel({word: place for place, word in enumerate(KNOWN)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", model_max_length=16)


def network(**more):
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(KNOWN), max_position_embeddings=16, hidden_dropout_prob=0.0, **shape, **more)
    return AutoModelForSequenceClassification.from_config(config)


def fixed():
    torch.manual_seed(0)
    return network(id2label={0: "yes", 1: "no"}, label2id={"yes": 0, "no": 1}), tokenizer()


def build():
    return network(), {"encode": tokenizer()}
"""


@pytest.fixture(scope="module")
def data() -> pl.DataFrame:
    """Whoever says good is taken; one in ten is recorded the other way."""
    rng = np.random.default_rng(0)
    good = rng.random(500) < 0.5
    texts = [
        " ".join(rng.permutation([*(f"w{place}" for place in rng.integers(0, 30, rng.integers(1, 12))), said]))
        for said in np.where(good, "good", "bad")
    ]
    taken = np.where(good ^ (rng.random(500) < 0.1), "yes", "no")
    return pl.DataFrame({"said": texts, "sex": rng.choice(["women", "men"], 500), "taken": taken})


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, data: pl.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("own")
    pytest.importorskip("transformers")
    (folder / "bert.py").write_text(CODE, encoding="utf-8")
    data.write_parquet(folder / "data.parquet")
    return folder


def audit(folder: Path, settings: str, **more: Any) -> fairwitness.Report:
    text = f"""
        [data]
        path = "data.parquet"
        [subject]
        target = "taken"
        positive = "yes"
        favorable = "yes"
        groups = ["sex"]
        [columns.said]
        kind = "text"
        [model]
        {settings}
    """
    (folder / "audit.toml").write_text(textwrap.dedent(text), encoding="utf-8")
    report = fairwitness.audit(config=folder / "audit.toml", **more)
    assert not [finding.title for finding in report.findings if finding.verdict == "error"]
    return report


def evidence(report: fairwitness.Report) -> list[tuple[str, str, float | None]]:
    return [
        (finding.id, item.name, item.value)
        for finding in report.findings
        if finding.pillar == "fairness"
        for item in finding.evidence
    ]


def test_from_a_config_and_from_python_it_is_the_same(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(own))
    by_config = audit(own, 'factory = "bert:fixed"')
    import bert  # type: ignore[import-not-found]  # written above

    by_hand = audit(own, "", model=bert.fixed())
    assert evidence(by_config) == evidence(by_hand)
    assert len(evidence(by_config)) > 2
    assert by_config.document.subject.features == ("said",)
    assert "Of a long text the first 16 tokens are read." in by_config.document.subject.notes
    (outline,) = [finding for finding in by_config.findings if finding.check == "explain.model-outline"]
    parameters = sum(one.numel() for one in bert.fixed()[0].parameters())
    assert f"{parameters:,}" in outline.title + outline.lead


def test_filling_up_does_not_change_a_score(own: Path, data: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text alone, through transformers itself, against all of them in batches filled up to the longest."""
    from fairwitness.core.columns import Column
    from fairwitness.core.subject import Rows
    from fairwitness.torchkit.loading import from_file

    texts = np.array(["good", "", *data["said"][:30]], dtype=object)
    rows = Rows(ids=np.arange(len(texts)), columns={"said": texts})
    columns = (Column(name="said", kind="text"),)
    model = from_file(None, "bert:fixed", base=own, columns=columns, classes=("no", "yes"), positive="yes", probe=rows)
    made = model.outputs(rows).scores
    assert made is not None
    monkeypatch.syspath_prepend(str(own))
    import bert

    net, tokenizer = bert.fixed()
    net.eval()
    for row, text in enumerate(texts[2:], start=2):
        with torch.no_grad():
            logits = net(**tokenizer(text, truncation=True, return_tensors="pt")).logits
        assert made[row, 0] == pytest.approx(logits.softmax(dim=1)[0, 0].item(), abs=1e-6)  # id2label: 0 is yes
    assert 0 < made[1, 0] < 1
    assert model.rule.activation == "logits"


def test_a_factory_of_one_is_trained(own: Path) -> None:
    """The word decides nine times in ten; a coin, one in two."""
    report = audit(own, 'train = "bert:build"\n[model.options]\nepochs = 12\nlearning_rate = 0.01')
    (gap,) = [finding for finding in report.findings if finding.check == "fairness.accuracy-gap"]
    (table,) = [one for one in gap.series if "group" in one.columns]
    (name,) = [name for name in table.columns if "accuracy" in name or name == "rate"]
    shares = [float(value) for value in table.columns[name] if value is not None]
    assert min(shares) > 0.8
