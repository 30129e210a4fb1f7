"""Crops put pixels where the matrix says, and skip none."""

import math

import numpy as np
import pytest
import torch

from mmwing.datasets.transforms import FaceAffine
from mmwing.geometry import similarity, transform_points
from mmwing.models.pose_estimators.crop import crop


def dot(width, height, x, y, sigma=4.):
    """A Gaussian dot (1, 1, h, w) about pixel (x, y), 0-based."""
    ys, xs = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    return torch.exp(-((xs - x)**2 + (ys - y)**2) / (2 * sigma**2))[None, None]


def center_of_mass(image):
    ys, xs = torch.meshgrid(*(torch.arange(s, dtype=image.dtype)
                              for s in image.shape[-2:]), indexing='ij')
    mass = image.sum()
    return torch.stack([(image * xs).sum() / mass, (image * ys).sum() / mass])


def matrix_of(scale, degrees, source, target):
    angle = math.radians(degrees)
    return similarity(*(torch.tensor([v], dtype=torch.float64) for v in (
        scale * math.cos(angle), scale * math.sin(angle), source, target)))


@pytest.mark.parametrize('samples', [1, 2, 3, 4])
@pytest.mark.parametrize('scale, degrees', [(1., 0), (0.4, 0), (0.5, 33), (1.7, -110)])
def test_a_painted_dot_lands_where_the_matrix_says(samples, scale, degrees):
    place = torch.tensor([[[90.3, 61.8]]], dtype=torch.float64)
    image = dot(201, 143, *place[0, 0].tolist()).double()
    matrix = matrix_of(scale, degrees, (88., 66.), (41.2, 37.9))
    out = crop(image, matrix, (83, 71), samples)
    assert out.shape == (1, 1, 71, 83)
    torch.testing.assert_close(center_of_mass(out),
                               transform_points(matrix, place)[0, 0],
                               rtol=0, atol=0.02)


def test_the_identity_changes_nothing():
    image = torch.rand(2, 3, 9, 13)
    same = torch.eye(2, 3).expand(2, 2, 3)
    torch.testing.assert_close(crop(image, same, (13, 9)), image)


def test_reducing_by_a_whole_number_averages_blocks():
    image = torch.rand(1, 3, 12, 18, dtype=torch.float64)
    # The centre of the block of 3x3 pixels at (1, 1) is the first output pixel.
    matrix = matrix_of(1 / 3, 0, (1., 1.), (0., 0.))
    torch.testing.assert_close(crop(image, matrix, (6, 4), samples=3),
                               torch.nn.functional.avg_pool2d(image, 3))


def test_reducing_skips_no_pixel():
    """A bright pixel leaves as much light behind wherever it lies."""
    matrix = matrix_of(0.375, 0, (24., 24.), (8.5, 8.5))
    light = {1: [], 3: []}
    for shift in range(8):
        image = torch.zeros(1, 1, 48, 48)
        image[0, 0, 20, 20 + shift] = 1
        for samples in light:
            light[samples].append(crop(image, matrix, (18, 18), samples).sum().item())
    assert np.ptp(light[1]) > 0.5 * np.mean(light[1])
    assert np.ptp(light[3]) < 0.15 * np.mean(light[3])


def test_it_cuts_what_the_pipeline_cuts():
    """FaceAffine on the image is the crop by FaceAffine's own matrix."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 255, (20, 25, 3)), np.ones((9, 9, 1)))
    results = dict(img=image.astype(np.uint8),
                   bbox_center=np.array([[101.3, 88.7]], np.float32),
                   bbox_scale=np.array([[120., 120.]], np.float32),
                   bbox_rotation=np.array([25.], np.float32))
    results = FaceAffine((40, 40)).transform(results)
    ours = crop(torch.from_numpy(image).permute(2, 0, 1)[None].double(),
                torch.from_numpy(results['warp_mat'])[None], (40, 40), 3)
    ours = ours[0].permute(1, 2, 0).numpy()
    assert np.abs(ours - results['img']).mean() < 1


def test_it_is_differentiable():
    image = torch.rand(1, 1, 7, 8, dtype=torch.float64, requires_grad=True)
    matrix = matrix_of(0.6, 20, (3.7, 3.3), (2., 2.)).requires_grad_()
    assert torch.autograd.gradcheck(lambda i, m: crop(i, m, (4, 4), 2),
                                    [image, matrix])


def test_half_precision_images_are_cut_in_single():
    image = dot(64, 64, 30, 30).half()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        out = crop(image, matrix_of(1., 0, (0., 0.), (1., 1.)).float(), (64, 64))
    assert out.dtype == torch.float32
