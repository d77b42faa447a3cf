import numpy as np
import pytest
import torch

from fairwitness.core.columns import Column
from fairwitness.core.errors import ModelError
from fairwitness.torchkit.encoding_images import ImageEncoding
from support.media import media
from support.tables import table


def images(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


@pytest.mark.parametrize("shape", [(5, 9, 8), (5, 9, 8, 3), (5, 3, 9, 8)])
def test_bytes_become_unit_pixels_with_channels_first(shape: tuple[int, ...]) -> None:
    values = images(*shape)
    columns, rows = media("image", values)
    made = ImageEncoding.fit(columns, rows).encode(rows)["pixels"]
    wanted = {3: values[:, None], 4: values if shape[1] == 3 else np.moveaxis(values, -1, 1)}[values.ndim]
    np.testing.assert_allclose(made.numpy(), wanted / 255, rtol=1e-6)
    assert made.dtype == torch.float32


def test_the_block_points_back_to_the_column() -> None:
    columns, rows = media("image", images(2, 8, 8), name="scan")
    (block,) = ImageEncoding.fit(columns, rows).blocks
    assert (block.column, block.tensor, block.kind) == ("scan", "pixels", "pixels")


def test_it_comes_back_from_json() -> None:
    columns, rows = media("image", images(2, 8, 9, 3))
    encoding = ImageEncoding.fit(columns, rows)
    assert ImageEncoding.from_json(encoding.to_json()) == encoding


def test_images_of_another_size_are_refused_in_one_line() -> None:
    encoding = ImageEncoding.fit(*media("image", images(2, 28, 28)))
    with pytest.raises(ModelError) as caught:
        encoding.encode(media("image", images(2, 32, 30, 3))[1])
    assert str(caught.value) == (
        "column 'image': the images are 32 × 30 pixels of 3 channels, the model reads 28 × 28 pixels of 1 channel; "
        "resize them, or train again"
    )


def test_nan_pixels_are_counted() -> None:
    values = images(4, 8, 8, dtype=np.float32)
    values[1, 0, 0] = np.nan
    columns, rows = media("image", values)
    with pytest.raises(ModelError, match="column 'image': pixels are NaN or infinite in 1 of 4 rows; mend or drop"):
        ImageEncoding.fit(columns, rows).encode(rows)


def test_what_is_no_single_image_column_is_refused() -> None:
    numbers, rows = table(x=[1.0])
    with pytest.raises(ModelError, match=r"reads one image column, and is given 'x' \(number\); name one in"):
        ImageEncoding.fit(numbers, rows)
    columns, rows = media("image", images(2, 4, 4))
    with pytest.raises(ModelError, match="the images are 4 × 4 pixels; a network for images needs 8 × 8 or more"):
        ImageEncoding.fit(columns, rows)
    with pytest.raises(ValueError, match="'image' is the target; a model may not read it"):
        ImageEncoding.fit((Column(name="image", kind="image", role="target"),), rows)
