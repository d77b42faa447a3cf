"""Grad-CAM and HiResCAM against what can be worked out by hand, and against captum."""

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.explain.gradients import Follow
from fairwitness.explain.maps import Kind, MapError, class_map, last_spatial

KINDS: tuple[Kind, ...] = ("Grad-CAM", "HiResCAM")


def drawn(*shape: int, seed: int = 0) -> Tensor:
    made: Tensor = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return made


def of_class(net: nn.Module, target: Tensor) -> Follow:
    def follow(x: Tensor, at: Tensor) -> Tensor:
        picked: Tensor = net(x).gather(1, target[at][:, None])[:, 0]
        return picked

    return follow


def with_head_over_all_places(*, in_place: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(inplace=in_place), nn.Flatten(), nn.Linear(4 * 6 * 6, 3)
    ).eval()


@pytest.mark.parametrize("kind", KINDS)
def test_channels_averaged_and_weighed_can_be_worked_out_by_hand(kind: Kind) -> None:
    """The logit is the sum over channels of w_c times the mean of channel c, so each place has w_c a_c / HW."""
    weights = drawn(3, 2, seed=1)
    head = nn.Linear(2, 3, bias=False)
    head.weight.data = weights
    same = nn.Conv2d(2, 2, 1, bias=False)
    same.weight.data = torch.eye(2)[:, :, None, None]
    net = nn.Sequential(same, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    x, target = drawn(5, 2, 4, 6), torch.tensor([0, 1, 2, 0, 1])

    made = class_map(net, of_class(net, target), x, kind=kind).values

    torch.testing.assert_close(made, (weights[target][:, :, None, None] * x).sum(dim=1) / 24)
    torch.testing.assert_close(made.sum(dim=(1, 2)), of_class(net, target)(x, torch.arange(5)))


def test_hirescam_adds_up_to_the_logit_where_a_linear_layer_reads_all_places() -> None:
    net, target = with_head_over_all_places(), torch.tensor([2, 0])
    x = drawn(2, 2, 6, 6)

    made = class_map(net, of_class(net, target), x).values

    logit = of_class(net, target)(x, torch.arange(2))
    head = net[3]
    assert isinstance(head, nn.Linear)
    torch.testing.assert_close(made.sum(dim=(1, 2)), logit - head.bias[target])


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_that_works_in_place_spoils_nothing(kind: Kind) -> None:
    plain, in_place = with_head_over_all_places(), with_head_over_all_places(in_place=True)
    x, target = drawn(2, 2, 6, 6), torch.tensor([2, 0])
    want, made = (class_map(net, of_class(net, target), x, kind=kind, layer="0").values for net in (plain, in_place))
    torch.testing.assert_close(made, want)


def test_agrees_with_captum() -> None:
    captum = pytest.importorskip("captum.attr")
    net, x, target = with_head_over_all_places(), drawn(4, 2, 6, 6), torch.tensor([2, 0, 1, 1])
    theirs = captum.LayerGradCam(net, net[0]).attribute(x, target=target)
    made = class_map(net, of_class(net, target), x, kind="Grad-CAM", layer="0", at_once=3)
    torch.testing.assert_close(made.values, theirs[:, 0])


def test_a_smaller_map_is_drawn_up_to_the_image() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1), nn.Flatten(), nn.Linear(2 * 4 * 4, 2)).eval()
    made = class_map(net, of_class(net, torch.tensor([0])), drawn(1, 1, 8, 8))
    assert made.values.shape == (1, 8, 8)
    assert made.size == (4, 4)
    assert made.layer == "0"


def test_the_last_layer_with_height_and_width_is_found() -> None:
    net, x = with_head_over_all_places(), drawn(1, 2, 6, 6)
    assert last_spatial(net, of_class(net, torch.tensor([0])), x) == "1"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (None, "cnn.pt: no layer keeps height and width"),
        ("1", "cnn.pt: layer '1' does not give one map a channel"),
        ("head", "cnn.pt: no layer 'head'; "),
    ],
)
def test_a_network_without_maps_is_told_in_one_line(layer: str | None, words: str) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    with pytest.raises(MapError, match=words):
        class_map(net, of_class(net, torch.tensor([0])), drawn(1, 1, 4, 4), layer=layer, source="cnn.pt")


def test_hooks_are_gone_afterwards() -> None:
    net = with_head_over_all_places()
    class_map(net, of_class(net, torch.tensor([0])), drawn(1, 2, 6, 6))
    assert not any(part._forward_hooks for part in net.modules())
