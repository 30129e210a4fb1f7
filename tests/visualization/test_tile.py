import os

import cv2
import numpy as np
import pytest

from mmwing.visualization.tile import Tile, arrange_tiles, dot_radius, save_picture

RED = (0, 0, 255)


def centre_of(mask):
    return np.argwhere(mask).mean(0)[::-1]


@pytest.mark.parametrize('make', [
    lambda image: Tile.around(image, np.array([[20, 10], [60, 40.]]), 200),
    lambda image: Tile.whole(image, 200),
    lambda image: Tile.whole(image, 200, border=0.2)])
def test_a_dot_lands_on_the_pixel_it_names(make):
    image = np.zeros((50, 70, 3), np.uint8)
    image[18:23, 28:33] = 255  # a patch around (30, 20)
    tile = make(image)
    # The interpolated edge is symmetric about the patch's centre.
    patch = centre_of(tile.pixels[..., 0] > 127)
    tile.pixels[:] = 0
    tile.dots(np.array([[30, 20.]]), RED)
    np.testing.assert_allclose(centre_of(tile.pixels[..., 2] > 127), patch, atol=0.6)


def test_border_shows_points_outside_of_the_image():
    tile = Tile.whole(np.zeros((50, 50, 3), np.uint8), 100, border=0.25)
    tile.dots(np.array([[-6, 25.], [np.nan, 3]]), RED)
    x, y = centre_of((tile.pixels == RED).all(-1))
    assert x < 25 and 45 < y < 55


def test_long_captions_are_made_to_fit():
    tile = Tile.whole(np.zeros((50, 50, 3), np.uint8), 200)
    tile.caption('a very long text ' * 5 + '#')
    columns = np.flatnonzero((tile.pixels > 100).any(axis=(0, 2)))
    assert 160 < columns.max() < 197


def test_grid():
    tiles = [Tile.whole(np.full((9, 9, 3), 50 * i, np.uint8), 10) for i in range(3)]
    sheet = arrange_tiles(tiles, 2)
    assert sheet.shape == (20, 20, 3)
    assert [sheet[5, 5, 0], sheet[5, 15, 0], sheet[15, 5, 0], sheet[15, 15, 0]] == [
        0, 50, 100, 255]
    with pytest.raises(ValueError, match='tiles is empty'):
        arrange_tiles([], 2)
    with pytest.raises(ValueError, match='columns must be at least 1'):
        arrange_tiles(tiles, 0)


def test_saving(tmp_path):
    picture = np.full((4, 5, 3), 77, np.uint8)
    save_picture(tmp_path / 'new/a.png', picture)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'new/a.png')), picture)
    for name in ('a.txt', 'a'):
        with pytest.raises(ValueError, match='names no picture format'):
            save_picture(tmp_path / name, picture)


@pytest.mark.parametrize('size', [128, 192, 240, 560])
def test_dots_stay_apart_and_visible(size):
    radii = [dot_radius(size, number) for number in (5, 19, 68, 98)]
    assert radii == sorted(radii, reverse=True)
    assert radii[0] >= 2 and radii[-1] >= 1
    # Side by side on the tile, the points of a face cover a small part of it.
    assert all(number * (2 * radius / size)**2 < 0.1 for number, radius in
               zip((5, 19, 68, 98), radii, strict=True))


def test_captions_of_any_bytes(monkeypatch):
    """OpenCV ends the process at a text that is no UTF-8."""
    texts = []

    def write(image, text, *_):
        text.encode()
        texts.append(text)

    monkeypatch.setattr(cv2, 'putText', write)
    monkeypatch.setattr(cv2, 'getTextSize', lambda text, *_: (
        (len(text.encode()), 9), 2))
    tile = Tile.whole(np.zeros((9, 9, 3), np.uint8), 64)
    tile.caption(os.fsdecode(b'a\xff\n.png'))
    assert texts == [r'a\udcff\n.png']
