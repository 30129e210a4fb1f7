"""Every registered model runs at other batch sizes than the one it was traced with."""

import warnings

import numpy as np
import pytest
import torch
from mmengine.model import BaseDataPreprocessor
from mmengine.registry import init_default_scope
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import nn

from mmwing.models.losses import ResidualLoss
from mmwing.registry import MODELS

K = 5
MEAN = np.random.default_rng(0).uniform(0.3, 0.7, (K, 2))


def codec(size):
    return dict(type='mmwing.DirectRegressionLabel', input_size=(size, size))


def stage(arch, size, local_channels):
    return dict(
        backbone=dict(type='mmwing.WingCNN', arch=arch, widen_factor=1 / 16,
                      norm_cfg=dict(type='BN'), out_indices=(0, 1, -1)),
        head=dict(type='mmwing.LocalRefinementHead', in_channels=128, num_joints=K,
                  local_channels=local_channels, hidden_channels=8,
                  decoder=codec(size)))


#: Registered name -> arguments, and the shape of an input of one sample (a list where
#: it takes maps of several sizes).
MODELS_AND_INPUTS = {
    'WingCNN': (dict(arch='cnn6', widen_factor=1 / 8, out_indices=(0, 3, -1)),
                (3, 64, 64)),
    'DirectRegressionHead': (
        dict(in_channels=4 * 9, num_joints=K, hidden_channels=(8, ), decoder=codec(64),
             mean_shape=MEAN, dropout=0.2), [(4, 3, 3)]),
    'LocalRefinementHead': (
        dict(in_channels=4 * 9, num_joints=K, local_channels=(6, 5), decoder=codec(64),
             mean_shape=MEAN, local_dropout=0.2), [(6, 16, 16), (5, 8, 8), (4, 3, 3)]),
    'CascadeEstimator': (
        dict(stage1=stage('cnn6', 64, (2, 4)), stage2=stage('cnn7', 128, (4, 4)),
             input_size=(256, 256), mean_shape=MEAN), (3, 256, 256)),
}


#: The graph of two networks takes half a minute.
NAMES = [name if name != 'CascadeEstimator'
         else pytest.param(name, marks=pytest.mark.slow) for name in MODELS_AND_INPUTS]


class Tensors(nn.Module):
    """An estimator as a function of images alone."""

    def __init__(self, estimator):
        super().__init__()
        self.estimator = estimator

    def forward(self, images):
        return self.estimator(images, None, mode='tensor')


def build(name):
    """The model, with weights that make outputs differ, and inputs of a batch size."""
    init_default_scope('mmpose')
    arguments, shape = MODELS_AND_INPUTS[name]
    torch.manual_seed(0)
    model = MODELS.build(dict(type=f'mmwing.{name}', **arguments)).eval()
    for parameter in model.parameters():
        # Large enough to see differences, small enough that a face remains one.
        nn.init.normal_(parameter, std=0.02)

    if isinstance(model, BasePoseEstimator):
        model = Tensors(model)

    def inputs(batch):
        generator = torch.Generator().manual_seed(batch)
        if isinstance(shape, list):
            return tuple(torch.rand(batch, *size, generator=generator)
                         for size in shape)
        return torch.rand(batch, *shape, generator=generator)

    return model, inputs


def test_every_registered_model_is_here():
    modules = {name for name, cls in MODELS.module_dict.items()
               if not issubclass(cls, (ResidualLoss, BaseDataPreprocessor))}
    assert modules == set(MODELS_AND_INPUTS)


@pytest.mark.parametrize('traced_batch', [1, 2])
@pytest.mark.parametrize('name', MODELS_AND_INPUTS)
def test_traced_with_one_batch_runs_with_others(name, traced_batch):
    model, inputs = build(name)
    with torch.no_grad(), warnings.catch_warnings():
        # A constant of the trace that depends on an input would be one.
        warnings.simplefilter('error', torch.jit.TracerWarning)
        traced = torch.jit.trace(model, (inputs(traced_batch), ), check_trace=False)
        for batch in (1, 2, 3, 7):
            torch.testing.assert_close(traced(inputs(batch)), model(inputs(batch)))


@pytest.mark.parametrize('name', NAMES)
def test_exports_with_a_dynamic_batch(name):
    model, inputs = build(name)
    batch = torch.export.Dim('batch', min=1, max=64)
    example = inputs(3)
    dynamic = ({0: batch} if isinstance(example, torch.Tensor)
               else tuple({0: batch} for _ in example))
    with torch.no_grad():
        exported = torch.export.export(model, (example, ),
                                       dynamic_shapes=(dynamic, )).module()
        for size in (1, 2, 3, 7):
            torch.testing.assert_close(exported(inputs(size)), model(inputs(size)))


@pytest.mark.parametrize('name', NAMES)
def test_compiles_without_graph_breaks(name):
    model, inputs = build(name)
    torch.compiler.reset()
    # The graph alone: compiling it to code takes minutes and is torch's affair.
    compiled = torch.compile(model, backend='eager', fullgraph=True, dynamic=True)
    with torch.no_grad():
        for size in (2, 3):
            torch.testing.assert_close(compiled(inputs(size)), model(inputs(size)))
