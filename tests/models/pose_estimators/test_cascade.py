"""The cascade with stages that find painted dots, and with real ones."""

import math

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from synchronisation import no_synchronisation

import mmwing
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.datasets.face.painter import face_landmarks
from mmwing.engine.hooks import MeanShapeHook
from mmwing.geometry import invert, similarity, transform_points
from mmwing.models.data_preprocessors.face_samples import labels_of
from mmwing.models.pose_estimators.stage import samples_of, set_labels
from mmwing.models.pose_estimators.stage_crops import StageCrops


def predictions(model, dots, faces, name='keypoints'):
    with torch.no_grad():
        results = model(dots.paint(faces), dots.samples(faces), mode='predict')
    return np.concatenate([r.pred_instances[name] for r in results])


# ------------------------------------------------------------------- geometry


@pytest.mark.parametrize('flip_test', [False, True])
@pytest.mark.parametrize('size1, size2', [((64, 64), (128, 128)), ((63, 71), (97, 80))])
def test_both_stages_find_the_dots_where_they_are(dots, flip_test, size1, size2):
    faces = dots.faces()
    model = dots.build(size1=size1, size2=size2, test_cfg=dict(flip_test=flip_test))
    expected = dots.to_image(faces)
    np.testing.assert_allclose(predictions(model, dots, faces), expected, atol=0.05)
    np.testing.assert_allclose(predictions(model, dots, faces, 'keypoints_stage1'),
                               expected, atol=0.05)
    assert not predictions(model, dots, faces, 'fallback').any()


def test_stage_1_sees_what_a_single_network_would(dots):
    """The central 1 / context of the canvas, centre on centre, as FaceAffine cuts."""
    faces = dots.faces(2)
    model = dots.build()
    predictions(model, dots, faces)
    seen = model.stage1.head.seen
    assert seen.shape == (2, 3, 64, 64)
    expected = (torch.from_numpy(faces) - 100) * (64 * 1.5 / 200) + 32
    model.stage1.head.told = None
    found = model.stage1.head(seen) * 64
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)


def test_stage_2_sees_an_upright_centred_face_of_the_mean_size(dots):
    faces = dots.faces()
    model = dots.build()
    predictions(model, dots, faces)
    seen = model.stage2.head.seen
    found = model.stage2.head(seen).detach().numpy() * 128
    middle = (found.max(1) + found.min(1)) / 2
    assert np.abs(middle - 64).max() < 12
    eyes = found[:, 1] - found[:, 0]
    assert np.abs(np.degrees(np.arctan2(eyes[:, 1], eyes[:, 0]))).max() < 12
    # In the first crop: 0.2 of the canvas, 200 * 0.2 / (200 / 1.5) of the crop.
    assert np.abs(np.linalg.norm(eyes, axis=1) / (0.3 * 128) - 1).max() < 0.2
    # Turned by less than the faces themselves are.
    before = faces[:, 1] - faces[:, 0]
    assert np.abs(np.degrees(np.arctan2(before[:, 1], before[:, 0]))).max() > 20


def test_stage_2_gets_detail_that_stage_1_has_not(dots):
    """Stripes too fine for 64 pixels reach the second stage."""
    faces = dots.faces(1, degrees=0)
    model = dots.build()
    model.stage1.head.told = torch.from_numpy(
        (faces - 100) * (64 * 1.5 / 200) + 32) / 64
    stripes = (torch.arange(200) % 3 == 0).float().expand(1, 3, 200, 200)
    model(stripes, dots.samples(faces), mode='predict')
    contrast = [model.stage1.head.seen[..., 16:48, 16:48].std(),
                model.stage2.head.seen[..., 32:96, 32:96].std()]
    assert contrast[1] > 1.5 * contrast[0]


def test_a_lie_of_stage_1_does_not_move_what_stage_2_finds(dots):
    """The way back undoes the very crop that was made."""
    faces = dots.faces(4, degrees=10)
    model = dots.build(zoom=0.7)  # so that the dots stay in the crop
    rng = torch.Generator().manual_seed(3)
    model.stage1.head.told = torch.tensor(dots.mean)[None] + 0.02 * torch.randn(
        1, 3, 2, generator=rng)
    np.testing.assert_allclose(predictions(model, dots, faces), dots.to_image(faces),
                               atol=0.05)


@pytest.mark.parametrize('zoom', [0.7, 1.3])
def test_zoom_resizes_the_second_crop_alone(dots, zoom):
    faces = dots.faces()
    plain, zoomed = dots.build(), dots.build(zoom=zoom)
    np.testing.assert_allclose(predictions(zoomed, dots, faces), dots.to_image(faces),
                               atol=0.05)
    predictions(plain, dots, faces)
    width = [(m.stage2.head(m.stage2.head.seen)[:, :2, 0] @ torch.tensor([-1., 1.]))
             for m in (plain, zoomed)]
    torch.testing.assert_close(width[1] / width[0], torch.full((6, ), zoom), rtol=0,
                               atol=0.02)


def test_the_result_of_a_face_does_not_depend_on_the_batch(dots):
    faces = dots.faces()
    model = dots.build()
    together = predictions(model, dots, faces)
    alone = np.concatenate([predictions(model, dots, face[None]) for face in faces])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_tensor_mode_is_predict_without_decoding_and_differentiable(dots):
    faces = dots.faces()
    model = dots.build()
    images = dots.paint(faces).requires_grad_()
    coords = model(images, None, mode='tensor')
    np.testing.assert_allclose(
        dots.to_image(coords.detach().numpy() * dots.canvas),
        predictions(model, dots, faces), atol=1e-3)
    coords.sum().backward()
    assert images.grad.isfinite().all() and images.grad.abs().sum() > 0


# -------------------------------------------------------------------- fallback


UNUSABLE = {
    'all points equal': torch.full((1, 3, 2), 0.5),
    'NaN': torch.tensor([[[0.4, 0.4], [float('nan'), 0.4], [0.5, 0.6]]]),
    'infinite': torch.tensor([[[0.4, 0.4], [float('inf'), 0.4], [0.5, 0.6]]]),
    'squares overflow': torch.tensor([[[0.4, 0.4], [1e30, 0.4], [0.5, 0.6]]]),
    'outside': torch.tensor([[[0.4, 2.4], [0.6, 2.4], [0.5, 2.6]]]),
    'tiny': 0.5 + 0.01 * torch.tensor([[[-1., -1], [1, -1], [0, 1]]]),
    'huge': 0.5 + 9. * torch.tensor([[[-1., -1], [1, -1], [0, 1]]]),
    'no face': torch.tensor([[[0.5, 0.3], [0.5, 0.7], [0.48, 0.5]]])[:, [1, 2, 0]],
}


@pytest.mark.parametrize('name', [n for n in UNUSABLE if n != 'no face'])
@pytest.mark.parametrize('flip_test', [False, True])
def test_what_is_unusable_falls_back_to_the_face_box(dots, name, flip_test):
    faces = dots.faces(3, degrees=10)
    model = dots.build(test_cfg=dict(flip_test=flip_test))
    model.stage1.head.told = UNUSABLE[name]
    np.testing.assert_allclose(predictions(model, dots, faces), dots.to_image(faces),
                               atol=0.05)
    assert predictions(model, dots, faces, 'fallback').all()
    # What stage 2 saw is the face box, upright, on its own pixels.
    expected = (torch.from_numpy(faces) - 100) * (128 * 1.5 / 200) + 64
    model(dots.paint(faces), None, mode='tensor')
    found = model.stage2.head(model.stage2.head.seen) * 128
    torch.testing.assert_close(found, expected, rtol=0, atol=0.05)


def test_one_fallback_leaves_the_other_faces_alone(dots):
    faces = dots.faces(3)
    model = dots.build()
    points = torch.from_numpy(faces)
    expected, usable = model.crops.align(points, model.mean_shape)
    assert usable.all()
    broken = points.clone()
    broken[1] = float('nan')
    matrix, usable = model.crops.align(broken, model.mean_shape)
    assert usable.tolist() == [True, False, True]
    torch.testing.assert_close(matrix[[0, 2]], expected[[0, 2]])
    torch.testing.assert_close(matrix[1], model.crops.box_to_crop2[0])


@pytest.mark.parametrize('name', sorted(UNUSABLE))
def test_the_crop_stays_finite_and_so_does_its_gradient(dots, name):
    model = dots.build()
    points = (UNUSABLE[name] * 200).requires_grad_()
    matrix, _ = model.crops.align(points, model.mean_shape)
    assert matrix.isfinite().all()
    matrix.sum().backward()
    assert points.grad.isfinite().all()


def test_points_that_are_no_face_are_unusable():
    """Where place and size are those of a face, and so only the shape tells."""
    mean = torch.from_numpy(face_landmarks(0, 0, 200)).float()
    middle = mean.mean(0)
    crops = StageCrops((200, 200), (64, 64), (128, 128), context=1.5, zoom=1.)
    for seed in range(1, 20):
        turn = 0.3 * seed
        matrix = similarity(*torch.tensor([[0.7 * math.cos(turn)],
                                           [0.7 * math.sin(turn)]]), middle, middle)
        face = transform_points(
            matrix, torch.from_numpy(face_landmarks(0, seed, 200)).float())
        mirrored = (face - middle) * torch.tensor([-1., 1]) + middle
        scattered = middle + 40 * torch.randn(
            1, 68, 2, generator=torch.Generator().manual_seed(seed))
        points = torch.cat([face, mirrored, scattered])
        _, usable = crops.align(points, mean / 200)
        assert usable.tolist() == [True, False, False]


def test_fallbacks_are_counted_in_training(dots):
    faces = dots.faces(4)
    model = dots.build().train()
    losses = model(dots.paint(faces), dots.samples(faces), mode='loss')
    assert losses['fallbacks'] == 0
    model.stage1.head.told = UNUSABLE['all points equal']
    losses = model(dots.paint(faces), dots.samples(faces), mode='loss')
    assert losses['fallbacks'] == 4
    total, logged = model.parse_losses(losses)
    torch.testing.assert_close(
        total, losses['stage1.loss_kpt'] + losses['stage2.loss_kpt'])
    assert logged['fallbacks'] == 4


# -------------------------------------------------------------------- training


def test_labels_are_in_the_pixels_of_each_stage(dots):
    """Stages that find the dots have no loss; one off by a pixel has that of one."""
    faces = dots.faces()
    model = dots.build().train()
    losses = model(dots.paint(faces), dots.samples(faces), mode='loss')
    for stage in ('stage1', 'stage2'):
        assert losses[f'{stage}.error_px'] < 0.05
        assert losses[f'{stage}.loss_kpt'] < 0.1
    head = model.stage2.head
    forward = head.forward
    head.forward = lambda feats: forward(feats) + torch.tensor([2 / 128, 0])
    losses = model(dots.paint(faces), dots.samples(faces), mode='loss')
    assert losses['stage2.error_px'].item() == pytest.approx(2, abs=0.05)
    # Wing's value at 2 pixels, over three landmarks; nothing along y.
    expected = 3 * 10 * np.log(2)
    assert losses['stage2.loss_kpt'].item() == pytest.approx(expected, rel=0.05)


def test_training_jitters_the_second_crop_within_its_limits(dots):
    torch.manual_seed(0)
    model = dots.build()
    still, _ = model.crops.align(torch.from_numpy(dots.faces(1)), model.mean_shape)
    moved = model.crops.jitter(still.expand(2000, 2, 3), 0.05, 10)
    # In pixels of the crop: what jitter adds to the crop without it.
    added = invert(torch.cat([still.expand(2000, 2, 3)]))
    centers = transform_points(moved, transform_points(
        added, torch.tensor([64., 64]).expand(2000, 1, 2)))[:, 0]
    turn = moved[:, :, :2] @ torch.linalg.inv(still[:, :, :2])
    angle = torch.rad2deg(torch.atan2(turn[:, 1, 0], turn[:, 0, 0]))
    size = 1 / turn[:, :, 0].norm(dim=-1)
    assert 9.8 < angle.abs().max() <= 10.001
    assert 0.08 < (size - 1).abs().max() <= 0.1001
    assert 5 < (centers - 64).abs().max() <= 128 * 0.05 * 1.2
    for value in (angle.mean() / 10, (size - 1).mean() / 0.05, (centers - 64).mean()):
        assert abs(value) < 0.1
    torch.testing.assert_close(model.crops.jitter(still, 0, 0), still)


def test_training_crops_with_the_jitter_of_the_model(dots):
    faces = dots.faces()
    seen = []
    for limits in (dict(rotation=0, jitter=0), dict(rotation=30, jitter=0.2)):
        model = dots.build(**limits)
        predictions(model, dots, faces)
        aligned = model.stage2.head.seen
        model.train()(dots.paint(faces), dots.samples(faces), mode='loss')
        seen.append((model.stage2.head.seen - aligned).abs().max())
    assert seen[0] == 0
    assert seen[1] > 0.1


def test_a_step_does_not_synchronise(dots):
    """Neither labels nor what stage 1 finds leave the device."""
    loss = dict(type='SmoothL1Loss', use_target_weight=True)
    torch.manual_seed(0)
    model = dots.build(small('cnn6', (64, 64), loss=loss),
                       small('cnn7', (128, 128), loss=loss)).train()
    faces = dots.faces()
    images, samples = dots.paint(faces), dots.samples(faces)
    with no_synchronisation():
        losses = model(images, samples, mode='loss')
        sum(v for k, v in losses.items() if 'loss' in k).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_landmarks_without_annotation_have_no_weight(dots):
    faces = dots.faces(2)
    weights = np.array([[1, 0, 1], [0, 0, 0]])
    faces[0, 1] = np.nan
    model = dots.build().train()
    samples = dots.samples(faces, weights)
    images = dots.paint(np.nan_to_num(faces, nan=120.))
    losses = model(images, samples, mode='loss')
    assert all(value.isfinite().all() for value in losses.values())
    stage = samples_of(model.stage2, samples)
    set_labels(model.stage2, stage, torch.from_numpy(faces), torch.as_tensor(weights))
    got = np.concatenate([s.gt_instance_labels.keypoint_weights for s in stage])
    np.testing.assert_array_equal(got, weights)


def small(arch, size, **head):
    return dict(
        backbone=dict(type='mmwing.WingCNN', arch=arch, widen_factor=0.05),
        head=dict(type='mmwing.DirectRegressionHead', in_channels=26, num_joints=3,
                  pool='avg', mean_shape='auto',
                  decoder=dict(type='mmwing.DirectRegressionLabel', input_size=size),
                  **head))


def small_cascade(dots, **kwargs):
    torch.manual_seed(0)
    return dots.build(small('cnn6', (64, 64)), small('cnn7', (128, 128)),
                      **kwargs).train()


def batch(dots, faces):
    return dict(inputs=list((dots.paint(faces) * 255).byte()),
                data_samples=dots.samples(faces))


def test_each_stage_learns_from_its_own_loss_alone(dots):
    model = small_cascade(dots)
    faces = dots.faces()
    losses = model(dots.paint(faces), dots.samples(faces), mode='loss')
    losses['stage2.loss_kpt'].backward()
    assert all(p.grad is None for p in model.stage1.parameters())
    assert all(p.grad.isfinite().all() for p in model.stage2.parameters())
    losses['stage1.loss_kpt'].backward()
    assert all(p.grad is not None for p in model.stage1.parameters())


def mapped(model, dots, faces):
    """What the matrices of the crops move: predictions, and labels of both stages."""
    found = [torch.from_numpy(predictions(model, dots, faces, name))
             for name in ('keypoints', 'keypoints_stage1')]
    found.append(model(dots.paint(faces), None, mode='tensor') * 200)
    for stage, size in ((model.stage1, 64), (model.stage2, 128)):
        stage.head.loss = lambda feats, samples, train_cfg, size=size: (
            found.append(torch.cat(labels_of(samples)[0]) * size) or {})
    model.train()(dots.paint(faces), dots.samples(faces), mode='loss')
    return found


def test_autocast_moves_neither_labels_nor_predictions(dots):
    """These stages themselves compute in float32."""
    found = []
    for autocast in (False, True):
        torch.manual_seed(0)
        model = dots.build(rotation=30, jitter=0.2)
        with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
            found.append(mapped(model, dots, dots.faces()))
    assert len(found[0]) == 5
    torch.testing.assert_close(*found, rtol=0, atol=1e-3)


@pytest.mark.parametrize('autocast', [False, True])
def test_a_step_of_training_and_one_of_testing(dots, autocast):
    model = small_cascade(dots, test_cfg=dict(flip_test=True))
    optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), 1e-3))
    faces = dots.faces()
    before = [p.clone() for p in model.parameters()]
    with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
        log = model.train_step(batch(dots, faces), optimizer)
    assert {'loss', 'stage1.loss_kpt', 'stage2.loss_kpt', 'stage2.error_px',
            'fallbacks'} <= set(log)
    assert all((a != b).any() for a, b in zip(before, model.parameters(), strict=True))
    model.eval()
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16, enabled=autocast):
        results = model.test_step(batch(dots, faces))
    assert all(isinstance(r, PoseDataSample) for r in results)
    assert results[0].pred_instances.keypoints.shape == (1, 3, 2)
    assert np.isfinite(results[0].pred_instances.keypoints).all()


def test_a_frozen_stage_1_stays_as_it_is(dots):
    model = small_cascade(dots, freeze_stage1=True)
    assert not model.stage1.training and model.stage2.training
    before = {k: v.clone() for k, v in model.stage1.state_dict().items()}
    trained = [p for p in model.parameters() if p.requires_grad]
    assert len(trained) == len(list(model.stage2.parameters()))
    log = model.train_step(batch(dots, dots.faces()),
                           OptimWrapper(torch.optim.SGD(trained, 0.1)))
    assert not any(key.startswith('stage1') for key in log)
    for key, value in model.stage1.state_dict().items():
        torch.testing.assert_close(value, before[key], rtol=0, atol=0)


def test_stage_1_starts_from_a_checkpoint_of_a_single_network(dots, tmp_path):
    single = small_cascade(dots).stage1
    torch.nn.init.normal_(single.head.fc.bias)
    single.head.mean_shape += 0.1
    torch.save(dict(state_dict=single.state_dict(), meta={}), tmp_path / 'cnn6.pth')
    stage1 = dict(small('cnn6', (64, 64)), init_cfg=dict(
        type='Pretrained', checkpoint=str(tmp_path / 'cnn6.pth')))
    model = dots.build(stage1, small('cnn7', (128, 128)), mean_shape='auto')
    for key, value in single.state_dict().items():
        torch.testing.assert_close(model.stage1.state_dict()[key], value)
    # The mean shape of the cascade leaves that of the checkpoint alone.
    model.set_mean_shape(dots.mean)
    torch.testing.assert_close(model.stage1.head.mean_shape, single.head.mean_shape)


def test_a_checkpoint_brings_everything_back(dots):
    model, other = small_cascade(dots), small_cascade(dots, mean_shape='auto')
    torch.nn.init.normal_(model.stage2.head.fc.bias, std=0.05)
    other.load_state_dict(model.state_dict())
    faces = dots.faces()
    for m in (model, other):
        m.eval()
    np.testing.assert_array_equal(predictions(model, dots, faces),
                                  predictions(other, dots, faces))


# ------------------------------------------------------------------ mean shape


def test_the_hook_serves_cascade_and_heads_each_in_its_crop(dots):
    faces = dots.faces(30)

    class Loader:
        dataset = [dict(data_samples=sample) for sample in dots.samples(faces)]

    class Runner:
        model = small_cascade(dots, mean_shape='auto')
        train_dataloader = Loader
        logger = __import__('logging').getLogger('test')

    assert Runner.model.needs_mean_shape
    MeanShapeHook().before_train(Runner)
    mean = faces.mean(0)
    model = Runner.model
    np.testing.assert_allclose(model.mean_shape.numpy() * 200, mean, atol=1e-3)
    np.testing.assert_allclose(model.stage1.head.mean_shape.numpy() * 64,
                               (mean - 100) * (64 * 1.5 / 200) + 32, atol=1e-3)
    second = model.stage2.head.mean_shape.numpy() * 128
    np.testing.assert_allclose((second.max(0) + second.min(0)) / 2, 64, atol=1e-3)
    np.testing.assert_allclose(np.ptp(second, 0), np.ptp(mean, 0) * 128 * 1.5 / 200,
                               atol=1e-3)


def test_without_a_mean_shape_it_says_what_to_do(dots):
    model = dots.build(mean_shape='auto')
    with pytest.raises(RuntimeError, match='MeanShapeHook'):
        predictions(model, dots, dots.faces(1))


# ----------------------------------------------------------- other networks


HRNET = dict(
    stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(1, ),
                num_channels=(4, )),
    stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(1, 1),
                num_channels=(4, 8)),
    stage3=dict(num_modules=1, num_branches=3, block='BASIC', num_blocks=(1, 1, 1),
                num_channels=(4, 8, 16)),
    stage4=dict(num_modules=1, num_branches=4, block='BASIC', num_blocks=(1, 1, 1, 1),
                num_channels=(4, 8, 16, 32)))
BACKBONES = {
    'ResNet': (dict(type='ResNet', depth=18, base_channels=4, stem_channels=4), 32),
    'HRNet': (dict(type='HRNet', extra=HRNET), 4),
    'MobileNetV2': (dict(type='MobileNetV2', widen_factor=0.1), 1280),
    'ShuffleNetV2': (dict(type='ShuffleNetV2', widen_factor=0.5), 1024),
}


@pytest.mark.parametrize('name', sorted(BACKBONES))
@pytest.mark.parametrize('head', ['RegressionHead', 'mmwing.DirectRegressionHead'])
def test_backbones_and_heads_of_mmpose_in_both_stages(dots, name, head):
    backbone, channels = BACKBONES[name]

    def stage(size):
        return dict(
            backbone=backbone, neck=dict(type='GlobalAveragePooling'),
            head=dict(type=head, in_channels=channels, num_joints=3,
                      loss=dict(type='mmwing.WingLoss', input_size=size),
                      decoder=dict(type='mmwing.DirectRegressionLabel',
                                   input_size=size)))

    model = dots.build(stage((64, 64)), stage((128, 128)),
                       test_cfg=dict(flip_test=True, shift_coords=True)).train()
    faces = dots.faces(3)
    log = model.train_step(batch(dots, faces),
                           OptimWrapper(torch.optim.SGD(model.parameters(), 1e-4)))
    assert log['stage1.loss_kpt'].isfinite() and log['stage2.loss_kpt'].isfinite()
    model.eval()
    assert np.isfinite(predictions(model, dots, faces)).all()
    assert model(dots.paint(faces), None, mode='tensor').shape == (3, 3, 2)


def test_a_heat_map_head_as_second_stage(dots):
    codec = dict(type='MSRAHeatmap', input_size=(128, 128), heatmap_size=(32, 32),
                 sigma=2)
    stage2 = dict(
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem_channels=4),
        head=dict(type='HeatmapHead', in_channels=32, out_channels=3,
                  deconv_out_channels=(8, 8, 8), deconv_kernel_sizes=(4, 4, 4),
                  loss=dict(type='KeypointMSELoss', use_target_weight=True),
                  decoder=codec))
    model = dots.build(dots.stage((64, 64)), stage2,
                       test_cfg=dict(flip_test=True, flip_mode='heatmap',
                                     shift_heatmap=True))
    faces = dots.faces()
    assert predictions(model, dots, faces).shape == (6, 3, 2)
    losses = model.train()(dots.paint(faces), dots.samples(faces), mode='loss')
    losses['stage2.loss_kpt'].backward()
    assert losses['stage2.loss_kpt'] > 0
    with pytest.raises(TypeError, match='HeatmapHead'):
        model.eval()(dots.paint(faces), None, mode='tensor')


def test_num_stages_1_returns_stage_1(dots):
    faces = dots.faces(2)
    both, first = dots.build(), dots.build(test_cfg=dict(num_stages=1))
    for model in (both, first):
        model.stage1.head.told = torch.tensor(dots.mean)[None]
    np.testing.assert_array_equal(
        predictions(first, dots, faces),
        predictions(both, dots, faces, 'keypoints_stage1'))


def test_output_keypoint_indices_choose_at_the_end(dots):
    faces = dots.faces(2)
    model = dots.build(test_cfg=dict(output_keypoint_indices=[2, 0]))
    np.testing.assert_allclose(predictions(model, dots, faces),
                               dots.to_image(faces)[:, [2, 0]], atol=0.05)


# -------------------------------------------------------------------- inference


@pytest.fixture(scope='module')
def shipped(tmp_path_factory):
    """The shipped config, made small, and a checkpoint of it without training."""
    cfg = Config.fromfile(mmwing.config_path(
        'td-reg_cnn6-7-cascade_wing_1xb64-24e_synthetic-128x128'))
    for stage in (cfg.model.stage1, cfg.model.stage2):
        stage.backbone.widen_factor = 0.05
        stage.head.update(in_channels=104, hidden_channels=8)
    cfg.model.test_cfg.flip_test = False  # no face is its own mirror image
    folder = tmp_path_factory.mktemp('shipped')
    cfg.dump(str(folder / 'cascade.py'))
    model = MODELS.build(cfg.model)
    dataset = SyntheticFaceDataset(num_samples=1)
    face = dataset.get_data_info(0)
    low, high = face['bbox'][0, :2], face['bbox'][0, 2:]
    # The mean shape is the face itself in the canvas that will be cut.
    side = 1.25 * 1.5 * (high - low).max()
    model.set_mean_shape((face['keypoints'][0] - (low + high) / 2) / side + 0.5)
    for stage in (model.stage1, model.stage2):
        torch.nn.init.zeros_(stage.head.fc.weight)
        torch.nn.init.zeros_(stage.head.fc.bias)
    torch.save(dict(state_dict=model.state_dict(), meta=dict(
        dataset_meta=dataset.metainfo)), folder / 'cascade.pth')
    return folder, face


def test_mmposes_inference_takes_it_like_any_estimator(shipped):
    folder, face = shipped
    model = init_model(str(folder / 'cascade.py'), str(folder / 'cascade.pth'), 'cpu')
    result, = inference_topdown(model, face['img'], face['bbox'])
    np.testing.assert_allclose(result.pred_instances.keypoints, face['keypoints'],
                               atol=0.05)
    assert not result.pred_instances.fallback.any()


def test_mmposes_inferencer_takes_it_like_any_estimator(shipped):
    folder, face = shipped
    inferencer = MMPoseInferencer(
        pose2d=str(folder / 'cascade.py'), pose2d_weights=str(folder / 'cascade.pth'),
        device='cpu', det_model='whole_image')
    result = next(inferencer(face['img']))
    found = np.array(result['predictions'][0][0]['keypoints'])
    assert found.shape == (68, 2) and np.isfinite(found).all()


# -------------------------------------------------------------------- bad input


@pytest.mark.parametrize('kwargs, message', [
    (dict(input_size=(0, 5)), 'input_size must be'),
    (dict(context=0.5), 'context must lie'),
    (dict(zoom=0), 'zoom must lie'),
    (dict(backbone=dict(type='ResNet')), 'backbone must be empty'),
    (dict(rotation=-1), 'rotation must lie'),
    (dict(jitter=0.5), 'jitter must lie'),
    (dict(mean_shape=np.full((3, 2), 0.5)), 'all points in one place'),
    (dict(mean_shape=np.zeros((4, 2))), 'mean_shape must have the shape'),
    (dict(test_cfg=dict(num_stages=3)), 'num_stages must be 1 or 2'),
    (dict(stage1=dict(head={})), 'stage1 must have backbone and head'),
])
def test_bad_arguments(dots, kwargs, message):
    with pytest.raises(ValueError, match=message):
        dots.build(**kwargs)


def test_a_flag_is_no_text(dots):
    with pytest.raises(TypeError, match="freeze_stage1 must be True or False.*'no'"):
        dots.build(freeze_stage1='no')


def test_stages_of_other_landmarks_are_refused(dots):
    stage = dots.stage((64, 64))
    stage['head']['num_joints'] = 5
    with pytest.raises(ValueError, match='same landmarks.*stage1 has 5'):
        dots.build(stage1=stage)


def test_a_head_without_codec_is_refused(dots):
    stage = dots.stage((64, 64))
    stage['head'].pop('decoder')
    with pytest.raises(ValueError, match='head of stage2 needs a decoder'):
        dots.build(stage2=stage)


def test_a_canvas_of_another_size_is_refused(dots):
    with pytest.raises(ValueError, match='200x200.*got 64x48'):
        dots.build()(torch.zeros(1, 3, 48, 64), None, mode='tensor')
