"""One edit on top of MMPose's configs: units, weights, refusals."""

import copy
import pickle

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch.nn import Module, Sequential

from mmwing.config import check_losses, load_config, swap_loss
from mmwing.config.imports import add_import
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


def test_what_a_run_saves_imports_mmwing():
    cfg = edited(REGRESSION)
    assert check_losses(cfg) == ['model.head.loss']
    add_import(cfg)
    assert cfg.custom_imports['imports'] == ['mmwing']
    assert 'input_size' not in cfg.model.head.loss  # the codec has it


@pytest.mark.parametrize(('config', 'key'), [
    (REGRESSION, 'model.head.loss.type'), (DSNT, 'model.head.loss.losses.0.type'),
    (INTEGRAL, 'model.head.loss.losses.0.type')])
def test_one_edit_is_what_the_tool_writes(config, key):
    cfg = edited(config, key)
    add_import(cfg)
    swap = swap_loss(load_config(config), 'WingLoss')
    assert cfg.model.to_dict() == swap.cfg.model.to_dict()
    assert cfg.custom_imports == swap.cfg.custom_imports


def small_head(cfg: Config) -> Module:
    """The head of a config on few channels, built and part of a model."""
    head = {**cfg.model.head, 'in_channels': 8}
    if 'Integral' in head['type'] or 'DSNT' in head['type']:
        head.update(deconv_out_channels=None, deconv_kernel_sizes=None)
    return Sequential(MODELS.build(head))[0]


@pytest.mark.parametrize(('config', 'size'), [
    (REGRESSION, (256, 256)),
    (f'{BODY}topdown_regression/coco/td-reg_res50_8xb64-210e_coco-256x192.py',
     (192, 256))])
def test_a_regression_head_counts_in_pixels_of_the_codec(config, size):
    assert small_head(edited(config)).loss_module.input_size == size


def test_a_head_behind_another_one_does_too():
    head = dict(type='VisPredictHead', pose_cfg=edited(REGRESSION).model.head)
    assert MODELS.build(head).pose_head.loss_module.input_size == (256, 256)


def test_an_input_size_that_is_given_stays_and_is_pointed_out():
    cfg = load_config(REGRESSION, {'model.head.loss.type': 'mmwing.WingLoss',
                                   'model.head.loss.input_size': (64, 64)})
    with pytest.warns(UserWarning, match='64 x 64.*RegressionHead has.*256 x 256'):
        assert small_head(cfg).loss_module.input_size == (64, 64)


def test_a_copy_and_a_saved_head_keep_the_unit():
    head = small_head(edited(REGRESSION))
    assert copy.deepcopy(head).loss_module.input_size == (256, 256)
    assert pickle.loads(pickle.dumps(head)).loss_module.input_size == (256, 256)


def test_a_head_without_a_codec_tells_nothing():
    cfg = edited(REGRESSION)
    cfg.model.head.pop('decoder')
    assert small_head(cfg).loss_module.input_size is None
    with pytest.raises(ValueError, match='give the head decoder=codec'):
        check_losses(cfg)
    with pytest.raises(ValueError, match='give the head decoder=codec'):
        swap_loss(cfg, 'L1Loss')


def test_a_loss_with_values_of_heat_maps_keeps_its_unit():
    """In pixels of the input it would refuse heat maps."""
    cfg = load_config(HEATMAP)
    cfg.model.head.loss = dict(type='mmwing.WingLoss', omega=0.5, epsilon=1)
    assert small_head(cfg).loss_module.input_size is None


@pytest.mark.parametrize('config', [DSNT, INTEGRAL])
def test_the_coordinates_of_a_pair_keep_their_weight(config):
    cfg = edited(config, 'model.head.loss.losses.0.type')
    assert check_losses(cfg) == ['model.head.loss.losses.0']
    loss = small_head(cfg).loss_module.loss_modules[0]
    assert loss.input_size == (256, 256)
    assert (loss.reduction, loss.loss_weight) == ('mean', 1 / 256)


def test_the_heat_maps_of_a_pair_keep_theirs():
    cfg = edited(DSNT, 'model.head.loss.losses.0.type')
    cfg.model.head.loss.losses[1] = dict(type='mmwing.HeatmapWingLoss')
    assert small_head(cfg).loss_module.loss_modules[1].input_size is None


@pytest.mark.parametrize('given', [
    dict(reduction='sum'), dict(loss_weight=3.0), dict(input_size=(256, 256))])
def test_a_weight_of_the_users_own_stays_in_a_pair(given):
    cfg = edited(DSNT, 'model.head.loss.losses.0.type')
    cfg.model.head.loss.losses[0].update(given)
    loss = small_head(cfg).loss_module.loss_modules[0]
    assert loss.input_size == (256, 256)
    expected = dict(reduction='batch_mean', loss_weight=1.0) | given
    assert (loss.reduction, loss.loss_weight) == (
        expected['reduction'], expected['loss_weight'])


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
    torch.manual_seed(0)
    head = small_head(cfg)
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
        head = small_head(swap.cfg)
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
        check_losses(edited(config, key, loss))


def test_an_argument_left_over_from_another_loss_is_refused():
    cfg = load_config(REGRESSION, {'model.head.loss.omega': 10.})
    cfg.merge_from_dict({'model.head.loss.type': 'mmwing.L1Loss'})
    with pytest.raises(TypeError, match='no argument omega.*_delete_=True'):
        check_losses(cfg)


def test_landmarks_of_head_and_data_differ():
    cfg = load_config(REGRESSION, {'model.head.loss.type': 'mmwing.WingLoss',
                                   'model.head.num_joints': 68})
    with pytest.raises(ValueError, match='has 68 landmarks, but the train .* has 98'):
        check_losses(cfg)


def test_landmarks_of_head_and_own_points_differ(tmp_path):
    (tmp_path / 'points.yaml').write_text('num_points: 5\nflip_pairs: []\n')
    cfg = load_config('td-reg_cnn6_wing_1xb16-20e_own-points-64x64', {
        'train_dataloader.dataset.data_root': str(tmp_path)})
    with pytest.raises(ValueError, match='has 7 landmarks, but the train .* has 5'):
        check_losses(cfg)


def test_a_config_without_losses_of_ours_is_left_alone():
    cfg = load_config(REGRESSION)
    before = cfg.to_dict()
    assert check_losses(cfg) == []
    assert cfg.to_dict() == before
