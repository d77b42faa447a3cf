"""The attack against a slow rewrite from the paper, closed forms for normal scores, and a network that learns by heart."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.privacy import lira
from fairwitness.privacy.membership import area, rate_at


def shadows(rng: np.random.Generator, m: int, n: int, moved: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Normal log odds, `moved` standard deviations up for rows inside, around a mean of each row's own."""
    inside = np.concatenate([[half, ~half] for half in (rng.permutation(n) < n // 2 for _ in range(m // 2))])
    return rng.normal(0, 3, n) + moved * inside + rng.normal(size=(m, n)), inside


def slow(
    sure: NDArray[np.float64], inside: NDArray[np.bool_], target: NDArray[np.float64], *, own: bool
) -> list[float]:
    """Algorithm 1 of Carlini et al. 2022, row by row, with SciPy's normal density."""
    n = sure.shape[1]
    seen = [[sure[k, i] for k in range(len(sure)) if inside[k, i]] for i in range(n)]
    unseen = [[sure[k, i] for k in range(len(sure)) if not inside[k, i]] for i in range(n)]

    def deviation(side: list[list[float]], i: int) -> float:
        if own:
            return float(np.std(side[i], ddof=1))
        squares = sum((value - np.mean(values)) ** 2 for values in side for value in values)
        return float(np.sqrt(squares / sum(len(values) - 1 for values in side)))

    return [
        stats.norm.logpdf(target[i], np.mean(seen[i]), deviation(seen, i))
        - stats.norm.logpdf(target[i], np.mean(unseen[i]), deviation(unseen, i))
        for i in range(n)
    ]


@pytest.mark.parametrize(("m", "own"), [(8, False), (64, True)])
def test_the_ratio_is_that_of_the_paper(m: int, *, own: bool) -> None:
    rng = np.random.default_rng(0)
    sure, inside = shadows(rng, m, 30, 1.0)
    target = rng.normal(size=30)
    found = lira.calibrate(sure, inside).log_ratio(target)
    np.testing.assert_allclose(found, slow(sure, inside, target, own=own), rtol=1e-10)


def test_a_model_is_attacked_by_the_other_pairs() -> None:
    sure, inside = shadows(np.random.default_rng(0), 8, 20, 1.0)
    others = [0, 1, 2, 3, 6, 7]
    expected = slow(sure[others], inside[others], sure[5], own=False)
    np.testing.assert_allclose(lira.attack_each(sure, inside)[5], expected, rtol=1e-10)


@pytest.mark.parametrize("moved", [0.0, 0.5, 1.0, 2.0])
def test_the_best_attack_on_normal_scores_has_a_closed_form(moved: float) -> None:
    """For N(0, 1) against N(d, 1) the area is Phi(d / sqrt 2), and Phi(d - z) are named at 1 % false alarms."""
    rng = np.random.default_rng(1)
    base, n = rng.normal(0, 3, 40_000), 40_000
    known = lira.Calibration(base + moved, base, np.ones(n), np.ones(n))
    member = np.arange(n) < n // 2
    scores = known.log_ratio(base + moved * member + rng.normal(size=n))
    if moved == 0:
        assert not scores.any()
        return
    named = stats.norm.cdf(moved - stats.norm.ppf(0.99))
    assert area(scores[member], scores[~member]) == pytest.approx(stats.norm.cdf(moved / 2**0.5), abs=0.006)
    assert rate_at(scores[member], scores[~member]) == pytest.approx(named, abs=0.02)


def test_confidence_is_the_log_odds_of_the_recorded_class() -> None:
    scores = np.array([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0]])
    found = lira.confidence(scores, np.array([2, 0]))
    np.testing.assert_allclose(found, np.log([0.5 / 0.5, 0.9 / 0.1]), atol=1e-6)
    one = lira.confidence(scores[:, :1], np.array([0, 1]), positive=0)
    np.testing.assert_allclose(one, np.log([0.2 / 0.8, 0.1 / 0.9]), rtol=1e-5)


def test_certainty_is_clipped_where_32_bits_end() -> None:
    found = lira.confidence(np.array([[1.0], [0.0], [1 - 1e-9]]), np.array([1, 1, 1]))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, [25 * np.log(2), -25 * np.log(2), 25 * np.log(2)])


def test_models_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="pairs"):
        lira.pairs(np.ones((4, 3), dtype=bool))


def test_without_membership_members_score_as_others() -> None:
    """Counts of models with and without a row stay even, so nothing is told: area one half, 1 % named at 1 %."""
    rng = np.random.default_rng(2)
    areas, rates = [], []
    for _ in range(60):
        sure, inside = shadows(rng, 8, 400, 0.0)
        scores = lira.attack_each(sure, inside)
        areas += [area(own[has], own[~has]) for own, has in zip(scores, inside, strict=True)]
        rates += [rate_at(own[has], own[~has]) for own, has in zip(scores, inside, strict=True)]
    assert np.mean(areas) == pytest.approx(0.5, abs=3 * np.std(areas) / 480**0.5)
    assert np.mean(rates) == pytest.approx(0.01, abs=3 * np.std(rates) / 480**0.5)


@pytest.mark.slow
def test_shadows_find_what_the_loss_does_not() -> None:
    """An overfitted network on hard binary features: as in the paper's tables, the ratio names several times more."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # of networks this small more threads wait for each other
    m, n, classes, width = 16, 1_000, 20, 64
    kinds = torch.rand(classes, 100).round()
    labels = torch.randint(0, classes, (n,))
    features = kinds[labels]
    features = torch.where(torch.rand_like(features) < 0.3, 1 - features, features)
    _, inside = shadows(rng, m, n, 0.0)
    rows = torch.tensor(np.stack([np.flatnonzero(has) for has in inside]))
    shapes = ((m, 100, width), (m, 1, width), (m, width, classes), (m, 1, classes))
    weights = [(torch.randn(shape) * (shape[1] > 1) / max(shape[1], 1) ** 0.5).requires_grad_() for shape in shapes]
    step = torch.optim.SGD(weights, 0.1, momentum=0.9)

    def logits(given: Any) -> Any:
        hidden = torch.baddbmm(weights[1], given, weights[0]).relu()
        return torch.baddbmm(weights[3], hidden, weights[2])

    for _ in range(20):
        order = torch.stack([own[torch.randperm(n // 2)] for own in rows])
        for start in range(0, n // 2, 60):
            batch = order[:, start : start + 60]
            loss = torch.nn.functional.cross_entropy(
                logits(features[batch]).flatten(0, 1), labels[batch].flatten(), reduction="sum"
            )
            step.zero_grad()
            (loss / 60).backward()
            step.step()
    scores = logits(features.expand(m, -1, -1)).softmax(2).detach().numpy()
    torch.set_num_threads(threads)
    sure = lira.confidence(scores, labels.numpy())
    ratio = lira.attack_each(sure, inside)
    found = {
        name: np.mean([(area(s[i], s[~i]), rate_at(s[i], s[~i])) for s, i in zip(attack, inside, strict=True)], axis=0)
        for name, attack in (("ratio", ratio), ("loss", sure))
    }
    assert found["loss"][0] > 0.6
    assert found["ratio"][0] > found["loss"][0] + 0.05
    assert found["ratio"][1] > 5 * found["loss"][1]
    assert found["ratio"][1] > 0.05
