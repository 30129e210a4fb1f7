"""One edit on top of MMPose's configs: units, weights, refusals."""

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmwing.config import give_losses_their_units, load_config, swap_loss
from mmwing.models.losses import WingLoss

FACE = 'mmpose::face_2d_keypoint/'
BODY = 'mmpose::body_2d_keypoint/'
REGRESSION = f'{FACE}topdown_regression/wflw/td-reg_res50_8xb64-210e_wflw-256x256.py'
HEATMAP = f'{FACE}topdown_heatmap/300w/td-hm_hrnetv2-w18_8xb64-60e_300w-256x256.py'
DSNT = f'{BODY}integral_regression/coco/ipr_res50_dsnt-8xb64-210e_coco-256x256.py'
INTEGRAL = f'{BODY}integral_regression/coco/ipr_res50_8xb64-210e_coco-256x256.py'
RLE = f'{BODY}topdown_regression/coco/td-reg_res50_rle-8xb64-210e_coco-256x192.py'
SIMCC = f'{FACE}rtmpose/wflw/rtmpose-m_8xb64-60e_wflw-256x256.py'


def edited(config: str, key: str = 'model.head.loss.type',
           loss: str = 'WingLoss') -> Config:
    """A config with one edit, as ``--cfg-options`` makes it."""
    return load_config(config, {key: f'mmwing.{loss}'})


def test_a_regression_head_counts_in_pixels_of_the_codec():
    cfg = edited(REGRESSION)
    assert give_losses_their_units(cfg) == ['model.head.loss']
    assert tuple(cfg.model.head.loss.input_size) == (256, 256)


def test_an_oblong_input_is_width_and_height():
    cfg = edited(f'{BODY}topdown_regression/coco/td-reg_res50_8xb64-210e_'
                 'coco-256x192.py')
    give_losses_their_units(cfg)
    assert tuple(cfg.model.head.loss.input_size) == (192, 256)


def test_an_input_size_that_is_given_stays():
    cfg = load_config(REGRESSION, {'model.head.loss.type': 'mmwing.WingLoss',
                                   'model.head.loss.input_size': (64, 64)})
    assert give_losses_their_units(cfg) == []
    assert tuple(cfg.model.head.loss.input_size) == (64, 64)


@pytest.mark.parametrize('config', [DSNT, INTEGRAL])
def test_the_coordinates_of_a_pair_keep_their_weight(config):
    cfg = edited(config, 'model.head.loss.losses.0.type')
    assert give_losses_their_units(cfg) == ['model.head.loss.losses.0']
    loss = cfg.model.head.loss.losses[0]
    assert tuple(loss.input_size) == (256, 256)
    assert (loss.reduction, loss.loss_weight) == ('mean', 1 / 256)


@pytest.mark.parametrize(('config', 'key'), [
    (REGRESSION, 'model.head.loss.type'), (DSNT, 'model.head.loss.losses.0.type'),
    (INTEGRAL, 'model.head.loss.losses.0.type')])
def test_one_edit_is_what_the_tool_writes(config, key):
    cfg = edited(config, key)
    give_losses_their_units(cfg)
    swap = swap_loss(load_config(config), 'WingLoss')
    assert cfg.model.to_dict() == swap.cfg.model.to_dict()
    assert cfg.custom_imports == swap.cfg.custom_imports


def samples_of(labels: torch.Tensor, maps: torch.Tensor) -> list[PoseDataSample]:
    return [PoseDataSample(
        gt_fields=PixelData(heatmaps=heatmaps),
        gt_instance_labels=InstanceData(
            keypoint_labels=points[None], keypoint_weights=torch.ones(1, len(points))))
        for points, heatmaps in zip(labels, maps, strict=True)]


@pytest.mark.parametrize(('head_type', 'key'), [
    ('DSNTHead', 'model.head.loss.losses.0.type'),
    ('IntegralRegressionHead', 'model.head.loss.type')])
def test_the_coordinates_of_integral_heads_are_compared_in_pixels(head_type, key):
    single = dict(_delete_=True, type='L1Loss', use_target_weight=True)
    cfg = load_config(DSNT, {'model.head.type': head_type} | (
        {} if head_type == 'DSNTHead' else {'model.head.loss': single}))
    cfg.merge_from_dict({key: 'mmwing.WingLoss'})
    give_losses_their_units(cfg)
    torch.manual_seed(0)
    head = MODELS.build({**cfg.model.head, 'in_channels': 8,
                         'deconv_out_channels': None, 'deconv_kernel_sizes': None})
    feats = (torch.rand(2, 8, 8, 8), )
    labels, maps = torch.rand(2, 17, 2), torch.rand(2, 17, 8, 8)
    value = head.loss(feats, samples_of(labels, maps))['loss_kpt']
    value.backward()
    assert head.final_layer.weight.grad.abs().sum() > 0

    coordinates, heatmaps = head.forward(feats)
    wing = WingLoss()((coordinates - labels) * 256, torch.zeros_like(labels))
    if head_type == 'DSNTHead':  # the mean, divided by the width, beside the other
        expected = wing / (17 * 2) / 256 + head.loss_module.loss_modules[1](
            heatmaps, maps, torch.ones(2, 17, 1))
    else:
        expected = wing
    torch.testing.assert_close(value, expected)


def test_a_landmark_without_annotation_beside_mmposes_js_loss():
    """MMPose's own gradient is NaN there; the note says what does instead."""
    swap = swap_loss(load_config(DSNT), 'WingLoss')
    option = 'model.head.loss.losses.1.use_target_weight=False'
    assert any(option in note for note in swap.notes)
    labels, maps = torch.rand(1, 17, 2), torch.rand(1, 17, 8, 8).softmax(-1)
    maps[:, 0] = 0  # as the codec leaves it
    samples = samples_of(labels, maps)
    samples[0].gt_instance_labels.keypoint_weights[:, 0] = 0
    finite = []
    for uses_weight in (True, False):
        swap.cfg.model.head.loss.losses[1].use_target_weight = uses_weight
        head = MODELS.build({**swap.cfg.model.head, 'in_channels': 8,
                             'deconv_out_channels': None, 'deconv_kernel_sizes': None})
        head.loss((torch.rand(1, 8, 8, 8), ), samples)['loss_kpt'].backward()
        finite.append(bool(head.final_layer.weight.grad.isfinite().all()))
    assert finite == [False, True]


@pytest.mark.parametrize(('config', 'key', 'loss', 'error', 'message'), [
    (RLE, 'model.head.loss.type', 'WingLoss', ValueError, 'sigma'),
    # Not the arguments that KLDiscretLoss leaves over: no loss would fit.
    (SIMCC, 'model.head.loss.type', 'WingLoss', ValueError, 'keep its KLDiscretLoss'),
    (HEATMAP, 'model.head.loss.type', 'WingLoss', ValueError, 'use AdaptiveWingLoss'),
    (REGRESSION, 'model.head.loss.type', 'AdaptiveWingLoss', ValueError,
     'use WingLoss'),
    (DSNT, 'model.head.loss.type', 'WingLoss', ValueError, r'losses\.0\.type'),
    (DSNT, 'model.head.loss.losses.1.type', 'WingLoss', ValueError,
     r'losses\.0\.type'),
    (REGRESSION, 'model.head.loss.type', 'WingLos', ValueError, 'nearest: WingLoss'),
])
def test_refusals_say_what_to_do(config, key, loss, error, message):
    with pytest.raises(error, match=message):
        give_losses_their_units(edited(config, key, loss))


def test_an_argument_left_over_from_another_loss_is_refused():
    cfg = load_config(REGRESSION, {'model.head.loss.omega': 10.})
    cfg.merge_from_dict({'model.head.loss.type': 'mmwing.L1Loss'})
    with pytest.raises(TypeError, match='no argument omega.*_delete_=True'):
        give_losses_their_units(cfg)


def test_landmarks_of_head_and_data_differ():
    cfg = load_config(REGRESSION, {'model.head.loss.type': 'mmwing.WingLoss',
                                   'model.head.num_joints': 68})
    with pytest.raises(ValueError, match='has 68 landmarks, but the train .* has 98'):
        give_losses_their_units(cfg)


def test_landmarks_of_head_and_own_points_differ(tmp_path):
    (tmp_path / 'points.yaml').write_text('num_points: 5\nflip_pairs: []\n')
    cfg = load_config('td-reg_cnn6_wing_1xb16-20e_own-points-64x64', {
        'train_dataloader.dataset.data_root': str(tmp_path)})
    with pytest.raises(ValueError, match='has 7 landmarks, but the train .* has 5'):
        give_losses_their_units(cfg)


def test_a_config_without_losses_of_ours_is_left_alone():
    cfg = load_config(REGRESSION)
    before = cfg.to_dict()
    assert give_losses_their_units(cfg) == []
    assert cfg.to_dict() == before
