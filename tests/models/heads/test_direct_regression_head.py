"""DirectRegressionHead against MMPose's head and against geometry."""

import copy
import io

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.evaluation.functional import keypoint_pck_accuracy
from mmpose.models.heads import RegressionHead
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils import register_all_modules
from synchronisation import no_synchronisation
from torch import nn

from mmwing.models.heads import DirectRegressionHead
from mmwing.models.mean_shape import save_mean_shape

register_all_modules()

K = 5
SIZE = (61, 47)
CODEC = {'type': 'RegressionLabel', 'input_size': SIZE}


def make_samples(labels, weights=None, **metainfo):
    """One sample a row of labels (N, K, 2)."""
    if weights is None:
        weights = torch.ones(labels.shape[:2])
    samples = []
    for label, weight in zip(labels, weights, strict=True):
        sample = PoseDataSample(metainfo=metainfo)
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=label[None], keypoint_weights=weight[None])
        samples.append(sample)
    return samples


def build(**kwargs):
    kwargs = {'in_channels': 8, 'num_joints': K, 'decoder': CODEC, **kwargs}
    torch.manual_seed(0)
    head = DirectRegressionHead(**kwargs)
    head.init_weights()
    return head


def test_builds_from_mmpose_registry():
    head = MODELS.build({'type': 'mmwing.DirectRegressionHead', 'in_channels': 8,
                         'num_joints': K, 'decoder': CODEC})
    assert type(head.loss_module).__name__ == 'WingLoss'


# ------------------------------------------------------- MMPose's head at defaults


def test_defaults_are_mmposes_head():
    loss = {'type': 'SmoothL1Loss', 'use_target_weight': True}
    ours = build(loss=loss)
    torch.manual_seed(0)
    theirs = RegressionHead(8, K, loss=loss, decoder=CODEC)
    theirs.init_weights()
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[key], value, rtol=0, atol=0)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict(), strict=True)
    nn.init.normal_(theirs.fc.bias)
    ours.load_state_dict(theirs.state_dict(), strict=True)

    feats = (torch.rand(3, 8), )
    torch.testing.assert_close(ours(feats), theirs(feats), rtol=0, atol=0)
    weights = torch.tensor([[1., 0, 1, 1, 0]] * 2 + [[0, 0, 1., 1, 0]])
    samples = make_samples(torch.rand(3, K, 2), weights, input_size=SIZE,
                           flip_indices=[1, 0, 2, 4, 3])
    got, expected = ours.loss(feats, samples), theirs.loss(feats, samples)
    for key, value in expected.items():
        torch.testing.assert_close(got[key], value, check_dtype=False)
    for test_cfg, inputs in (({}, feats),
                             ({'flip_test': True}, [feats, (torch.rand(3, 8), )])):
        got = ours.predict(inputs, samples, test_cfg=test_cfg)
        expected = theirs.predict(inputs, samples, test_cfg=test_cfg)
        for g, e in zip(got, expected, strict=True):
            np.testing.assert_allclose(g.keypoints, e.keypoints, atol=1e-5)
            np.testing.assert_array_equal(g.keypoint_scores, e.keypoint_scores)


# --------------------------------------------------------------- pooling, hidden


@pytest.mark.parametrize('height, width', [(2, 2), (3, 5)])
def test_pooling(height, width):
    maps = torch.rand(2, 8, height, width)
    avg = build(pool='avg')
    torch.testing.assert_close(avg((maps, )), avg((maps.mean((2, 3)), )))
    flat = build(in_channels=8 * height * width)
    torch.testing.assert_close(flat((maps, )), flat((maps.reshape(2, -1), )))
    torch.testing.assert_close(avg((torch.rand(2, 9, 1, 1), maps)), avg(maps))


def test_hidden_layers_are_linear_relu_dropout():
    head = build(hidden_channels=(16, 12), dropout=0.5).eval()
    linears = [m for m in head.modules() if isinstance(m, nn.Linear)]
    assert sorted(m.out_features for m in linears) == [10, 12, 16]
    x = torch.randn(4, 8)
    h = (x @ head.hidden[0].weight.T + head.hidden[0].bias).clamp(min=0)
    h = (h @ head.hidden[3].weight.T + head.hidden[3].bias).clamp(min=0)
    expected = (h @ head.fc.weight.T + head.fc.bias).reshape(4, K, 2)
    torch.testing.assert_close(head((x, )), expected)
    head.train()
    assert not torch.allclose(head((x, )), head((x, )))


def test_hidden_layers_start_wide_and_the_output_small():
    head = build(in_channels=512, hidden_channels=256)
    assert head.hidden[0].weight.std().item() == pytest.approx((2 / 512)**.5, rel=.05)
    assert head.fc.weight.std().item() == pytest.approx(0.01, rel=0.1)


def test_a_sequence_of_channels_means_the_last_map():
    head = build(in_channels=[4, 8], pool='avg')
    assert head((torch.rand(2, 4, 8, 8), torch.rand(2, 8, 4, 4))).shape == (2, K, 2)


@pytest.mark.parametrize('num_joints', [1, 19, 68, 98])
def test_any_number_of_landmarks(num_joints):
    head = build(num_joints=num_joints)
    samples = make_samples(torch.rand(2, num_joints, 2), flip_indices=list(
        range(num_joints)), input_size=SIZE)
    feats = (torch.rand(2, 8), )
    assert head.loss(feats, samples)['loss_kpt'].isfinite()
    (pred, _) = head.predict([feats, feats], samples, {'flip_test': True})
    assert pred.keypoints.shape == (1, num_joints, 2)


# --------------------------------------------------------------------- mean shape


MEAN = np.random.default_rng(0).uniform(0, 1, (K, 2)).astype(np.float32)


@pytest.mark.parametrize('kind', ['array', 'list', 'json', 'npy'])
def test_output_is_biased_to_the_mean_shape(kind, tmp_path):
    if kind in ('json', 'npy'):
        value = tmp_path / f'mean.{kind}'
        save_mean_shape(MEAN, value)
        value = str(value)
    else:
        value = MEAN if kind == 'array' else MEAN.tolist()
    head = build(mean_shape=value)
    nn.init.zeros_(head.fc.weight)
    torch.testing.assert_close(
        head((torch.rand(2, 8), )), torch.from_numpy(MEAN).expand(2, -1, -1),
        atol=1e-5, rtol=0)
    assert 'mean_shape' in head.state_dict()


@pytest.mark.parametrize('of_checkpoint', [None, MEAN])
@pytest.mark.parametrize('of_head', [None, 1 - MEAN, 'auto'])
def test_checkpoints_keep_their_outputs(of_checkpoint, of_head):
    source = build(mean_shape=of_checkpoint)
    nn.init.normal_(source.fc.bias)
    before = copy.deepcopy(source.state_dict())
    target = build(mean_shape=of_head)
    target.load_state_dict(before, strict=True)
    feats = (torch.rand(3, 8), )
    torch.testing.assert_close(target(feats), source(feats))
    for key, value in source.state_dict().items():  # what was read is left alone
        torch.testing.assert_close(before[key], value, rtol=0, atol=0)


def test_a_checkpoint_of_other_landmarks_leaves_the_mean_shape_alone():
    target = build(mean_shape=MEAN)
    state = build(num_joints=K + 1).state_dict()
    with pytest.raises(RuntimeError, match='size mismatch'):
        target.load_state_dict(state, strict=False)
    torch.testing.assert_close(target.mean_shape, torch.from_numpy(MEAN))


def test_auto_waits_and_refuses_to_work_until_filled():
    head = build(mean_shape='auto')
    assert head.needs_mean_shape
    feats, samples = (torch.rand(2, 8), ), make_samples(torch.rand(2, K, 2))
    for call in (head.loss, head.predict):
        with pytest.raises(RuntimeError, match='MeanShapeHook'):
            call(feats, samples)
    head.set_mean_shape(MEAN)
    assert not head.needs_mean_shape
    assert head.loss(feats, samples)['loss_kpt'].isfinite()
    # A head that was filled by training is filled after loading, too.
    again = build(mean_shape='auto')
    again.load_state_dict(head.state_dict())
    assert not again.needs_mean_shape
    torch.testing.assert_close(again(feats), head(feats))


def test_set_mean_shape_needs_a_place():
    with pytest.raises(RuntimeError, match="mean_shape='auto'"):
        build().set_mean_shape(MEAN)


# -------------------------------------------------------------------- loss units


def test_loss_gets_the_input_size_and_is_in_pixels():
    head = build()
    assert tuple(head.loss_module.input_size) == SIZE
    nn.init.zeros_(head.fc.weight)
    labels = torch.full((2, K, 2), 30.) / torch.tensor(SIZE)
    loss = head.loss((torch.rand(2, 8), ), make_samples(labels))['loss_kpt']
    omega, epsilon = 10., 2.
    constant = omega - omega * np.log(1 + omega / epsilon)
    assert loss.item() == pytest.approx(2 * K * (30 - constant), rel=1e-4)


def test_an_explicit_input_size_serves_without_decoder():
    head = build(decoder=None, input_size=[61, 47])
    assert tuple(head.loss_module.input_size) == SIZE


def test_a_loss_with_an_input_size_keeps_it():
    loss = {'type': 'mmwing.WingLoss', 'input_size': (256, 256)}
    assert tuple(build(loss=loss).loss_module.input_size) == (256, 256)


def test_losses_inside_a_wrapper_get_the_input_size():
    head = build(loss={'type': 'MultipleLossWrapper', 'losses': [
        {'type': 'mmwing.WingLoss'}, {'type': 'SmoothL1Loss'}]})
    assert tuple(head.loss_module.loss_modules[0].input_size) == SIZE


def test_missing_input_size_is_said_when_it_is_needed():
    feats, samples = (torch.rand(2, 8), ), make_samples(torch.rand(2, K, 2))
    with pytest.raises(RuntimeError, match='WingLoss is in pixels.*decoder'):
        build(decoder=None).loss(feats, samples)
    stock = build(decoder=None, loss={'type': 'SmoothL1Loss'})
    assert set(stock.loss(feats, samples)) == {'loss_kpt', 'acc_pose'}


def test_another_number_of_landmarks_than_the_head():
    samples = make_samples(torch.rand(2, K, 2), img_path='a.jpg')
    samples += make_samples(torch.rand(1, 7, 2), img_path='b.jpg')
    with pytest.raises(ValueError, match='b.jpg .* 7 landmarks.* num_joints=5'):
        build().loss((torch.rand(3, 8), ), samples)


# -------------------------------------------------------------------- accuracies


def test_accuracies_against_numpy():
    head = build(mean_shape=MEAN)
    nn.init.normal_(head.fc.weight, std=0.05)
    feats = (torch.rand(6, 8), )
    rng = torch.Generator().manual_seed(1)
    labels = torch.from_numpy(MEAN) + 0.05 * torch.randn(6, K, 2, generator=rng)
    weights = (torch.rand(6, K, generator=rng) > 0.4).float()
    weights[:, 3] = 0  # a landmark that nobody has
    weights[2] = 0  # a face without any
    weights[4] = torch.tensor([1., 0, 0, 0, 0])  # a face whose box is a point
    labels[weights == 0] = torch.nan
    weights[5, 3] = 1  # a weight without a label
    got = head.loss(feats, make_samples(labels, weights))
    assert got['loss_kpt'].isfinite()

    pred = head(feats).detach().numpy()
    gt = labels.numpy()
    known = (weights.numpy() > 0) & np.isfinite(gt).all(-1)
    _, pck, _ = keypoint_pck_accuracy(pred, gt, known, 0.05, np.ones((6, 2)))
    assert 0 < pck < 1
    distance = np.linalg.norm((pred - gt) * SIZE, axis=-1)
    nmes = []
    for d, k, g in zip(distance, known, gt, strict=True):
        if k.sum() > 1:
            side = np.sqrt(np.prod((g[k].max(0) - g[k].min(0)) * SIZE))
            nmes.append(d[k].mean() / side)
    assert got['acc_pose'].item() == pytest.approx(pck, rel=1e-5)
    assert got['error_px'].item() == pytest.approx(distance[known].mean(), rel=1e-5)
    assert got['nme_landmark_box_sqrt_area'].item() == pytest.approx(
        np.mean(nmes), rel=1e-4)


def test_no_annotated_landmark_at_all():
    head = build()
    labels = torch.full((2, K, 2), torch.nan)
    losses = head.loss((torch.rand(2, 8), ), make_samples(labels, torch.zeros(2, K)))
    losses['loss_kpt'].backward()
    assert all(v.item() == 0 for v in losses.values())
    assert not head.fc.weight.grad.any()


def test_a_step_does_not_synchronise():
    # MMPose's loss: what a loss does is tested with the losses.
    loss = {'type': 'SmoothL1Loss', 'use_target_weight': True}
    for head in (build(mean_shape=MEAN, loss=loss),
                 build(hidden_channels=4, loss=loss)):
        feats = (torch.rand(2, 8), )
        samples = make_samples(torch.rand(2, K, 2))
        with no_synchronisation():
            losses = head.loss(feats, samples)
            losses['loss_kpt'].backward()
        assert set(losses) == {'loss_kpt', 'acc_pose', 'error_px',
                               'nme_landmark_box_sqrt_area'}
        assert not losses['error_px'].requires_grad


@pytest.mark.parametrize('step', ['loss', 'predict'])
def test_crops_of_another_size_are_refused(step):
    """Decoded as if they were of the head's size, all landmarks would be off."""
    head, feats = build(), (torch.rand(2, 8), )
    labels = torch.rand(2, K, 2)
    getattr(head, step)(feats, make_samples(labels, input_size=SIZE))
    with pytest.raises(ValueError, match=r'crops faces to \(64, 64\).*\(61, 47\)'):
        getattr(head, step)(feats, make_samples(labels, input_size=(64, 64)))


# --------------------------------------------------------------------- flip test


class BlobFinder(nn.Module):
    """An oracle: the brightest pixel of each channel, normalised."""

    def __init__(self, size):
        super().__init__()
        self.register_buffer('size', torch.tensor(size, dtype=torch.float32))

    def forward(self, images):
        width = images.shape[-1]
        index = images.flatten(2).argmax(-1)
        xy = torch.stack([index % width, index // width], -1).float()
        return ((xy / self.size).flatten(1), )


@pytest.mark.parametrize('size', [(64, 64), (61, 47), (47, 61), (128, 33), (33, 1)])
@pytest.mark.parametrize('pad', [0, 7])
@pytest.mark.parametrize('biased', [False, True])
def test_flip_test_is_exact(size, pad, biased):
    width, height = size
    codec = {'type': 'mmwing.DirectRegressionLabel', 'input_size': size}
    head = build(in_channels=2 * K, decoder=codec, mean_shape=MEAN if biased else None)
    nn.init.eye_(head.fc.weight)
    if biased:
        head.fc.bias.data = -torch.from_numpy(MEAN).flatten()
    oracle = BlobFinder(size)
    # Left and right: 0-1, 3-4; 2 is its own mirror image. The mirrored image of a
    # face shows landmark 1 where 0 was, hence the channels swap as the points do.
    swap = [1, 0, 2, 4, 3]
    generator = np.random.default_rng(3)
    true = np.stack([generator.integers(0, width, (4, K)),
                     generator.integers(0, height, (4, K))], -1)
    true[0, 0], true[0, 1] = (0, 0), (width - 1, height - 1)
    images = torch.zeros(4, K, height + pad, width + pad)
    for n in range(4):
        for k in range(K):
            images[n, k, true[n, k, 1], true[n, k, 0]] = 1
    metainfo = {'input_size': size, 'flip_indices': swap,
                'batch_input_shape': images.shape[-2:]}
    samples = make_samples(torch.zeros(4, K, 2), **metainfo)

    plain = head.predict(oracle(images), samples)
    both = [oracle(images), oracle(images.flip(-1)[:, swap])]
    for batch in (slice(None), slice(0, 1)):
        part = [(f[0][batch], ) for f in both]
        flipped = head.predict(part, samples[batch], {'flip_test': True})
        for n, prediction in enumerate(flipped):
            np.testing.assert_allclose(plain[n].keypoints[0], true[n], atol=1e-4)
            np.testing.assert_allclose(prediction.keypoints[0], true[n], atol=1e-4)


@pytest.mark.parametrize('metainfo, message', [
    ({}, "needs 'flip_indices'"),
    ({'flip_indices': None}, "needs 'flip_indices'"),
    ({'flip_indices': [1, 0]}, 'pairs 2 landmarks.*num_joints=5'),
])
def test_flip_test_says_what_is_missing(metainfo, message):
    feats = (torch.rand(1, 8), )
    samples = make_samples(torch.rand(1, K, 2), input_size=SIZE, **metainfo)
    with pytest.raises(ValueError, match=message):
        build().predict([feats, feats], samples, {'flip_test': True})


def test_flip_test_needs_both_features():
    samples = make_samples(torch.rand(1, K, 2), flip_indices=list(range(K)))
    with pytest.raises(ValueError, match='list of two'):
        build().predict((torch.rand(1, 8), ), samples, {'flip_test': True})


# --------------------------------------------------------------- AMP, tracing


@pytest.mark.parametrize('mean_shape', [None, MEAN])
def test_coordinates_keep_their_precision_under_autocast(mean_shape):
    head = build(hidden_channels=16, mean_shape=mean_shape)
    feats = (torch.rand(2, 8), )
    with torch.autocast('cpu', dtype=torch.bfloat16):
        coords = head(feats)
        losses = head.loss(feats, make_samples(torch.rand(2, K, 2)))
    assert coords.dtype == torch.float32
    assert losses['loss_kpt'].dtype == torch.float32
    losses['loss_kpt'].backward()
    assert head.fc.weight.grad.isfinite().all()


def test_half_precision_model():
    head = build(hidden_channels=16, mean_shape=MEAN).bfloat16().eval()
    assert head((torch.rand(2, 8).bfloat16(), )).dtype == torch.bfloat16


@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.parametrize('pool', ['avg', 'flatten'])
def test_traces_and_exports(pool):
    channels = 8 if pool == 'avg' else 32
    head = build(in_channels=channels, pool=pool, hidden_channels=16,
                 mean_shape=MEAN).eval()
    feats = (torch.rand(2, 8, 2, 2), )
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(head, (feats, )), buffer)
    buffer.seek(0)
    torch.testing.assert_close(torch.jit.load(buffer)(feats), head(feats))
    other = (torch.rand(3, 8, 2, 2), )
    batch = torch.export.Dim('batch')
    program = torch.export.export(head, (feats, ), dynamic_shapes=(({0: batch}, ), ))
    torch.testing.assert_close(program.module()(other), head(other))


# ----------------------------------------------------------------- bad arguments


@pytest.mark.parametrize('kwargs, message', [
    ({'pool': 'max'}, 'pool must be one of'),
    ({'dropout': 1.}, r'dropout must lie in \[0, 1\)'),
    ({'hidden_channels': 0}, 'must be positive'),
    ({'input_size': (64, 64)}, r'\(64, 64\) of the head contradicts.*\(61, 47\)'),
    ({'decoder': None, 'input_size': (64, 0)}, 'two positive numbers'),
    ({'mean_shape': MEAN[:3]}, r'\(5, 2\) for num_joints=5, got \(3, 2\)'),
    ({'mean_shape': MEAN * np.nan}, 'must be finite'),
    ({'mean_shape': MEAN * 64}, 'look like pixels'),
    ({'mean_shape': 'mean'}, "'auto', or a file that ends in .json or .npy"),
])
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_mean_shape_file_that_is_not_there():
    with pytest.raises(FileNotFoundError, match='no file nowhere.json'):
        build(mean_shape='nowhere.json')


@pytest.mark.parametrize('pool, shape, message', [
    ('flatten', (2, 8, 2, 2), "in_channels=8 with pool='avg', or in_channels=32"),
    ('avg', (2, 9, 2, 2), "in_channels=9 with pool='avg'"),
    ('avg', (2, 9), 'set in_channels=9'),
])
def test_features_of_another_width(pool, shape, message):
    with pytest.raises(ValueError, match=message):
        build(pool=pool)((torch.rand(*shape), ))
