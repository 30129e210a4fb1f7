"""LocalRefinementHead: what it reads where, and that corrections correct."""

import pytest
import torch
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules

from mmwing.models.heads import DirectRegressionHead, LocalRefinementHead
from tests.models.heads.test_direct_regression_head import CODEC, K, make_samples

register_all_modules()


def build(**kwargs):
    kwargs = {'in_channels': 8, 'num_joints': K, 'decoder': CODEC,
              'local_channels': (3, 4), **kwargs}
    torch.manual_seed(0)
    head = LocalRefinementHead(**kwargs)
    head.init_weights()
    return head


def make_maps(count=2):
    return (torch.rand(count, 3, 12, 16), torch.rand(count, 4, 6, 8),
            torch.rand(count, 8))


def randomize(head):
    """Weights of a head that has been trained: its corrections are not zero."""
    for step in head.steps:
        torch.nn.init.normal_(step.offset.weight, std=0.1)
    return head


def test_builds_from_mmpose_registry():
    head = MODELS.build({'type': 'mmwing.LocalRefinementHead', 'in_channels': 8,
                         'num_joints': K, 'decoder': CODEC, 'local_channels': [3]})
    assert len(head.steps) == 2


def test_starts_as_the_direct_head():
    head, direct = build(), DirectRegressionHead(8, K, decoder=CODEC)
    missing = head.load_state_dict(direct.state_dict(), strict=False).missing_keys
    assert all(key.startswith('steps.') for key in missing)
    feats = make_maps()
    steps = head.forward_steps(feats)
    assert len(steps) == 3
    for coords in steps:
        torch.testing.assert_close(coords, direct(feats))


def test_reads_where_the_landmarks_are():
    """A map that holds its own coordinates gives back those of each point."""
    stride = 4
    head = build(patch_size=3, decoder=None, input_size=(16 * stride, 12 * stride))
    # The centre of pixel j of the map, in pixels of the input.
    xs = torch.arange(16.) * stride + (stride - 1) / 2
    ys = torch.arange(12.) * stride + (stride - 1) / 2
    maps = torch.stack(torch.meshgrid(xs, ys, indexing='xy'))[None]
    points = torch.rand(1, K, 2) * 0.5 + 0.25
    size = torch.tensor([64., 48.])
    patches = head._read(maps, points).reshape(K, 2, 9).permute(0, 2, 1)
    steps = torch.tensor([[x, y] for y in (-1., 0, 1) for x in (-1., 0, 1)]) * stride
    torch.testing.assert_close(patches, (points[0] * size)[:, None] + steps)


def test_corrections_follow_the_landmarks():
    head = randomize(build())
    feats = make_maps()
    first, second, last = head.forward_steps(feats)
    assert (second - first).abs().min() > 0
    assert (last - second).abs().min() > 0
    torch.testing.assert_close(head(feats), last)
    # The second step starts from what the first has made, and looks there.
    seen = [head._read(m, second) for m in feats[:2]]
    torch.testing.assert_close(last, second + head.steps[1](seen))
    # The second step has looked at other places than the first would have it.
    head.steps[1].load_state_dict(head.steps[0].state_dict())
    again = head.forward_steps(feats)
    assert (again[2] - again[1] - (again[1] - again[0])).abs().max() > 1e-5


def test_loss_trains_every_layer():
    head = randomize(build(hidden_channels=6))
    feats = tuple(m.requires_grad_() for m in make_maps())
    losses = head.loss(feats, make_samples(torch.rand(2, K, 2)))
    terms = [losses[f'loss_kpt_{i}'] for i in range(3)]
    assert 'error_px' in losses
    sum(terms).backward()
    for name, parameter in head.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name
    assert all(m.grad.abs().sum() > 0 for m in feats)


def test_each_step_answers_for_itself():
    head = randomize(build())
    steps = head.forward_steps(make_maps())
    steps[2].sum().backward()
    assert head.fc.weight.grad is None
    assert head.steps[0].offset.weight.grad is None
    assert head.steps[1].offset.weight.grad.abs().sum() > 0


def test_learns_to_correct_what_it_sees():
    """The last map says nothing: only a look at the blob can find it."""
    torch.manual_seed(0)
    head = build(num_joints=1, local_channels=(2, ), patch_size=5, max_offset=0.1,
                 input_size=(64, 64), decoder=None)
    optimizer = torch.optim.Adam(head.parameters(), lr=3e-3)
    grid = (torch.arange(16.) + 0.5) / 16
    for _ in range(150):
        target = torch.rand(16, 1, 2) * 0.2 + 0.4
        difference = torch.stack(torch.meshgrid(grid, grid, indexing='xy'))
        difference = difference - target[:, 0, :, None, None]
        blob = (-difference.square().sum(1, keepdim=True) / 0.01).exp()
        feats = (torch.cat([blob, 1 - blob], 1), torch.ones(16, 8))
        losses = head.loss(feats, make_samples(target))
        optimizer.zero_grad()
        sum(v for k, v in losses.items() if 'loss' in k).backward()
        optimizer.step()
    errors = [(c - target).norm(dim=-1).mean().item()
              for c in head.forward_steps(feats)]
    assert errors[1] < 0.4 * errors[0]
    assert errors[2] < 0.4 * errors[0]


def test_autocast_keeps_coordinates_in_float32():
    head = randomize(build())
    feats = tuple(m.bfloat16() for m in make_maps())
    with torch.autocast('cpu', torch.bfloat16):
        coords = head(feats)
    assert coords.dtype == torch.float32
    expected = head(tuple(m.float() for m in feats))
    torch.testing.assert_close(coords, expected, atol=0.01, rtol=0)


@pytest.mark.parametrize(('kwargs', 'message'), [
    ({'local_channels': ()}, r'local_channels must name .*got \(\)'),
    ({'local_channels': (0, )}, 'local_channels must name'),
    ({'num_steps': 0}, 'num_steps must be at least 1, got 0'),
    ({'patch_size': 0}, 'patch_size must be at least 1, got 0'),
    ({'embed_dims': -1}, 'embed_dims must be at least 1, got -1'),
    ({'max_offset': 0}, 'max_offset must be positive, up to 1,000 sides, got 0'),
])
def test_bad_arguments(kwargs, message):
    with pytest.raises(ValueError, match=message):
        build(**kwargs)


def test_bad_maps():
    head = build()
    fine, coarse, last = make_maps()
    for feats, message in (((fine, last), 'but the backbone returns 2'),
                           (last, 'but the backbone returns 1'),
                           ((coarse, fine, last), r'have \(4, 3\) channels')):
        with pytest.raises(ValueError, match=message):
            head(feats)


def test_local_dropout_drops_in_training_alone():
    head = randomize(build(local_dropout=0.5))
    feats = make_maps()
    first, once, _ = head.forward_steps(feats)
    again, twice, _ = head.forward_steps(feats)
    torch.testing.assert_close(first, again)  # the first guess has its own dropout
    assert (once - twice).abs().max() > 0
    head.eval()
    torch.testing.assert_close(head(feats), head(feats))
    plain = build()
    plain.load_state_dict(head.state_dict())
    torch.testing.assert_close(head(feats), plain(feats))


@pytest.mark.parametrize('value', [-0.1, 1.0])
def test_refuses_a_dropout_that_is_no_probability(value):
    with pytest.raises(ValueError, match='local_dropout must lie in'):
        build(local_dropout=value)


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_diverged_training_gets_to_see_its_loss(value):
    """grid_sample's backward pass ended the process where a landmark was NaN."""
    maps = tuple(feats.requires_grad_() for feats in make_maps())
    maps[-1].data.fill_(value)
    coords = randomize(build())(maps)
    coords.sum().backward()
    assert not coords.isfinite().all()
    assert maps[0].grad.shape == maps[0].shape
