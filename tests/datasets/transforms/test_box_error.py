import numpy as np
import pytest

from mmwing.datasets.transforms import BoxError


def face(identity=0, width=100.0, height=50.0):
    return {'id': identity, 'bbox_center': np.array([[60, 40]], np.float32),
            'bbox_scale': np.array([[width, height]], np.float32)}


def test_no_error_leaves_the_box():
    result = BoxError().transform(face())
    for key, value in face().items():
        np.testing.assert_array_equal(result[key], value)


def test_a_face_gets_the_same_draw_whatever_came_before():
    transform = BoxError(0.1, 0.1, seed=3)
    first = transform.transform(face(7))
    transform.transform(face(8))
    np.random.seed(99)
    second = transform.transform(face(7))
    np.testing.assert_array_equal(first['bbox_center'], second['bbox_center'])
    other = BoxError(0.1, 0.1, seed=4).transform(face(7))
    assert not np.array_equal(first['bbox_center'], other['bbox_center'])


def test_a_larger_error_is_a_multiple_of_the_same_draw():
    def offset(shift):
        return BoxError(shift).transform(face(2))['bbox_center'] - [60, 40]

    np.testing.assert_allclose(offset(0.2), 2 * offset(0.1), rtol=1e-4)


def test_spread_is_what_was_asked_for():
    results = [BoxError(0.05, 0.1).transform(face(index)) for index in range(3000)]
    center = np.concatenate([result['bbox_center'] for result in results])
    np.testing.assert_allclose(center.std(0), [5, 2.5], rtol=0.05)
    np.testing.assert_allclose(center.mean(0), [60, 40], atol=0.3)
    size = np.concatenate([result['bbox_scale'] for result in results])
    assert np.log(size[:, 0] / 100).std() == pytest.approx(0.1, rel=0.05)
    np.testing.assert_allclose(size[:, 0] / size[:, 1], 2, rtol=1e-5)
    assert size.dtype == center.dtype == np.float32


@pytest.mark.parametrize('arguments', [{'shift': -1}, {'scale': np.nan}])
def test_bad_amount(arguments):
    with pytest.raises(ValueError, match='fraction of the box'):
        BoxError(**arguments)
