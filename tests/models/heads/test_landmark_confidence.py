"""The confidence of heads: what it says, and that landmarks do not feel it."""

import copy
import io

import numpy as np
import pytest
import torch
from synchronisation import no_synchronisation
from torch import nn

from mmwing.models.heads import (
    DirectRegressionHead,
    LandmarkConfidence,
    LocalRefinementHead,
)
from mmwing.models.losses import ResidualLoss
from tests.models.heads.test_direct_regression_head import CODEC, SIZE, K, make_samples

HEADS = {
    'direct': (DirectRegressionHead, {'in_channels': 8, 'hidden_channels': 6,
                                      'dropout': 0.5}),
    'local': (LocalRefinementHead, {'in_channels': 8, 'hidden_channels': 6,
                                    'local_channels': (3, 4), 'embed_dims': 5,
                                    'local_dropout': 0.5}),
}


def build(kind, **kwargs):
    head, arguments = HEADS[kind]
    torch.manual_seed(0)
    built = head(num_joints=K, decoder=CODEC, **{**arguments, **kwargs})
    built.init_weights()
    return built


def make_maps(count=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, 12, 16, generator=generator),
            torch.rand(count, 4, 6, 8, generator=generator),
            torch.rand(count, 8, generator=generator))


def randomize(head):
    """A head whose confidence tells faces and landmarks apart."""
    for network in filter(None, (head.confidence.face, head.confidence.local)):
        nn.init.normal_(network.output.weight, std=0.3)
    return head


def train(head, steps=3):
    """A few steps of what a Runner does; returns the losses of each."""
    optimizer = torch.optim.AdamW([p for p in head.parameters() if p.requires_grad],
                                  lr=0.01)
    history = []
    torch.manual_seed(1)
    for seed in range(steps):
        losses = head.loss(make_maps(seed=seed), make_samples(torch.rand(4, K, 2)))
        optimizer.zero_grad()
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        optimizer.step()
        history.append(losses)
    return history


# ------------------------------------------------------------------ landmarks


@pytest.mark.parametrize('kind', HEADS)
def test_landmarks_are_those_of_a_training_without(kind):
    """Bit for bit, from the initial weights through dropout and steps."""
    plain, confident = build(kind), build(kind, confidence={})
    before, after = train(plain), train(confident)
    for first, second in zip(before, after, strict=True):
        assert set(second) - set(first) == {'loss_confidence'}
        assert all(torch.equal(first[name], second[name]) for name in first)
    plain.eval(), confident.eval()
    feats = make_maps(seed=9)
    coords, expected = confident.forward_with_errors(feats)
    assert torch.equal(plain(feats), coords)
    assert torch.equal(confident(feats), coords)
    assert expected.shape == (4, K)


@pytest.mark.parametrize('kind', HEADS)
def test_drawing_goes_on_as_without(kind):
    draws = []
    for confidence in (None, {}):
        build(kind, confidence=confidence)
        draws.append(torch.rand(4))
    assert torch.equal(*draws)


@pytest.mark.parametrize('kind', HEADS)
def test_nothing_else_learns_from_it(kind):
    head = randomize(build(kind, confidence={}))
    feats = tuple(each.requires_grad_() for each in make_maps())
    losses = head.loss(feats, make_samples(torch.rand(4, K, 2)))
    losses['loss_confidence'].backward()
    for name, parameter in head.named_parameters():
        learns = parameter.grad is not None and bool(parameter.grad.any())
        assert learns == name.startswith('confidence.'), name
    assert all(each.grad is None for each in feats)


@pytest.mark.parametrize('kind', HEADS)
def test_alone_trains_nothing_else(kind):
    head = build(kind, confidence={'alone': True})
    before = {name: value.clone() for name, value in head.state_dict().items()}
    head.train()
    first, second = (head(make_maps()) for _ in range(2))
    assert torch.equal(first, second)  # dropout rests
    train(head)
    for name, value in head.state_dict().items():
        same = torch.equal(value, before[name])
        assert same == (not name.startswith('confidence.')
                        or name == 'confidence.calibration'), name
    feats = tuple(each.requires_grad_() for each in make_maps())
    with pytest.raises(RuntimeError, match='frozen_stages'):
        head.loss(feats, make_samples(torch.rand(4, K, 2)))


# ---------------------------------------------------------------- what it says


@pytest.mark.parametrize('kind', HEADS)
def test_learns_which_faces_and_landmarks_are_hard(kind):
    """Errors are drawn; their mean depends on face and landmark, and is found."""
    head = build(kind, confidence={'alone': True}, hidden_channels=64)
    feats = tuple(each.repeat(16, *[1] * (each.ndim - 1)) for each in make_maps(2))
    face = torch.tensor([1., 4.]).repeat(16)
    mean = face[:, None] * torch.linspace(0.5, 2, K)
    with torch.no_grad():
        coords = head(feats)
    optimizer = torch.optim.Adam(head.confidence.parameters(), lr=0.02)
    generator = np.random.default_rng(0)
    for _ in range(150):
        angle = torch.from_numpy(generator.uniform(0, 2 * np.pi, (32, K))).float()
        radius = torch.from_numpy(generator.gamma(2, mean / 2)).float()
        errors = torch.stack([angle.cos(), angle.sin()], -1) * radius.unsqueeze(-1)
        target = coords + errors / torch.tensor(SIZE)
        optimizer.zero_grad()
        head.loss(feats, make_samples(target))['loss_confidence'].backward()
        optimizer.step()
    with torch.no_grad():
        expected = head.forward_with_errors(feats)[1]
    assert (expected / mean).log().abs().mean() < 0.2


def test_landmarks_without_annotation_do_not_count():
    head = randomize(build('direct', confidence={})).eval()
    target, weight = torch.rand(4, K, 2), torch.ones(4, K)
    weight[1:, 2] = 0
    target[1:, 2] = torch.nan
    target[0, 4] = torch.nan
    losses = head.loss(make_maps(), make_samples(target, weight))
    other = target.clone()
    other[1:, 2] = 7.
    torch.testing.assert_close(
        losses['loss_confidence'],
        head.loss(make_maps(), make_samples(other, weight))['loss_confidence'])
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(parameter.grad is None or parameter.grad.isfinite().all()
               for parameter in head.parameters())
    none = head.loss(make_maps(), make_samples(target, torch.zeros(4, K)))
    assert none['loss_confidence'] == 0


def test_scores_fall_as_errors_grow():
    head = build('direct', confidence={})
    expected = torch.logspace(-3, 4, 200)
    scores = head.confidence.score(expected)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert (scores.diff() <= 1e-6).all()  # float32 rounds
    assert scores[0] == 1
    assert scores[-1] < 0.01
    # Half of the distances: the median of a gamma distribution of shape 2.
    tolerance = 0.05 * (SIZE[0] * SIZE[1])**0.5
    median = torch.tensor(tolerance * 2 / 1.6783469900166605)
    assert head.confidence.score(median).item() == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize('kind', HEADS)
def test_predictions_have_scores(kind):
    head = randomize(build(kind, confidence={})).eval()
    samples = make_samples(torch.zeros(4, K, 2), input_size=SIZE,
                           flip_indices=[1, 0, 2, 4, 3])
    with torch.no_grad():
        head.confidence.calibration.fill_(2.)
        one, other = (head.forward_with_errors(make_maps(seed=seed))[1]
                      for seed in (0, 1))
        plain = head.predict(make_maps(), samples)
        both = head.predict([make_maps(seed=0), make_maps(seed=1)], samples,
                            {'flip_test': True})
    mean = (one + other[:, [1, 0, 2, 4, 3]]) / 2
    for index in range(4):
        for instance, expected in ((plain[index], one), (both[index], mean)):
            errors = expected[index:index + 1]
            np.testing.assert_allclose(instance.keypoint_errors, errors, rtol=1e-5)
            np.testing.assert_allclose(instance.keypoint_scores,
                                       head.confidence.score(errors), rtol=1e-5)
    assert np.ptp(plain[0].keypoint_scores) > 0.01
    head.confidence.calibration.fill_(4.)
    torch.testing.assert_close(head.forward_with_errors(make_maps())[1], 2 * one)


# ---------------------------------------------------------------------- the stack


@pytest.mark.parametrize('kind', HEADS)
def test_a_step_does_not_synchronise(kind):
    head = build(kind, confidence={}, loss={'type': 'SmoothL1Loss',
                                            'use_target_weight': True})
    feats, samples = make_maps(), make_samples(torch.rand(4, K, 2))
    with no_synchronisation():
        head.loss(feats, samples)['loss_confidence'].backward()


@pytest.mark.parametrize('kind', HEADS)
def test_under_autocast(kind):
    head = randomize(build(kind, confidence={})).eval()
    with torch.autocast('cpu', torch.bfloat16):
        losses = head.loss(make_maps(), make_samples(torch.rand(4, K, 2)))
        expected = head.forward_with_errors(make_maps())[1]
    assert expected.dtype == torch.float32
    losses['loss_confidence'].backward()
    torch.testing.assert_close(expected, head.forward_with_errors(make_maps())[1],
                               rtol=0.05, atol=0.05)


@pytest.mark.parametrize('kind', HEADS)
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
def test_traces(kind):
    head = randomize(build(kind, confidence={})).eval()

    class Scored(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = head

        def forward(self, *feats):
            coords, expected = self.head.forward_with_errors(feats)
            return coords, self.head.confidence.score(expected)

    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(Scored(), make_maps(2)), buffer)
    buffer.seek(0)
    other = make_maps(3, seed=5)
    torch.testing.assert_close(torch.jit.load(buffer)(*other), Scored()(*other))


def test_compiles_in_one_graph():
    head = randomize(build('local', confidence={}))
    compiled = torch.compile(head.forward_with_errors, backend='eager', fullgraph=True)
    head.eval()
    torch.testing.assert_close(compiled(make_maps()),
                               head.forward_with_errors(make_maps()))


def test_the_likelihood_is_no_loss_of_the_training():
    """Hooks that look for losses would change its penalty, but not its constants."""
    branch = copy.deepcopy(build('direct', confidence={})).confidence
    assert not any(isinstance(each, ResidualLoss) for each in branch.modules())
    assert all(key.startswith(('face.', 'calibration')) for key in branch.state_dict())


def test_a_diverged_network_expects_no_more_than_it_can_say():
    head = build('direct', confidence={})
    nn.init.constant_(head.confidence.face.output.bias, 1e4)
    expected = head.forward_with_errors(make_maps())[1]
    assert expected.isfinite().all()
    losses = head.loss(make_maps(), make_samples(torch.rand(4, K, 2)))
    assert losses['loss_confidence'].isfinite()


# ---------------------------------------------------------------- bad arguments


@pytest.mark.parametrize('confidence, error, message', [
    ({'hidden_channels': 0}, ValueError, 'confidence: hidden_channels must be'),
    ({'hidden_channels': 64.5}, ValueError,
     'hidden_channels must be a positive whole number, got 64.5'),
    ({'local_hidden_channels': True}, ValueError,
     'local_hidden_channels must be a positive whole number, got True'),
    ({'alone': 'no'}, TypeError, "alone must be True or False, got 'no'"),
    ({'likelihood': {'type': 'SmoothL1Loss'}}, TypeError,
     'likelihood must name a loss of mmwing on residuals, got SmoothL1Loss'),
    ({'likelihood': {'type': 'mmwing.AdaptiveWingLoss'}}, ValueError,
     'AdaptiveWingLoss needs more than a residual'),
])
def test_bad_arguments(confidence, error, message):
    with pytest.raises(error, match=message):
        build('direct', confidence=confidence)


def test_needs_an_input_size():
    with pytest.raises(ValueError, match=r'confidence counts in pixels.*input_size'):
        DirectRegressionHead(8, K, confidence={})
    with pytest.raises(RuntimeError, match='built without confidence'):
        build('direct').forward_with_errors(make_maps())


def test_local_features_are_optional():
    branch = LandmarkConfidence(K, 8, 0, SIZE)
    assert branch(torch.rand(2, 8)).shape == (2, K)
