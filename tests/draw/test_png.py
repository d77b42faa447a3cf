"""PNG files: against what another library reads from them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from fairwitness.draw.png import data_uri, png


def test_another_library_reads_the_same_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels.tobytes(), width=7, height=5))) as read:
        assert read.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(read), pixels)


def test_bytes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 × 2 pixels take 12 bytes, not 11"):
        png(b"\0" * 11, width=2, height=2)


def test_an_address_holds_the_picture() -> None:
    assert data_uri(b"\x89PNG").startswith("data:image/png;base64,iVBORw")
