"""Losses of any arguments and inputs: the papers' formulas, or refused."""

import math

import numpy as np
import torch
from fuzzing import Refused, attempt, fuzz
from hypothesis import strategies as st

import mmwing
from mmwing.registry import MODELS

NUMBERS = [0.5, 2, 10, 40., 1e-3, 1e3, 0, -1, 1e-30, 1e30, 1e300, math.nan, math.inf,
           -math.inf, True, None, '2', '-inf', [1], 10**400]
#: The losses and the defaults of their arguments.
ARGUMENTS = {'L2Loss': {}, 'L1Loss': {}, 'SmoothL1Loss': {'beta': 1.},
             'WingLoss': {'omega': 10., 'epsilon': 2.},
             'RectifiedWingLoss': {'omega': 10., 'epsilon': 2., 'r': .5},
             'SoftWingLoss': {'omega1': 2., 'omega2': 20., 'epsilon': .5},
             'GeneralRobustLoss': {'alpha': 1., 'c': 2.}}


def formula(name, x, p):
    """The penalty of one residual, in Python's floats, as the papers write it."""
    x = abs(x)
    if name == 'L2Loss':
        return x * x / 2
    if name == 'L1Loss':
        return x
    if name == 'SmoothL1Loss':
        return x * x / (2 * p['beta']) if x < p['beta'] else x - p['beta'] / 2
    if name == 'SoftWingLoss':
        w1, w2, e = p['omega1'], p['omega2'], p['epsilon']
        return x if x < w1 else w2 * math.log1p(x / e) + w1 - w2 * math.log1p(w1 / e)
    if name == 'GeneralRobustLoss':
        return robust(x / p['c'], float(p['alpha']))
    w, e, r = p['omega'], p['epsilon'], p.get('r', 0)
    if x < w:
        return w * math.log1p(max(x - r, 0) / e)
    return x - (w - w * math.log1p((w - r) / e))


def robust(z, alpha):
    if abs(alpha) < 1e-7:
        return math.log1p(z * z / 2)
    if abs(alpha - 2) < 1e-7:
        return z * z / 2
    if alpha < -1e7:
        return -math.expm1(-z * z / 2)
    b = abs(alpha - 2)
    try:
        return b / alpha * math.expm1(alpha / 2 * math.log1p(z * z / b))
    except OverflowError:
        return math.inf


@st.composite
def configs(draw):
    name = draw(st.sampled_from(list(ARGUMENTS)))
    config = {'type': f'mmwing.{name}'}
    shared = {'input_size': [(64, 64), (64, 48), 64, (0, 1), ('a', 'b'), (1, math.inf)],
              'loss_weight': NUMBERS, 'use_target_weight': [True, False, 1, 'no', None],
              'reduction': ['sum', 'avg', None, 1]}
    for argument in ARGUMENTS[name]:
        if draw(st.booleans()):
            ordinary = st.sampled_from(NUMBERS[:6])
            config[argument] = draw(ordinary | st.sampled_from(NUMBERS))
    for argument in draw(st.sets(st.sampled_from(list(shared)), max_size=1)):
        config[argument] = draw(st.sampled_from(shared[argument]))
    return name, config


@fuzz(configs())
def test_arguments(case, folder):
    """Numbers of a config: each loss that is built has a right, finite value."""
    name, config = case
    loss = attempt(lambda: MODELS.build(dict(config)), name + '|' + '|'.join(config))
    if loss is Refused:
        return False
    parameters = {key: float(config.get(key, default))
                  for key, default in ARGUMENTS[name].items()}
    width, height = config.get('input_size', (1, 1))
    residuals = [(0., 0.), (.25, -.5), (3., 20.), (-100., 0.01)]
    output = torch.tensor([residuals], dtype=torch.float64, requires_grad=True)
    value = loss(output, torch.zeros_like(output))
    value.backward()
    with np.errstate(all='ignore'):
        expected = float(config.get('loss_weight', 1)) * sum(
            formula(name, x * width, parameters) + formula(name, y * height, parameters)
            for x, y in residuals)
    np.testing.assert_allclose(value.item(), expected, rtol=1e-6, atol=1e-12)
    assert output.grad.isfinite().all() or not math.isfinite(expected)
    return True


TYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64,
         torch.bool, torch.complex64]
EXTREMES = [0., 1e-30, 1e4, 1e15, 1e30, -1e30, math.nan, math.inf, -math.inf]


@st.composite
def inputs(draw):
    shape = tuple(draw(st.lists(st.integers(0, 3), min_size=2, max_size=2))) + (2, )
    if not draw(st.integers(0, 5)):
        shape = draw(st.sampled_from([(), (3, ), (2, 2), (2, 3, 4, 4), (2, 3, 1)]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))

    def tensor(shape, low, high):
        values = low + (high - low) * torch.rand(shape, generator=generator,
                                                 dtype=torch.float64)
        flat = values.view(-1)
        for _ in range(draw(st.integers(0, 2)) if len(flat) else 0):
            flat[draw(st.integers(0, len(flat) - 1))] = draw(st.sampled_from(EXTREMES))
        ordinary = draw(st.booleans())
        return values.to(TYPES[0] if ordinary else draw(st.sampled_from(TYPES)))

    target = tensor(shape, 0, 64)
    if not draw(st.integers(0, 5)):
        shape = shape[1:]
    weight = draw(st.sampled_from([None, shape[:2], shape, (*shape[:2], 1), (7, )]))
    return (draw(st.sampled_from(list(ARGUMENTS))), tensor(shape, 0, 64), target,
            None if weight is None else tensor(weight, 0, 1),
            draw(st.sampled_from(['batch_mean', 'sum', 'mean', 'none'])))


def entries(name, output, target, weight):
    """The weighted penalty of each entry, one at a time; and which are annotated."""
    dtype = torch.promote_types(output.dtype, torch.float32)
    output, target = output.to(dtype).double(), target.to(dtype).double()
    weight = torch.ones(()) if weight is None else weight.to(dtype).double()
    weight = weight.reshape(weight.shape + (1, ) * (output.ndim - weight.ndim)
                            if weight.ndim else ()).expand(output.shape)
    for o, t, w in zip(output.flatten(), target.flatten(), weight.flatten(),
                       strict=True):
        o, t, w = o.item(), t.item(), w.item()
        annotated = not math.isnan(t) and w != 0
        if not annotated:
            yield (0. if math.isfinite(o) else math.nan), False
        elif not math.isfinite(o - t):
            yield math.nan, True
        else:
            yield w * formula(name, o - t, ARGUMENTS[name]), True


@fuzz(inputs())
def test_inputs(case, folder):
    """Tensors of any type, shape and size."""
    name, output, target, weight, reduction = case
    loss = getattr(mmwing, name)(reduction=reduction)
    found = attempt(lambda: loss(output, target, weight), name)
    usable = output.is_floating_point() and output.shape == target.shape and (
        output.ndim >= 2)
    if found is Refused:
        assert not usable or weight is not None or target.is_complex()
        return False
    assert usable
    with np.errstate(all='ignore'):
        values, known = zip(*entries(name, output, target, weight), strict=True
                            ) if output.numel() else ((), ())
        expected = {'sum': sum(values), 'none': np.reshape(values, output.shape),
                    'batch_mean': sum(values) / max(len(output), 1),
                    'mean': sum(values) / max(sum(known), 1)}[reduction]
    largest = torch.finfo(found.dtype).max
    found, expected = found.double().numpy(), np.asarray(expected, float)
    small = np.abs(expected) < largest / 100
    tolerance = 1e-4 if largest < 1e300 else 1e-7
    np.testing.assert_allclose(found[small], expected[small], rtol=tolerance,
                               atol=1e-6)
    assert not np.isfinite(found[~np.isfinite(expected)]).any()
    return True
