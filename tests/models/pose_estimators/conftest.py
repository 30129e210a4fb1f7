"""A network that finds painted dots, so that geometry can be checked to the pixel."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from torch import nn

from mmwing.models.heads import DirectRegressionHead

register_all_modules()

# Three dots, one a colour channel; left and right are the first two.
MEAN = np.array([[0.4, 0.42], [0.6, 0.42], [0.5, 0.6]], np.float32)
FLIP_INDICES = [1, 0, 2]
CANVAS = (200, 200)
IMAGE_CENTER, IMAGE_SCALE = np.array([90., 70.]), np.array([150., 150.])


@MODELS.register_module()
class DotBackbone(BaseBackbone):
    """Hands the image on."""

    def forward(self, x):
        """The image itself."""
        return (x, )


@MODELS.register_module()
class DotHead(DirectRegressionHead):
    """Finds the centre of mass of each channel; ``told`` overrules it."""

    told = None
    seen = None

    def forward(self, feats):
        """Coordinates normalised by the size of the crop."""
        x = feats if isinstance(feats, torch.Tensor) else feats[-1]
        self.seen = x
        if self.told is not None:
            return self.told.repeat(len(x), 1, 1).to(x)
        mirrored = x.shape[1] == 3 and _is_mirrored(x)
        height, width = x.shape[-2:]
        mass = x.sum((2, 3))
        xs = (x.sum(2) * torch.arange(width).to(x)).sum(-1) / mass / width
        ys = (x.sum(3) * torch.arange(height).to(x)).sum(-1) / mass / height
        coords = torch.stack([xs, ys], -1)
        # In a mirrored face the left dot has the right one's colour.
        coords = coords[:, FLIP_INDICES] if mirrored else coords
        # Tied to a parameter, so that there is something to train.
        return coords + 0 * self.fc.bias.sum()


def _is_mirrored(x):
    columns = torch.arange(x.shape[-1]).to(x)
    left, right = ((x[:, i].sum(1) * columns).sum() / x[:, i].sum() for i in (0, 1))
    return bool(left > right)


def _stage(size):
    return dict(
        backbone=dict(type='DotBackbone'),
        head=dict(type='DotHead', in_channels=3, num_joints=3, mean_shape='auto',
                  loss=dict(type='mmwing.WingLoss'),
                  decoder=dict(type='mmwing.DirectRegressionLabel', input_size=size)))


def _build(stage1=None, stage2=None, size1=(64, 64), size2=(128, 128), **kwargs):
    kwargs = {'input_size': CANVAS, 'mean_shape': MEAN, **kwargs}
    model = MODELS.build(dict(
        type='mmwing.CascadeEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        stage1=stage1 or _stage(size1), stage2=stage2 or _stage(size2), **kwargs))
    model.init_weights()
    return model.eval()


def _paint(points, sigma=4.):
    """(N, 3, H, W) with the dots of points (N, 3, 2)."""
    points = torch.as_tensor(points, dtype=torch.float32)
    ys, xs = torch.meshgrid(torch.arange(CANVAS[1]), torch.arange(CANVAS[0]),
                            indexing='ij')
    x, y = points[..., 0, None, None], points[..., 1, None, None]
    return torch.exp(-((xs - x)**2 + (ys - y)**2) / (2 * sigma**2))


def _faces(count=6, degrees=35., seed=0):
    """Dots in pixels of the canvas, (N, 3, 2): faces turned, shifted, deformed."""
    rng = np.random.default_rng(seed)
    faces = []
    for _ in range(count):
        angle = np.radians(rng.uniform(-degrees, degrees))
        turn = np.array([[np.cos(angle), -np.sin(angle)],
                         [np.sin(angle), np.cos(angle)]])
        shape = MEAN * CANVAS - 100 + rng.uniform(-4, 4, (3, 2))
        faces.append(shape @ turn.T * rng.uniform(0.8, 1.2) + 100
                     + rng.uniform(-8, 8, 2))
    return np.array(faces, np.float32)


def _samples(points, weights=None):
    """Data samples as PackPoseInputs makes them."""
    samples = []
    for index, point in enumerate(points):
        sample = PoseDataSample(metainfo=dict(
            input_size=CANVAS, input_center=IMAGE_CENTER, input_scale=IMAGE_SCALE,
            flip_indices=FLIP_INDICES, img_path=f'{index}.png'))
        weight = np.ones(3) if weights is None else weights[index]
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=torch.as_tensor(point / CANVAS)[None].float(),
            keypoint_weights=torch.as_tensor(weight)[None].float())
        sample.gt_instances = InstanceData(
            bboxes=np.zeros((1, 4), np.float32), bbox_scores=np.ones(1, np.float32),
            keypoints=_to_image(point)[None])
        samples.append(sample)
    return samples


def _to_image(points):
    """From pixels of the canvas to those of the image."""
    return points / CANVAS * IMAGE_SCALE + IMAGE_CENTER - IMAGE_SCALE / 2


class Dots:
    """What the tests need, by name."""

    mean, canvas, flip_indices = MEAN, CANVAS, FLIP_INDICES
    stage, build, paint = staticmethod(_stage), staticmethod(_build), staticmethod(
        _paint)
    faces, samples, to_image = staticmethod(_faces), staticmethod(_samples), (
        staticmethod(_to_image))
    module = nn.Module


@pytest.fixture
def dots():
    return Dots
