"""A PNG of 16 bits and an alpha channel, with a wrong checksum: the largest pixels that there are count as whole."""

import cv2
import numpy as np
import pytest

from stages.scrape.catalogue import examine


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_a_channel_are_no_stream_without_end(channels):
    pixels = np.random.default_rng(0).integers(0, 65536, (800, 900, channels), np.uint16)
    done, coded = cv2.imencode(".png", pixels)
    assert done
    data = coded.tobytes()
    wrong = data[:-16] + b"\1\2\3\4" + data[-12:]  # of the last pixels
    facts = examine(wrong, 1.0)
    assert (facts["type"], facts["width"], facts["height"]) == ("image/png", 900, 800)
