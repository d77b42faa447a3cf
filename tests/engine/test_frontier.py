"""What can be had for what: which points are beaten, on which rows, what is trained, and that nobody's choice is made."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from fairwitness.core.errors import UserError
from fairwitness.core.frontier import Frontier
from fairwitness.engine import candidates, training
from fairwitness.engine import config as settings
from fairwitness.engine.audit import load
from fairwitness.engine.bench import Bench
from fairwitness.engine.cache import Cache
from fairwitness.engine.frontier import Sought, frontier
from fairwitness.engine.judged import Judged
from fairwitness.engine.progress import silent
from fairwitness.io import comparisons
from fairwitness.report import frontiers
from support import html
from support.command import run
from support.mended import plant


def sought(file: Path, out: Path, *remedies: str, **more: Any) -> Frontier:
    return frontier(
        settings.parse(settings.read(file), source=file.name),
        Sought(remedies=remedies, **more),
        base=file.parent,
        out=out,
        source=file.name,
        command="",
        progress=silent,
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant(tmp_path_factory.mktemp("planted"), rows=2500)


@pytest.fixture(scope="module")
def made(file: Path) -> Frontier:
    return sought(file, file.parent / "frontier", "fairness.group-thresholds", "fairness.reweigh", seeds=2)


def goods(made: Frontier) -> list[tuple[float, ...]]:
    """Each point's goods, more being better, written out by hand."""
    return [
        (each.levels[0].value or 0, *(-(level.value or 0) for level in each.levels[1:]), -each.trained)
        for each in made.points
    ]


def test_those_on_the_front_are_those_a_loop_over_all_pairs_leaves(made: Frontier) -> None:
    points = goods(made)
    for place, each in enumerate(points):
        beaten = any(all(np.greater_equal(other, each)) and any(np.greater(other, each)) for other in points)
        assert made.points[place].on_front is not beaten
    assert 1 <= sum(each.on_front for each in made.points) < len(points) + 1


def test_the_model_as_it_is_comes_first_and_each_strength_is_a_point(made: Frontier) -> None:
    assert made.points[0].remedies == ()
    assert [each.levels[0].metric for each in made.points] == ["accuracy"] * 6
    assert [each.choice for each in made.points[1:3]] == [
        ("fairness.group-thresholds:by=sex:within=0.1",),
        ("fairness.group-thresholds:by=sex:within=0.05",),
    ]
    assert [each.reads_group for each in made.points] == [False, True, True, True, True, False]
    assert made.points[0].levels[1].change == 0


def test_a_point_is_the_mean_over_seeds_of_counting_by_hand(made: Frontier, file: Path) -> None:
    config = settings.parse(settings.read(file), source=file.name)
    bench = Bench(
        table=load(None, config, base=file.parent, source=file.name),
        config=config,
        base=file.parent,
        cache=Cache(file.parent / "frontier" / "private" / "cache"),
        source=file.name,
        progress=silent,
    )
    reweighed = candidates.named([candidates.parse("fairness.reweigh", config)])[0].put_on(config)
    right, gaps = [], []
    for repeat in range(2):
        judged = Judged.of(bench.subject(reweighed, choosing=True, repeat=repeat))
        assert judged is not None
        right.append(judged.answers["correct"].mean())
        shares = [judged.answers["favored"][judged.groups["sex"] == name].mean() for name in "ab"]
        gaps.append(abs(shares[0] - shares[1]))
    assert made.points[5].levels[0].value == pytest.approx(np.mean(right))
    assert made.points[5].levels[1].value == pytest.approx(np.mean(gaps))


def test_it_is_measured_on_tune_rows_and_chooses_nothing(made: Frontier, file: Path) -> None:
    assert made.rows < 0.15 * 2500 * 0.65
    assert "Which to take is for a person to choose." in made.headline
    assert not (file.parent / "frontier" / "model").exists()


def test_the_same_again_trains_nothing_and_finds_the_same(
    made: Frontier, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two seeds of the model as it is, two of the reweighed one; thresholds need none."""
    assert made.spent["models trained"] == 4
    monkeypatch.setattr(training._Trainer, "fit", None)
    again = sought(file, file.parent / "frontier", "fairness.group-thresholds", "fairness.reweigh", seeds=2)
    assert [each.levels for each in again.points] == [each.levels for each in made.points]


def test_seeds_differ_and_widen_the_interval(file: Path, made: Frontier) -> None:
    one = sought(file, file.parent / "frontier", "fairness.reweigh", seeds=1)
    assert any("With one seed" in note for note in one.notes)
    single, double = one.points[1].levels[0], made.points[5].levels[0]
    assert None not in (single.low, single.high, double.low, double.high)
    assert single.value != double.value
    assert double.high - double.low > single.high - single.low  # type: ignore[operator]  # asserted above


def test_each_point_says_what_its_trainings_took_over_all_seeds(made: Frontier) -> None:
    plain = made.points[0]
    assert plain.cost is not None
    for each in made.points[1:]:
        assert (each.cost is not None) == bool(each.trained)
    assert made.points[-1].cost is not None  # reweighing trains
    assert "Training: " in frontiers.text(made)


def test_its_json_and_page_are_whole(made: Frontier) -> None:
    jsonschema.Draft202012Validator(comparisons.frontier_schema()).validate(json.loads(comparisons.dump(made)))
    page = frontiers.html(made)
    html.check(page)
    assert page.count("<svg role=") + page.count("<svg class=") >= 4  # two drawings of two charts
    assert "fairwitness fix --remedy" in page
    assert "--who NAME --why REASON" in page


@pytest.mark.parametrize(
    ("remedies", "more", "words"),
    [
        ((), {}, "name what to try, --remedy ID"),
        (("fairness.reweigh",), {"budget": 0}, "--budget of 1 at least"),
        (("fairness.reweight",), {}, "did you mean 'fairness.reweigh'"),
        (("fairness.reweigh",), {"criteria": ("fairness.parity/sex",)}, "no criterion 'fairness.parity/sex'"),
        (("fairness.reweigh",), {"criteria": ("fairness.accuracy-gap/race",)}, "and a group of sex"),
    ],
)
def test_bad_input_is_one_line(file: Path, remedies: tuple[str, ...], more: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        sought(file, file.parent / "bad", *remedies, **more)
    assert words in str(caught.value)


def test_who_chose_and_why_is_recorded(tmp_path: Path) -> None:
    plant(tmp_path, rows=800)
    shown = run("frontier --remedy fairness.group-thresholds --seeds 1", cwd=tmp_path)
    assert shown.code == 0, shown.err
    assert (tmp_path / "frontier" / "frontier.json").exists()
    ran = run("fix --remedy fairness.group-thresholds:within=0.05 --who 'A. Example' --why 'least loss'", cwd=tmp_path)
    assert ran.code in {0, 1}, ran.err
    told = json.loads((tmp_path / "fixed" / "comparison.json").read_text(encoding="utf-8"))["provenance"]
    assert (told["chosen_by"], told["because"]) == ("A. Example", "least loss")
