import numpy as np
import pytest
import torch

from fairwitness.torchkit.modules.images import ConvNet, ImageShape, Pixels, ResNet, shifted


def test_shifted_images_are_crops_of_the_image_with_its_border_repeated() -> None:
    """Each must be one of the 25 crops of the padded image, and over many draws all 25 occur, none by channel."""
    torch.manual_seed(0)
    image = np.random.default_rng(0).random((2, 6, 7)).astype(np.float32)
    wide = np.pad(image, ((0, 0), (2, 2), (2, 2)), mode="edge")
    crops = [wide[:, down : down + 6, right : right + 7] for down in range(5) for right in range(5)]
    made = shifted(torch.from_numpy(image).repeat(600, 1, 1, 1), 2).numpy()
    which = [[np.array_equal(one, crop) for crop in crops].index(True) for one in made]
    assert set(which) == set(range(25))


def test_training_mirrors_half_the_images_and_evaluation_none() -> None:
    torch.manual_seed(0)
    front = Pixels(1, shift=0, flip=True)
    images = torch.rand(400, 1, 4, 4)
    mirrored = (front.train()(images) != images).flatten(1).any(dim=1).float().mean()
    assert 0.4 < mirrored < 0.6
    assert torch.equal(front.eval()(images), images)


def test_scaling_standardises_each_channel_and_centres_a_constant_one() -> None:
    images = (
        torch.rand(50, 3, 5, 5, generator=torch.Generator().manual_seed(0))
        * torch.tensor([1.0, 9.0, 0.0])[:, None, None]
        + 7
    )
    front = Pixels(3, shift=2, flip=True).eval()
    front.fit(images)
    made = front(images).double().numpy()
    np.testing.assert_allclose(made.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(0, 2, 3)), [1, 1, 0], atol=1e-5)


@pytest.mark.parametrize("family", [ConvNet, ResNet])
@pytest.mark.parametrize("size", [(1, 8, 8), (3, 9, 13), (1, 64, 20)])
def test_any_size_passes_and_rows_do_not_see_each_other(
    family: type[ConvNet | ResNet], size: tuple[int, int, int]
) -> None:
    torch.manual_seed(0)
    net = family(ImageShape(channels=size[0], widths=(4, 8), outputs=3)).eval()
    images = torch.rand(5, *size)
    with torch.no_grad():
        together, alone = net(images), torch.cat([net(one[None]) for one in images])
    assert together.shape == (5, 3)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", [ConvNet, ResNet])
def test_a_network_is_rebuilt_from_its_description(family: type[ConvNet | ResNet]) -> None:
    net = family(ImageShape(channels=1, widths=(4, 8), outputs=2, shift=1))
    again = family.from_json(net.to_json())
    again.load_state_dict(net.state_dict())
    assert again.shape == net.shape
    images = torch.rand(2, 1, 8, 8)
    assert torch.equal(again.eval()(images), net.eval()(images))


def test_parameters_are_those_of_the_textbook() -> None:
    """3x3 convolutions without bias, two numbers a channel in each norm, one linear layer (He et al. 2016)."""
    count = {
        ConvNet: 9 * 4 + 8 + 9 * 4 * 8 + 16 + (8 * 16 + 1) * 2,
        ResNet: (9 * 4 + 8) + 2 * (9 * 16 + 8) + (9 * 32 + 16) + (9 * 64 + 16) + (32 + 16) + (8 + 1) * 2,
    }
    for family, wanted in count.items():
        net = family(ImageShape(channels=1, widths=(4, 8), outputs=2))
        assert sum(parameter.numel() for parameter in net.parameters()) == wanted


def test_pooling_before_relu_is_the_function_of_pooling_after_it() -> None:
    torch.manual_seed(0)
    net = ConvNet(ImageShape(channels=2, widths=(4, 8), outputs=3, dropout=0.0, shift=0, flip=False)).train()
    images = torch.rand(6, 2, 15, 14)
    ours = net(images)
    after = net.pixels(images)
    for part in range(0, 8, 4):
        convolution, norm, pool, relu = (net.body[part + place] for place in range(4))
        after = pool(relu(norm(convolution(after))))
    torch.testing.assert_close(ours, net.head(net.body[8:](after)))
