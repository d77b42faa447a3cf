"""Mending from the config to the comparison: what is chosen, on which rows, what is trained, and what is kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from fairwitness.core.comparison import Comparison, Criterion
from fairwitness.core.errors import UserError
from fairwitness.engine import config as settings
from fairwitness.engine import models, training
from fairwitness.engine.audit import audit
from fairwitness.engine.comparing import compare_folders
from fairwitness.engine.fix import Fixed, Wanted, fix
from fairwitness.engine.foreign import MENDED
from fairwitness.engine.judged import Judged
from fairwitness.engine.progress import silent
from fairwitness.io import atomic, comparisons
from fairwitness.io import findings as documents
from support.mended import plant


def mend(file: Path, out: Path, *remedies: str, **wanted: Any) -> Fixed:
    read = settings.read(file)
    return fix(
        settings.parse(read, source=file.name),
        read,
        Wanted(remedies=remedies, **wanted),
        base=file.parent,
        out=out,
        source=file.name,
        command="",
        progress=silent,
    )


def of(comparison: Comparison, metric: str, group: str | None = None) -> Criterion:
    return next(each for each in comparison.criteria if each.metric == metric and each.group == group)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def fixed(file: Path) -> Fixed:
    return mend(file, file.parent / "fixed", "fairness.group-thresholds:within=0.01")


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each model that is trained."""
    counted: list[int] = []
    real = training._Trainer.fit

    def fit(self: Any, *args: Any, **more: Any) -> Any:
        made = real(self, *args, **more)
        counted.append(len(counted) + 1)
        return made

    monkeypatch.setattr(training._Trainer, "fit", fit)
    return counted


def test_parity_that_multiplies_the_odds_gap_is_in_the_first_sentence(fixed: Fixed) -> None:
    made = fixed.comparison
    parity, odds = of(made, "selection-rate gap"), of(made, "equalised-odds gap")
    assert (parity.moved, odds.moved) == ("better", "worse")
    assert parity.after is not None
    assert parity.after < 0.08
    assert odds.before is not None
    assert odds.after is not None
    assert odds.after > 2 * odds.before
    times = odds.after / odds.before
    assert f"but the equalised-odds gap by sex grew to {times:.1f} times what it was, from" in made.headline
    assert made.headline.startswith("The selection-rate gap by sex fell from")
    assert "beyond doubt" in made.headline
    assert made.trades[0].startswith(f"The equalised-odds gap by sex grew to {times:.1f} times what it was")
    assert made.trades[0].endswith("beyond doubt.")
    assert of(made, "area under the ROC curve").moved == "same"  # scores stay, only decisions are mended


def test_numbers_are_those_of_both_audits_on_the_same_rows(fixed: Fixed) -> None:
    """The gap of each side is the value its own audit found."""
    made = fixed.comparison
    for side, document in (("before", fixed.before), ("after", fixed.after)):
        for metric, check in (("selection-rate gap", "selection-rate-gap"), ("accuracy gap", "accuracy-gap")):
            (finding,) = [each for each in document.findings if each.id == f"fairness.{check}/sex"]
            assert getattr(of(made, metric), side) == pytest.approx(finding.evidence[0].value)
    assert made.rows == fixed.before.subject.judged_rows == fixed.after.subject.judged_rows
    assert made.paired


def test_the_child_knows_its_parent_and_both_were_audited_by_the_same_plan(fixed: Fixed) -> None:
    assert fixed.after.subject.parent == fixed.before.subject.fingerprint == fixed.comparison.before.fingerprint
    assert fixed.before.subject.parent is None
    assert [each.id for each in fixed.before.findings] == [each.id for each in fixed.after.findings]
    assert fixed.after.provenance.data_digest == fixed.before.provenance.data_digest


def test_each_strength_is_tried_and_the_lowest_penalty_chosen_on_half_of_the_tune_rows(tmp_path: Path) -> None:
    fixed = mend(plant(tmp_path, rows=1000), tmp_path / "out", "fairness.group-thresholds")
    made = fixed.comparison
    assert [each.remedies[0].options["within"] for each in made.tried] == [0.1, 0.05, 0.02, 0.01]
    best = min(made.tried, key=lambda each: each.penalty or 0)
    assert [each.chosen for each in made.tried].count(True) == 1
    assert best.chosen
    tune = fixed.before.subject.parts["tune"]
    assert 0.35 * tune < made.choosing_rows < 0.65 * tune


def test_what_training_took_stands_beside_what_each_try_brought(tmp_path: Path) -> None:
    """A remedy before training has a training of its own; found again in the cache, it is the one that was."""
    file = plant(tmp_path, rows=600)
    first, second = (mend(file, tmp_path / "out", "fairness.reweigh").comparison for _ in range(2))
    (tried,) = first.tried
    assert tried.cost is not None
    assert tried.cost.high is not None
    assert 0 < tried.cost.low < tried.cost.high
    assert tried.cost == first.after.training
    assert first.before.training is not None
    assert first.before.training != first.after.training
    assert (second.tried[0].cost, second.before.training) == (tried.cost, first.before.training)
    assert comparisons.digest(replace(first, tried=(replace(tried, cost=None),))) == comparisons.digest(first)
    apart = replace(first, before=replace(first.before, training=None))
    assert comparisons.digest(apart) == comparisons.digest(first)


def test_what_acts_after_training_has_no_training_of_its_own(fixed: Fixed) -> None:
    made = fixed.comparison
    assert all(each.cost is None for each in made.tried if not each.trained)
    assert any(not each.trained for each in made.tried)
    assert made.after.training == made.before.training  # one network serves both


def test_what_reads_the_group_is_said_with_what_does_not(fixed: Fixed) -> None:
    (note,) = [each for each in fixed.comparison.notes if "reads the group" in each]
    assert "fairness.common-threshold does not" in note


def test_comparison_json_is_whole_validates_and_reads_back(fixed: Fixed) -> None:
    text = comparisons.dump(fixed.comparison)
    jsonschema.Draft202012Validator(comparisons.schema()).validate(json.loads(text))
    assert comparisons.dump(comparisons.load(text)) == text


def test_the_saved_model_audits_as_the_child_did(file: Path, fixed: Fixed) -> None:
    """Same model, decisions and findings; and it knows its parent."""
    folder = file.parent / "fixed"
    read = settings.read(folder)
    assert read["model"] == {"saved": "model"}
    again = audit(settings.parse(read, source="audit.toml"), base=folder)
    assert again.provenance.model_digest == fixed.after.provenance.model_digest
    assert again.subject.parent == fixed.before.subject.fingerprint
    values = [
        [(each.id, each.verdict, [item.value for item in each.evidence]) for each in document.findings]
        for document in (again, fixed.after)
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    "remedy",
    [
        "fairness.repair",
        "fairness.randomised-odds",
        "fairness.group-calibration",
        "fairness.multicalibrate",
        "data.residualise-proxies",
    ],
)
def test_what_remedies_do_when_deciding_is_saved_with_the_model(tmp_path: Path, remedy: str) -> None:
    fixed = mend(plant(tmp_path, rows=700), tmp_path / "out", remedy)
    again = audit(settings.parse(settings.read(tmp_path / "out"), source="audit.toml"), base=tmp_path / "out")
    assert remedy in again.subject.model
    assert again.provenance.model_digest == fixed.after.provenance.model_digest
    assert [each.title for each in again.findings] == [each.title for each in fixed.after.findings]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, "was trained with another seed, so rows it has seen might be audited"),
        ({"split": {"tune": 0.2}}, r"was trained with another \[split\]"),
        ({"model": {"saved": "nowhere"}}, "name the model folder that fairwitness fix wrote"),
        ({"model": {"saved": "model", "train": "mlp"}}, "give one of train, saved"),
        ({"model": {"saved": "model", "threshold": 0.4}}, "threshold goes with"),
        ({"model": {"weights": "model"}}, "name it as saved, not as weights"),
    ],
)
def test_a_saved_model_is_audited_only_where_it_can_be(
    file: Path, fixed: Fixed, change: dict[str, Any], words: str
) -> None:
    assert fixed
    folder = file.parent / "fixed"
    with pytest.raises(UserError, match=words):
        audit(settings.parse({**settings.read(folder), **change}, source="audit.toml"), base=folder)


def test_a_saved_model_that_was_changed_is_refused(file: Path, fixed: Fixed, tmp_path: Path) -> None:
    assert fixed
    read = settings.read(file.parent / "fixed")
    for source in (file.parent / "fixed" / "model").iterdir():
        atomic.write_bytes(atomic.directory(tmp_path / "model") / source.name, source.read_bytes())
    told = json.loads((tmp_path / "model" / MENDED).read_text())
    told["after"] = []
    (tmp_path / "model" / MENDED).write_text(json.dumps(told))
    read["data"]["path"] = str(file.parent / "planted.csv")
    with pytest.raises(UserError, match="is not what was saved"):
        audit(settings.parse(read, source="audit.toml"), base=tmp_path)


def test_nothing_is_trained_twice_and_a_stopped_run_goes_on(
    tmp_path: Path, trainings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent and three strengths make four models; the run is stopped after the second is finished."""
    file = plant(tmp_path, rows=600)
    remedy = "fairness.parity-penalty"
    real = training._Trainer.fit

    def stopped(self: Any, *args: Any, **more: Any) -> Any:
        if len(trainings) == 2:
            raise KeyboardInterrupt
        return real(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(training._Trainer, "fit", stopped)
        with pytest.raises(KeyboardInterrupt):
            mend(file, tmp_path / "out", remedy, budget=3)
    assert len(trainings) == 2
    assert not (tmp_path / "out" / "audit.toml").exists()
    first = mend(file, tmp_path / "out", remedy, budget=3)
    assert len(trainings) == 4
    assert first.comparison.spent["models trained"] == 2
    assert any("2 more were not tried: the budget of 3 trained models" in note for note in first.comparison.notes)
    second = mend(file, tmp_path / "out", remedy, budget=3)
    assert len(trainings) == 4
    assert second.comparison.spent["models trained"] == 0
    assert comparisons.digest(second.comparison) == comparisons.digest(first.comparison)


def test_audit_rows_are_opened_for_the_parent_and_the_winner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every set of rows that a model is asked about holds audit rows only for two models."""
    file = plant(tmp_path, rows=600)
    asked: list[tuple[str | None, frozenset[int]]] = []
    real = models.outputs

    def outputs(model: Any, rows: Any, *args: Any, **more: Any) -> Any:
        asked.append((model.fingerprint, frozenset(rows.ids.tolist())))
        return real(model, rows, *args, **more)

    monkeypatch.setattr(models, "outputs", outputs)
    fixed = mend(file, tmp_path / "out", "fairness.group-thresholds")
    opened = Judged.load(tmp_path / "out" / "child")
    assert opened is not None
    rows = frozenset(opened.ids.tolist())
    saw = {name for name, ids in asked if ids & rows}
    assert saw == {fixed.before.provenance.model_digest, fixed.after.provenance.model_digest}
    assert len({name for name, _ in asked}) > 2  # others were tried


def test_auto_tries_what_failing_findings_name_and_leaves_group_readers_out_unless_told(tmp_path: Path) -> None:
    file = plant(tmp_path, rows=1500)
    made = mend(file, tmp_path / "out", auto=True, budget=2).comparison
    tried = [each for each in made.tried if each.penalty is not None]
    left = [each for each in made.tried if each.reason]
    assert tried
    assert sum(each.trained for each in tried) <= 2
    assert any("--group-at-decision tries it" in each.reason for each in left)
    assert not {each.remedies[0].remedy for each in tried} & {"fairness.group-thresholds"}
    failing = {name for each in documents_failing(file) for name in each}
    assert {one.remedy for each in tried for one in each.remedies} <= failing


def documents_failing(file: Path) -> list[tuple[str, ...]]:
    found = audit(settings.parse(settings.read(file), source="audit.toml"), base=file.parent)
    return [each.remedies for each in found.findings if each.verdict == "fail"]


def test_two_remedies_go_together(tmp_path: Path) -> None:
    file = plant(tmp_path, rows=800)
    made = mend(file, tmp_path / "out", "fairness.reweigh", "fairness.group-thresholds:within=0.05")
    assert [each.remedy for each in made.comparison.remedies] == ["fairness.reweigh", "fairness.group-thresholds"]
    assert len(made.comparison.tried) == 1
    assert "mended by fairness.group-thresholds" in made.after.subject.model


@pytest.mark.parametrize(
    ("remedies", "wanted", "more", "words"),
    [
        ((), {}, "", "name what to try, --remedy ID, or let the failing findings name it, --auto"),
        (("fairness.reweigh",), {"auto": True}, "", "one of them"),
        (("fairness.reweight",), {}, "", "--remedy: no remedy 'fairness.reweight'; did you mean 'fairness.reweigh'"),
        (("fairness.reweigh",), {"budget": 0}, "", "the budget is 0 trained models; give one at least"),
        (("fairness.reweigh:sex",), {}, "", "'sex' is no name=value; a group is named by=GROUP"),
        (("fairness.reweigh:by=race",), {}, "", "by is 'race', and no such group is declared"),
        (("fairness.group-thresholds:with=1",), {}, "", "no option 'with'; did you mean 'within'?"),
        (("fairness.group-thresholds", "fairness.common-threshold"), {}, "", "do not go together: each would decide"),
        (("fairness.reweigh",), {}, "[split]\ntune = 0\n", "remedies are chosen on tune rows, and there are none"),
        (("fairness.group-thresholds",), {}, "[split]\ntune = 0\n", "needs tune rows, and [split] tune is 0"),
    ],
)
def test_what_cannot_be_mended_is_one_line_before_anything_is_audited(
    tmp_path: Path, remedies: tuple[str, ...], wanted: dict[str, Any], more: str, words: str
) -> None:
    file = plant(tmp_path, rows=300, more=more)
    with pytest.raises(UserError) as caught:
        mend(file, tmp_path / "out", *remedies, **wanted)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out" / "parent").exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({"decision": "x > 0"}, "fix trains the model again, and [model] does not say how"),
        ({"train": "vae"}, "'vae' decides about nobody"),
        ({"train": "autoencoder"}, "'autoencoder' decides about nobody"),
    ],
)
def test_a_model_that_cannot_be_trained_again_is_refused(tmp_path: Path, model: dict[str, Any], words: str) -> None:
    file = plant(tmp_path, rows=300)
    read = {**settings.read(file), "model": model}
    with pytest.raises(UserError) as caught:
        fix(
            settings.parse(read, source="audit.toml"),
            read,
            Wanted(remedies=("fairness.reweigh",)),
            base=tmp_path,
            out=tmp_path / "out",
            source="audit.toml",
            command="",
            progress=silent,
        )
    assert words in str(caught.value)


def test_two_folders_are_paired_by_row_and_two_files_are_not(file: Path, fixed: Fixed, tmp_path: Path) -> None:
    folder = file.parent / "fixed"
    for name, document in (("parent", fixed.before), ("child", fixed.after)):
        atomic.write_text(folder / name / "findings.json", documents.dump(document))
        atomic.write_text(tmp_path / f"{name}.json", documents.dump(document))
    by_row = compare_folders(folder / "parent", folder / "child", command="")
    assert by_row.paired
    assert by_row.criteria == fixed.comparison.criteria
    by_file = compare_folders(tmp_path / "parent.json", tmp_path / "child.json", command="")
    assert not by_file.paired
    assert "Only summaries are here" in by_file.notes[0]
    paired, loose = of(by_row, "selection-rate gap"), of(by_file, "selection-rate gap")
    assert loose.change == pytest.approx(paired.change)
    assert None not in (loose.low, loose.high, paired.low, paired.high)
    assert loose.high - loose.low > 0  # type: ignore[operator]  # asserted above


def test_audits_of_different_questions_are_not_compared(fixed: Fixed, tmp_path: Path) -> None:
    text = documents.dump(fixed.before)
    atomic.write_text(tmp_path / "one.json", text)
    atomic.write_text(tmp_path / "other.json", text.replace('"target": "y"', '"target": "x"'))
    with pytest.raises(UserError, match="the two audits have target 'y' and 'x'"):
        compare_folders(tmp_path / "one.json", tmp_path / "other.json", command="")


def test_rows_judged_are_kept_for_the_owner_alone(file: Path, fixed: Fixed) -> None:
    path = file.parent / "fixed" / "child" / "private" / "judged.npz"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    kept = Judged.load(path.parents[1])
    assert kept is not None
    assert np.isfinite(kept.scores).all()
    assert fixed.comparison.rows == len(kept.ids)
