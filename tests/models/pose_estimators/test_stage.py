"""Labels of a cascade's stages: as tensors the same as through numpy."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS, MODELS

from mmwing.models.pose_estimators import stage as stages

SIZE = (61, 47)
CODECS = {
    'ours': dict(type='mmwing.DirectRegressionLabel', input_size=SIZE),
    'ours, inside alone': dict(type='mmwing.DirectRegressionLabel', input_size=SIZE,
                               supervise_outside=False),
    "MMPose's": dict(type='RegressionLabel', input_size=SIZE)}


def build(head, codec, **kwargs):
    channels = dict(num_joints=5) if 'Regression' in head or 'RLE' in head else dict(
        out_channels=5)
    return MODELS.build(dict(
        type='TopdownPoseEstimator', backbone=dict(type='DotBackbone'),
        head=dict(type=head, in_channels=12, decoder=codec, **channels, **kwargs)))


def landmarks(seed=0):
    """Points (8, 5, 2) in, on the border of and outside the crop, and weights."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-10, 70, (8, 5, 2)).astype(np.float32)
    points[0] = [[0, 0], [60, 46], [60.5, 46], [-1e-3, 3], [3, 46.5]]
    points[1, 0] = np.nan
    points[1, 1, 1] = np.inf
    weights = rng.choice([0, 0.25, 1], (8, 5)).astype(np.float32)
    weights[:2] = 1
    return torch.from_numpy(points), torch.from_numpy(weights)


@pytest.mark.parametrize('name', CODECS)
def test_coordinates_are_encoded_as_the_codec_does(dots, name):
    stage = build('RegressionHead', CODECS[name])
    points, weights = landmarks()
    samples = stages.samples_of(stage, dots.samples(np.zeros((8, 3, 2))))
    stages.set_labels(stage, samples, points, weights)
    codec = KEYPOINT_CODECS.build(CODECS[name])
    for sample, point, weight in zip(samples, points.numpy(), weights.numpy(),
                                     strict=True):
        expected = codec.encode(point[None], (weight > 0)[None].astype(np.float32))
        got = sample.gt_instance_labels
        np.testing.assert_array_equal(
            got.keypoint_weights, expected['keypoint_weights'] * weight)
        labels = np.where(np.isfinite(point).all(-1, keepdims=True),
                          expected['keypoint_labels'], 0)
        np.testing.assert_array_equal(got.keypoint_labels, labels)
        assert sample.metainfo['input_size'] == SIZE


def test_heat_maps_are_encoded_by_their_codec(dots):
    codec = dict(type='MSRAHeatmap', input_size=(64, 48), heatmap_size=(16, 12),
                 sigma=1)
    stage = build('HeatmapHead', codec)
    points, weights = landmarks()
    points = points[2:]
    samples = stages.samples_of(stage, dots.samples(np.zeros((6, 3, 2))))
    stages.set_labels(stage, samples, points, weights[2:])
    expected = KEYPOINT_CODECS.build(codec).encode(
        points[:1].numpy(), (weights[2:3] > 0).float().numpy())
    np.testing.assert_array_equal(samples[0].gt_fields.heatmaps, expected['heatmaps'])
    np.testing.assert_array_equal(samples[0].gt_instance_labels.keypoint_weights,
                                  expected['keypoint_weights'] * weights[2].numpy())
    assert not stages.regresses(stage.head)


@pytest.mark.parametrize('head', ['RegressionHead', 'mmwing.DirectRegressionHead',
                                  'RLEHead'])
@pytest.mark.parametrize('name', CODECS)
def test_landmarks_are_those_that_the_head_decodes(dots, name, head):
    stage = build(head, CODECS[name])
    torch.nn.init.normal_(stage.head.fc.weight)
    feats = (torch.rand(4, 12), )
    assert stages.regresses(stage.head)
    with torch.no_grad():
        found = stages.regress(stage, feats, torch.tensor(SIZE))
        samples = stages.samples_of(stage, dots.samples(np.zeros((4, 3, 2))))
        decoded = stages.keypoints_of(stages.decode(stage, feats, samples, {}), found)
    assert torch.equal(found, decoded)


def test_errors_to_be_expected_move_as_landmarks_do():
    """By its scale: a pixel of a crop is another length than one of the canvas."""
    points, errors = torch.rand(2, 5, 2), torch.rand(2, 5)
    instances = [InstanceData(keypoints=point[None].numpy(),
                              keypoint_errors=error[None].numpy())
                 for point, error in zip(points, errors, strict=True)]
    turned = torch.tensor([[[0., -2, 7], [2, 0, 3]], [[3, 0, 0], [0, 3, 0]]])
    moved = stages.move_keypoints(instances, points, turned)
    torch.testing.assert_close(moved[0, :, 0], 7 - 2 * points[0, :, 1])
    for index, scale in enumerate((2, 3)):
        np.testing.assert_array_equal(instances[index].keypoints[0], moved[index])
        np.testing.assert_allclose(instances[index].keypoint_errors[0],
                                   errors[index] * scale, rtol=1e-6)
    plain = [InstanceData(keypoints=point[None].numpy()) for point in points]
    stages.move_keypoints(plain, points, turned[1])  # one for all
    assert 'keypoint_errors' not in plain[0]
    np.testing.assert_allclose(plain[1].keypoints[0], 3 * points[1], rtol=1e-6)


@pytest.mark.parametrize('head, kwargs, expected', [
    ('RegressionHead', {}, False), ('RLEHead', {}, True),
    ('mmwing.DirectRegressionHead', {}, False),
    ('mmwing.DirectRegressionHead', {'confidence': {}}, True)])
def test_which_heads_have_scores(head, kwargs, expected):
    stage = build(head, CODECS['ours'], **kwargs)
    assert stages.last_head(stage) is stage.head
    assert stages.has_scores(stage.head) is expected
