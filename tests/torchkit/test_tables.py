import numpy as np
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fairwitness.torchkit.encoding import TableEncoding
from fairwitness.torchkit.layers import parameter_count
from fairwitness.torchkit.tables import Codes, Scaling, TableNet, TableShape
from support.tables import table


def numbers(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drawn = rng.lognormal(3.0, 1.0, (200, 4)).astype(np.float32)
    drawn[:, 2] = 7.25  # constant
    drawn[rng.random(200) < 0.2, 1] = np.nan
    drawn[rng.random(200) < 0.1, 3] = np.nan
    return drawn


def test_scaling_is_sklearns_with_median_and_indicators() -> None:
    """StandardScaler skips NaN; SimpleImputer puts the median in and adds the indicators of what was missing."""
    raw = numbers()
    scaling = Scaling(4, flagged=(1, 3))
    scaling.fit(torch.from_numpy(raw))

    scaler = StandardScaler().fit(raw.astype(np.float64))
    filled = SimpleImputer(strategy="median", add_indicator=True).fit_transform(raw.astype(np.float64))
    wanted = np.hstack([scaler.transform(filled[:, :4]), filled[:, 4:]])
    np.testing.assert_allclose(scaling(torch.from_numpy(raw)).numpy(), wanted, rtol=0, atol=2e-5)
    np.testing.assert_allclose(scaling.mean.numpy(), scaler.mean_, rtol=1e-6)
    np.testing.assert_allclose(scaling.std.numpy(), scaler.scale_, rtol=1e-6)


def test_median_of_an_even_count_is_halfway_between_the_middle_two() -> None:
    scaling = Scaling(1, flagged=())
    scaling.fit(torch.tensor([[1.0], [2.0], [10.0], [20.0]]))
    assert scaling.median.item() == 6.0


def test_a_column_that_is_always_missing_or_infinite_scales_to_zero() -> None:
    scaling = Scaling(2, flagged=(0,))
    nan, inf = float("nan"), float("inf")
    scaling.fit(torch.tensor([[nan, inf], [nan, 1.0], [nan, 3.0]]))
    assert scaling(torch.tensor([[nan, 2.0], [5.0, inf]])).tolist() == [[0.0, 0.0, 1.0], [5.0, 0.0, 0.0]]


def test_a_constant_column_with_rounding_is_only_centred() -> None:
    scaling = Scaling(1, flagged=())
    scaling.fit(torch.full((1000, 1), 0.1))
    assert scaling.std.item() == 1.0


def test_codes_are_sklearns_one_hot() -> None:
    columns, rows = table(home=["rent", "own", "boat", "own"], sex=["f", "m", "m", "f"])
    _, later = table(home=["own", "tent", "boat"], sex=["m", "f", "x"])
    encoding = TableEncoding.fit(columns, rows)
    codes = Codes(encoding.cardinalities, gapped=())
    peer = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    peer.fit(np.column_stack(list(rows.columns.values())))
    wanted = peer.transform(np.column_stack(list(later.columns.values())))
    assert codes(encoding.encode(later)["codes"]).tolist() == wanted.tolist()


def test_missing_has_a_slot_only_where_training_missed_some() -> None:
    codes = Codes((4, 4), gapped=(1,))
    assert codes(torch.tensor([[0, 0], [2, 3], [1, 1]])).tolist() == [
        [0, 0, 1, 0, 0],
        [1, 0, 0, 0, 1],
        [0, 0, 0, 0, 0],
    ]


def test_many_categories_are_embedded_and_the_untrained_codes_are_zero() -> None:
    codes = Codes((102, 4), gapped=())
    assert codes.width == 2 + 11  # min(16, 1 + round(sqrt(102)))
    known, missing, unseen = codes(torch.tensor([[50, 2], [0, 0], [1, 1]]))
    assert (known[2:] != 0).all()
    assert (missing == 0).all()
    assert (unseen == 0).all()


def test_a_784_128_64_10_perceptron_has_109386_parameters() -> None:
    """784*128+128 + 128*64+64 + 64*10+10."""
    shape = TableShape(numbers=784, flagged=(), cardinalities=(), gapped=(), hidden=(128, 64), outputs=10)
    net = TableNet(shape)
    assert parameter_count(net) == 109_386
    assert net.words == "MLP 784-128-64-10"
    assert net(torch.zeros(3, 784), torch.zeros(3, 0, dtype=torch.int64)).shape == (3, 10)


def test_the_shape_sees_what_is_missing() -> None:
    nan = float("nan")
    columns, rows = table(a=[1, nan, 3], b=[1, 2, 3], c=["x", None, "y"], d=["u", "v", "u"])
    encoding = TableEncoding.fit(columns, rows)
    inputs = encoding.encode(rows)
    shape = TableShape.of(inputs, cardinalities=encoding.cardinalities, hidden=(4,), outputs=1)
    net = TableNet.scaled(shape, inputs["numbers"])
    assert (net.shape.flagged, net.shape.gapped) == ((0,), (0,))
    assert net.width == 2 + 1 + 3 + 2


def test_gradients_reach_raw_numbers_as_finite_differences_say() -> None:
    torch.manual_seed(0)
    net = TableNet(TableShape(numbers=3, flagged=(0,), cardinalities=(), gapped=(), hidden=(8,), outputs=1)).double()
    net.scaling.fit(torch.randn(50, 3, dtype=torch.float64) * 100)
    codes = torch.zeros(5, 0, dtype=torch.int64)
    x = (torch.randn(5, 3, dtype=torch.float64) * 100).requires_grad_()
    assert torch.autograd.gradcheck(lambda raw: net(raw, codes).double(), (x,))


@pytest.mark.parametrize("columns", [0, 2])
def test_a_table_of_categories_alone_or_numbers_alone_is_enough(columns: int) -> None:
    shape = TableShape(
        numbers=columns, flagged=(), cardinalities=() if columns else (5,), gapped=(), hidden=(), outputs=3
    )
    net = TableNet(shape)
    codes = torch.full((4, 0 if columns else 1), 2)
    net.scaling.fit(torch.ones(4, columns))
    assert net(torch.ones(4, columns), codes).shape == (4, 3)
