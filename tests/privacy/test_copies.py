import numpy as np
import pytest

from fairwitness.core.errors import TooFewError
from fairwitness.privacy.copies import Nearness, copies, nearer_images, nearer_texts, share_closer


def test_images_lie_nearest_to_the_row_that_all_correlations_say() -> None:
    rng = np.random.default_rng(0)
    samples, trained, others = (rng.random((n, 5, 4)) for n in (300, 40, 40))
    found = nearer_images(samples, trained, others)
    rows = np.concatenate([trained, others])
    alike = np.corrcoef(samples.reshape(300, -1), rows.reshape(80, -1))[:300, 300:]
    np.testing.assert_array_equal(found.nearest, alike.argmax(axis=1))
    np.testing.assert_array_equal(found.side, np.where(alike.argmax(axis=1) < 40, 1, -1))


def test_a_copy_is_nearest_and_a_row_on_both_sides_is_level() -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 40, 70, 3)).astype(np.uint8)  # averaged down
    trained, others = images[[0, 1, 2]], images[[3, 4, 0]]
    found = nearer_images(images[[1, 4, 0]], trained, others)
    assert found.side.tolist() == [1, -1, 0]
    assert found.nearest.tolist() == [1, 4, -1]


def test_texts_by_the_longest_run_of_words() -> None:
    trained = ["The cat sat on the mat.", "a b c d"]
    others = ["the cat sat down", "on the mat a dog lay", ""]
    samples = ["THE CAT SAT on", "the mat: a dog!", "zzz", "the cat sat", "x a b c"]
    found = nearer_texts(samples, trained, others)
    assert found.side.tolist() == [1, -1, 0, 0, 1]  # 4:3, 2:4, 0:0, 3:3, 3:1
    assert found.nearest.tolist() == [0, 3, -1, -1, 1]


def test_exact_copies_are_counted() -> None:
    texts = np.array(["a", " b ", "", None, "c"], dtype=object)
    assert copies(texts, np.array(["b", "a", "", None], dtype=object)) == 2
    images = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    assert copies(images, images[::2]) == 3


def test_nothing_to_tell_has_no_share() -> None:
    level = Nearness(side=np.zeros(3, dtype=np.int8), nearest=np.full(3, -1))
    with pytest.raises(TooFewError):
        share_closer(level)


def test_samples_near_one_row_count_as_one() -> None:
    """Ten near each of twenty rows are worth twenty: Wilson's interval of 15 of 20, from statsmodels."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    side = np.repeat(np.where(np.arange(20) < 15, 1, -1), 10).astype(np.int8)
    share = share_closer(Nearness(side=side, nearest=np.repeat(np.arange(20), 10)))
    low, high = proportion.proportion_confint(15, 20, method="wilson")
    assert (share.value, share.n) == (0.75, 200)
    assert (share.low, share.high) == pytest.approx((low, high))


@pytest.mark.parametrize("dimensions", [3, 30])
def test_samples_of_the_same_kind_are_as_close_to_either(dimensions: int) -> None:
    """Of 400 draws in which nothing is copied the interval holds one half in 95 % at least, less four errors; with no
    regard to shared rows it would in fewer.
    """
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        samples, trained, others = (rng.normal(size=(n, dimensions)) for n in (300, 100, 100))
        share = share_closer(nearer_images(samples, trained, others))
        held += share.low is not None and share.high is not None and share.low <= 0.5 <= share.high
    assert held / 400 > 0.95 - 4 * np.sqrt(0.95 * 0.05 / 400)


def test_samples_copied_with_noise_are_found() -> None:
    rng = np.random.default_rng(2)
    trained, others = rng.normal(size=(100, 20)), rng.normal(size=(100, 20))
    samples = np.concatenate([rng.normal(size=(200, 20)), trained + 0.3 * rng.normal(size=(100, 20))])
    share = share_closer(nearer_images(samples, trained, others))
    assert share.low is not None
    assert share.low > 0.55
