import math

import numpy as np
import pytest
import torch

from fairwitness.torchkit.modules.recurrent import RecurrentNet
from fairwitness.torchkit.modules.sequences import SequenceNet, SequenceShape, SeriesFront, pooled
from fairwitness.torchkit.modules.transformer import Transformer

TEXT = {"vocabulary": 20, "steps": 9, "embedding": 6, "hidden": 8, "heads": 2, "outputs": 3}
SERIES = {"steps": 9, "dimensions": 2, "flagged": True, "hidden": 8, "heads": 2, "outputs": 3}
FAMILIES = [("gru", RecurrentNet), ("lstm", RecurrentNet), ("transformer", Transformer)]


def net(cell: str, family: type[SequenceNet], settings: dict[str, int]) -> SequenceNet:
    torch.manual_seed(0)
    return family(SequenceShape(cell=cell, **settings)).eval()  # type: ignore[arg-type]  # of bool and int


def test_pooling_takes_mean_and_maximum_of_what_are_steps() -> None:
    states = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [99.0, 99.0]], [[5.0, 5.0], [6.0, 6.0], [7.0, 7.0]]])
    steps = torch.tensor([[True, True, False], [False, False, False]])
    assert pooled(states, steps).tolist() == [[2.0, -3.0, 3.0, -2.0], [0.0, 0.0, 0.0, 0.0]]


def test_series_are_standardised_by_what_is_there() -> None:
    values = np.random.default_rng(0).normal([5, -300], [2, 80], (40, 9, 2))
    values[3, 4, 1] = values[5, :, :] = np.nan
    front = SeriesFront(SequenceShape(cell="gru", **SERIES)).eval()  # type: ignore[arg-type]  # of bool and int
    sequence = torch.from_numpy(values).float()
    front.fit(sequence)
    made, steps = front(sequence)
    flat = values.reshape(-1, 2)
    wanted = (values - np.nanmean(flat, axis=0)) / np.nanstd(flat, axis=0)
    np.testing.assert_allclose(made[..., :2], np.nan_to_num(wanted), atol=1e-4)
    np.testing.assert_array_equal(made[..., 2:], np.isnan(values))
    assert not steps[5].any()
    assert steps[3].all()


@pytest.mark.parametrize(("cell", "family"), FAMILIES)
def test_padding_behind_a_text_changes_nothing(cell: str, family: type[SequenceNet]) -> None:
    made = net(cell, family, TEXT)
    text = torch.randint(1, 20, (4, 5))
    padded = torch.cat([text, torch.zeros(4, 4, dtype=torch.int64)], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(made(padded), made(text))


@pytest.mark.parametrize(("cell", "family"), FAMILIES)
def test_steps_without_values_behind_a_series_change_nothing(cell: str, family: type[SequenceNet]) -> None:
    made = net(cell, family, SERIES)
    series = torch.randn(4, 5, 2)
    padded = torch.cat([series, torch.full((4, 4, 2), math.nan)], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(made(padded), made(series))


@pytest.mark.parametrize(("cell", "family"), FAMILIES)
@pytest.mark.parametrize("settings", [TEXT, SERIES])
def test_it_is_rebuilt_from_its_description(cell: str, family: type[SequenceNet], settings: dict[str, int]) -> None:
    made = net(cell, family, settings)
    again = family.from_json(made.to_json())
    again.load_state_dict(made.state_dict())
    rows = torch.randint(0, 20, (3, 9)) if settings is TEXT else torch.randn(3, 9, 2)
    with torch.no_grad():
        found = again.eval()(rows)
        assert found.shape == (3, 3)
        assert torch.equal(found, made(rows))


def test_the_order_of_steps_matters() -> None:
    for cell, family in FAMILIES:
        made = net(cell, family, TEXT)
        text = torch.arange(1, 10)[None]
        with torch.no_grad():
            assert not torch.allclose(made(text), made(text.flip(1)), atol=1e-3)
