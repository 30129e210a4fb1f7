"""BackgroundBox: beside the face, within the image, the same in each run."""

import numpy as np
import pytest

from mmwing.datasets.transforms import BackgroundBox


def make_results(identity=0, face=(100, 100, 200, 220), shape=(400, 300)):
    x1, y1, x2, y2 = face
    side = 1.25 * max(x2 - x1, y2 - y1)
    return {'id': identity, 'img': np.zeros((*shape, 3), np.uint8),
            'bbox': np.array([face], np.float32),
            'bbox_center': np.array([[(x1 + x2) / 2, (y1 + y2) / 2]], np.float32),
            'bbox_scale': np.array([[side, side]], np.float32)}


@pytest.mark.parametrize('ori_shape', [False, True])
def test_beside_the_face_and_within_the_image(ori_shape):
    places = []
    for identity in range(100):
        results = make_results(identity)
        if ori_shape:
            results['ori_shape'] = (400, 300)
            del results['img']
        results = BackgroundBox().transform(results)
        center, half = results['bbox_center'][0], results['bbox_scale'][0] / 1.25 / 2
        low, high = center - half, center + half
        assert (low >= -1e-3).all() and (high <= np.array([300, 400]) + 1e-3).all()
        assert ((high <= (100, 100)) | (low >= (200, 220))).any()
        assert 0.19 < 2 * half[0] / 120 < 1.01
        assert results['bbox_scale'].dtype == results['bbox_center'].dtype == np.float32
        places.append((*center, half[0]))
    assert np.ptp(places, axis=0).min() > 20
    again = BackgroundBox().transform(make_results(99))['bbox_center'][0]
    np.testing.assert_array_equal(again, places[-1][:2])
    other = BackgroundBox(seed=1).transform(make_results(99))['bbox_center'][0]
    assert (other != places[-1][:2]).all()


def test_a_face_that_fills_the_image_is_overlapped_least():
    results = BackgroundBox().transform(make_results(face=(10, 10, 290, 390)))
    center, half = results['bbox_center'][0], results['bbox_scale'][0, 0] / 1.25 / 2
    assert half < 60
    assert (np.minimum(center, [300, 400] - center) < half + 10).any()
