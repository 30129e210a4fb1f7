"""Images of any bytes, shape and type: OpenCV's pixels, or refused."""

import cv2
import numpy as np
import pytest
from fuzzing import Refused, attempt, damaged, fuzz
from hypothesis import strategies as st

from mmwing import images

PIXELS = np.random.default_rng(0).integers(0, 256, (11, 13, 4), np.uint8)
SUFFIXES = ['.png', '.jpg', '.bmp', '.webp', '.tiff', '.ppm', '.pgm', '.hdr']


def encoded(suffix):
    pixels = PIXELS[..., 0] if suffix == '.pgm' else PIXELS[..., :3]
    if suffix == '.hdr':
        pixels = pixels.astype(np.float32) / 255
    return cv2.imencode(suffix, pixels)[1].tobytes()


FILES = {suffix: encoded(suffix) for suffix in SUFFIXES}


@st.composite
def flipped(draw):
    """A file of which single bytes are others."""
    data = bytearray(FILES[draw(st.sampled_from(SUFFIXES))])
    for _ in range(draw(st.integers(0, 3))):
        # Headers are short, and hold what decoders trust.
        place = draw(st.integers(0, 60) | st.integers(0, len(data) - 1))
        data[place % len(data)] = draw(st.integers(0, 255))
    return bytes(data)


@st.composite
def arrays(draw):
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 7]), max_size=4)
                 | st.tuples(st.integers(1, 6), st.integers(1, 6),
                             st.sampled_from([1, 3, 4])))
    dtype = draw(st.sampled_from(['uint8', 'uint8', 'uint16', 'int64', 'float32',
                                  'bool', 'complex64', 'U1']))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    array = rng.integers(0, 60000, tuple(shape)).astype(dtype)
    return array[::-1] if array.ndim and draw(st.booleans()) else array


@fuzz(damaged(flipped()) | arrays())
def test_images(case, folder):
    if isinstance(case, np.ndarray):
        return check_array(case)
    path = folder / 'face.png'
    path.write_bytes(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, 'MAX_PIXELS', 2**22)  # the memory of this test
        found = attempt(lambda: images.read_image(path), r'face\.png')
    if found is Refused:
        return False
    assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3
    np.testing.assert_array_equal(found, cv2.imread(str(path), cv2.IMREAD_COLOR))
    return True


def check_array(array):
    found = attempt(lambda: images.read_image(array, 'rgb'), 'image')
    usable = array.dtype in (np.uint8, np.uint16) and array.size > 0 and (
        array.ndim == 2 or array.ndim == 3 and array.shape[2] in (1, 3, 4))
    assert (found is not Refused) == usable
    if not usable:
        return False
    assert found.shape == (*array.shape[:2], 3)
    grey = array.ndim == 2 or array.shape[2] == 1
    for y, x in np.ndindex(*array.shape[:2]):
        red, green, blue = (array[y, x].ravel()[[0, 0, 0]] if grey else
                            array[y, x, :3]) // (256 if array.dtype == np.uint16 else 1)
        assert found[y, x].tolist() == [blue, green, red]
    return True
