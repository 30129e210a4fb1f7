import pytest
import torch

from mmwing.models.losses import points_to_shape_vector, shape_vector_to_points


def test_all_x_before_all_y():
    points = torch.tensor([[[1, 10], [2, 20], [3, 30]]])
    vector = points_to_shape_vector(points)
    assert vector.tolist() == [[1, 2, 3, 10, 20, 30]]
    assert torch.equal(shape_vector_to_points(vector), points)


@pytest.mark.parametrize('shape', [(5, 2), (0, 5, 2), (4, 0, 2), (2, 3, 68, 2)],
                         ids=str)
def test_round_trip(shape):
    points = torch.rand(shape)
    vector = points_to_shape_vector(points)
    assert vector.shape == (*shape[:-2], 2 * shape[-2])
    assert torch.equal(shape_vector_to_points(vector), points)


def test_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r'points must have the shape.*\(4, 3\)'):
        points_to_shape_vector(torch.rand(4, 3))
    with pytest.raises(ValueError, match=r'vector must have the shape.*\(4, 3\)'):
        shape_vector_to_points(torch.rand(4, 3))
