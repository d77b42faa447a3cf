import math

import numpy as np
import torch

from fairwitness.torchkit.modules.autoencoder import Autoencoder, AutoencoderShape, Reconstruction, rank


def test_marks_are_at_their_own_places_and_lines_run_between() -> None:
    marks = torch.tensor([1.0, 2.0, 4.0])
    found = rank(torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0, math.inf]), marks)
    np.testing.assert_allclose(found, [0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8, 1])


def test_scores_rise_with_the_error_even_where_marks_coincide() -> None:
    marks = torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 3.0])
    found = rank(torch.linspace(0, 9, 500), marks)
    assert (found.diff() >= 0).all()
    assert found.isfinite().all()


def test_about_as_many_normal_rows_lie_below_a_score_as_it_says() -> None:
    """A score is uniform over fresh errors of the law the marks came from."""
    rng = np.random.default_rng(0)
    net = Autoencoder.around(Reconstruction(3, (2,)), torch.from_numpy(rng.gamma(2, 1, 5000)), most=400)
    assert net.shape.marks == len(net.marks) == 400
    found = rank(torch.from_numpy(rng.gamma(2, 1, 5000)).float(), net.marks)
    for share in (0.1, 0.5, 0.9, 0.99):
        assert abs(float((found <= share).float().mean()) - share) < 0.02


def test_missing_and_wild_values_are_scored() -> None:
    net = Autoencoder(AutoencoderShape(values=3, hidden=(2,), marks=4))
    rows = torch.tensor([[math.nan] * 3, [1.0, math.nan, 2.0], [math.inf, 0.0, 1.0], [1e38, -1e38, 1e38]])
    with torch.no_grad():
        found = net(rows[:, :, None])
    assert found.isfinite().all()
    assert found.argmax() == 3
