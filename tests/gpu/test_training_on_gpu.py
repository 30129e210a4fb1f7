"""What training on a GPU must be: as on the CPU, and without a synchronisation."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS
from programs import environment
from small_training import make, paint
from torch import distributed

import mmwing
from mmwing.models import losses
from mmwing.models.data_preprocessors import FaceAugmentor
from mmwing.models.losses.base import LOOKS

DEVICE = 'cuda'

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(
    DEVICE == 'cuda' and not torch.cuda.is_available(),
    reason='PyTorch sees no GPU')]

PIPELINE = [
    {'type': 'mmwing.RandomFaceBox', 'rotation': 30, 'jitter': 0.05},
    {'type': 'mmwing.FaceAffine', 'input_size': (64, 64)},
    {'type': 'mmwing.RandomColor', 'prob': 0.9},
    {'type': 'mmwing.RandomGaussianBlur', 'sigma': 1, 'prob': 0.5},
    {'type': 'GenerateTarget', 'encoder': {
        'type': 'mmwing.DirectRegressionLabel', 'input_size': (64, 64)}}]


@pytest.fixture(scope='module')
def faces():
    return paint()


@pytest.fixture(scope='module')
def canvases():
    """A batch of canvases, as the loader hands it over."""
    with DefaultScope.overwrite_default_scope('mmpose'):
        dataset = DATASETS.build({
            'type': 'mmwing.CanvasDataset', 'size': 120, 'context': 3.,
            'dataset': {'type': 'mmwing.SyntheticFaceDataset', 'num_samples': 8,
                        'image_size': 96},
            'pipeline': [{'type': 'mmwing.LoadCachedImage'},
                         {'type': 'GetBBoxCenterScale'},
                         {'type': 'mmwing.PackCanvas'}], 'cache_dir': None})
        return pseudo_collate([dataset[index] for index in range(8)])


def augmentor(device):
    with DefaultScope.overwrite_default_scope('mmpose'):
        return FaceAugmentor(PIPELINE, seed=0, mean=[0] * 3, std=[255] * 3,
                             bgr_to_rgb=True).to(device)


@pytest.mark.parametrize('name', [
    'L1Loss', 'L2Loss', 'SmoothL1Loss', 'WingLoss', 'RectifiedWingLoss', 'SoftWingLoss',
    'GeneralRobustLoss'])
def test_losses_are_those_of_the_cpu(name):
    torch.manual_seed(0)
    output, target = torch.rand(2, 8, 68, 2)
    weight = torch.rand(8, 68)
    found = []
    for device in ('cpu', DEVICE):
        leaf = output.detach().to(device).requires_grad_()
        loss = getattr(losses, name)(input_size=(64, 64))(
            leaf, target.to(device), weight.to(device))
        loss.backward()
        found.append((loss.detach().cpu(), leaf.grad.cpu()))
    torch.testing.assert_close(found[1], found[0], rtol=1e-4, atol=1e-4)


def test_steps_are_those_of_the_cpu(faces):
    found = {}
    for device in ('cpu', DEVICE):
        model, wrapper, batch = make(faces, device=device)
        found[device] = [model.train_step(batch, wrapper)['loss'].item()
                         for _ in range(3)]
    assert found[DEVICE] == pytest.approx(found['cpu'], rel=1e-2)


@pytest.mark.parametrize('dtype', ['float16', 'bfloat16'])
def test_mixed_precision_learns_as_float32_does(faces, dtype):
    kinds = {'OptimWrapper': {}, 'AmpOptimWrapper': {
        'dtype': dtype, **({'loss_scale': 'dynamic'} if dtype == 'float16' else {})}}
    found = {}
    for kind, options in kinds.items():
        model, wrapper, batch = make(faces, kind, DEVICE, **options)
        found[kind] = [model.train_step(batch, wrapper)['loss'].item()
                       for _ in range(20)]
    plain, mixed = found.values()
    assert mixed[0] == pytest.approx(plain[0], rel=0.02)
    assert plain[-1] < 0.8 * plain[0] and mixed[-1] < 0.8 * mixed[0]


@pytest.mark.parametrize('hooks', [
    [mmwing.ChannelsLastHook()], [mmwing.CompileHook()],
    [mmwing.ChannelsLastHook(), mmwing.CompileHook()]])
def test_switches_train_as_without(faces, hooks):
    found = []
    for each in ([], hooks):
        torch.compiler.reset()
        model, wrapper, batch = make(faces, device=DEVICE, local=True)
        for hook in each:
            hook.before_train(SimpleNamespace(model=model))
        found.append([model.train_step(batch, wrapper)['loss'].item()
                      for _ in range(3)])
    assert found[1] == pytest.approx(found[0], rel=1e-2)


def test_augmentation_is_that_of_the_cpu(canvases):
    """The same draws: pixels within a grey level, labels within 1e-4 of a pixel."""
    found = [augmentor(device)(canvases, training=True) for device in ('cpu', DEVICE)]
    cpu, gpu = (each['inputs'].cpu() for each in found)
    assert (cpu - gpu).abs().max() < 1 / 255
    labels = [torch.stack([torch.as_tensor(
        sample.gt_instance_labels.keypoint_labels).cpu() for sample in
        each['data_samples']]) for each in found]
    torch.testing.assert_close(labels[1], labels[0], rtol=0, atol=1e-4 / 64)


@pytest.mark.parametrize('local', [False, True])
def test_a_step_with_augmentation_does_not_synchronise(faces, canvases, local):
    model, wrapper, _ = make(faces, device=DEVICE, local=local)
    model.data_preprocessor = augmentor(DEVICE)
    for _ in range(LOOKS):  # a loss looks at its first batches
        model.train_step(canvases, wrapper)
    torch.cuda.set_sync_debug_mode('error')
    try:
        model.train_step(canvases, wrapper)
    finally:
        torch.cuda.set_sync_debug_mode('default')


@pytest.mark.skipif(not distributed.is_nccl_available(), reason='no NCCL')
def test_nccl_on_one_device(tmp_path):
    done = subprocess.run([
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        '--nproc_per_node', '1', mmwing.tool_path('train.py'),
        'td-reg_cnn6_wing_1xb64-24e_synthetic-64x64',
        '--work-dir', tmp_path, '--launcher', 'pytorch', '--no-validate',
        '--cfg-options', 'train_dataloader.dataset.num_samples=64',
        'train_cfg.max_epochs=1'],
        cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob('*.pth'))


def test_onnx_runtime_gives_the_landmarks_of_the_cpu(tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    if 'CUDAExecutionProvider' not in onnxruntime.get_available_providers():
        pytest.skip('ONNX Runtime has no CUDA')
    from mmwing.inference import load_model
    from mmwing.inference.onnx import export_onnx

    path = os.fspath(tmp_path / 'model.onnx')
    export_onnx(load_model('cnn7-local_synthetic', device='cpu'), path)
    found = []
    for provider in ('CPUExecutionProvider', 'CUDAExecutionProvider'):
        session = onnxruntime.InferenceSession(path, providers=[provider])
        assert session.get_providers()[0] == provider
        shape = [2, *session.get_inputs()[0].shape[1:]]
        pictures = np.random.default_rng(0).uniform(0, 255, shape)
        kind = {'tensor(uint8)': np.uint8}.get(session.get_inputs()[0].type, np.float32)
        found.append(session.run(None, {
            session.get_inputs()[0].name: pictures.astype(kind)})[0])
    np.testing.assert_allclose(found[1], found[0], atol=0.05)
