"""Measure what feeding a network costs: MMPose's pipeline, ours, and the device's."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.data import DataLoader

from mmwing.config.device_path import OVERSAMPLING
from mmwing.config.precision import has_bfloat16_units
from mmwing.engine.hooks.compile_hook import compile_parts
from mmwing.models.data_preprocessors import FaceAugmentor
from mmwing.registry import DATASETS, MODELS

from .photos import paint_photos
from .turns import Table, can_compile, compared, take_turns, wait_for

BATCH = 32
#: Networks whose training is measured -> side of their input.
NETWORKS = {'cnn6': 64, 'resnet18': 256, 'resnet50': 256}

_BOX: dict = {'type': 'GetBBoxCenterScale'}
_NORMAL: dict = {'mean': [0] * 3, 'std': [255] * 3, 'bgr_to_rgb': True}


class Pipelines:
    """The ways to feed a network, as configs, for one input size.

    Args:
        side: Of the input, in pixels.
    """

    def __init__(self, side: int) -> None:
        size = (side, side)
        self.augment: list[dict] = [
            {'type': 'mmwing.RandomFaceBox', 'rotation': 30, 'jitter': 0.05},
            {'type': 'mmwing.FaceAffine', 'input_size': size},
            {'type': 'mmwing.RandomGaussianBlur', 'sigma': 1, 'prob': 0.5},
            {'type': 'GenerateTarget', 'encoder': {
                'type': 'mmwing.DirectRegressionLabel', 'input_size': size}}]
        self.stock: list[dict] = [
            {'type': 'LoadImage'}, _BOX,
            {'type': 'RandomFlip', 'direction': 'horizontal'},
            {'type': 'RandomBBoxTransform', 'shift_factor': 0.05,
             'scale_factor': (0.9, 1.1), 'rotate_factor': 30},
            {'type': 'TopdownAffine', 'input_size': size},
            {'type': 'GenerateTarget', 'encoder': {
                'type': 'RegressionLabel', 'input_size': size}},
            {'type': 'PackPoseInputs'}]
        self.augmentor: dict = {'type': 'mmwing.FaceAugmentor', 'seed': 0,
                                'pipeline': self.augment, **_NORMAL}
        self.reach = FaceAugmentor(self.augment).pipeline.reach
        # A canvas shows 2 reaches of what the input shows.
        self.canvas = round(OVERSAMPLING * 2 * self.reach * side)

    def ours(self, kept: bool) -> list[dict]:
        """Sample by sample; decoded images are kept in memory or not at all."""
        return [_load(kept), _BOX, *self.augment, {'type': 'PackPoseInputs'}]

    def pack(self, kept: bool) -> list[dict]:
        """Canvases for the augmentation of batches."""
        return [_load(kept), _BOX, {'type': 'mmwing.PackCanvas', 'reach': self.reach}]

    def canvases(self, dataset: dict, pipeline: list, folder: Path | None) -> dict:
        """Config of a data set that cuts canvases, each time or once into a folder."""
        return {'type': 'mmwing.CanvasDataset', 'dataset': dataset,
                'pipeline': pipeline, 'size': self.canvas, 'context': 2.5 * self.reach,
                'cache_dir': None if folder is None else folder / 'canvases'}


def _load(kept: bool) -> dict:
    # Nothing fits into a memory of a byte: each image is decoded each time.
    return {'type': 'mmwing.LoadCachedImage', **({} if kept else {
        'max_gigabytes': 1e-9})}


def loader_table(folder: Path, pixels: int, faces: int, rounds: int, workers: int,
                 count: int = 3 * BATCH) -> Table:
    """Measure the samples that a loader gives for an input of 64x64.

    Args:
        folder: For pictures and canvases, which are made where they are missing.
        pixels: Side of the photos.
        faces: Number of photos.
        rounds: See :func:`.turns.take_turns`.
        workers: Of the loader. Without any, the time is that of the processor; with
            workers it is that of the clock.
        count: Samples of one measurement.
    """
    init_default_scope('mmpose')
    dataset = paint_photos(folder / f'{pixels}px', faces, pixels)
    rates = {name: _rate(DATASETS.build(config), count, workers, prepare)
             for name, (config, prepare) in loaders(dataset, folder).items()
             if prepare is None or not workers}
    unit = 'faces a second' if workers else 'faces a second of the processor'
    return compared(f'Loader, photos of {pixels} pixels, {workers} workers', unit,
                    take_turns(rates, rounds))


def loaders(dataset: dict, folder: Path
            ) -> dict[str, tuple[dict, Callable[[dict], object] | None]]:
    """Name -> data set, and what is done with its batches, of each way to load.

    Args:
        dataset: Config of the data set, without a pipeline.
        folder: For the canvases.
    """
    made = Pipelines(NETWORKS['cnn6'])
    augmentor = MODELS.build(made.augmentor)

    def augment(batch: dict) -> object:
        return augmentor(batch, training=True)

    ours, pack = made.ours(False), made.pack(False)
    return {
        'MMPose': ({**dataset, 'pipeline': made.stock}, None),
        'ours, sample by sample': ({**dataset, 'pipeline': ours}, None),
        'the same, images in memory': ({**dataset, 'pipeline': made.ours(True)}, None),
        'the same from canvases, cut each time': (
            made.canvases(dataset, ours, None), None),
        'the same from the canvas file': (made.canvases(dataset, ours, folder), None),
        'batch augmentation, canvases cut each time': (
            made.canvases(dataset, pack, None), augment),
        'batch augmentation, canvas file': (
            made.canvases(dataset, pack, folder), augment),
        'canvas file alone, for augmentation on a GPU': (
            made.canvases(dataset, pack, folder), None)}


def training_table(folder: Path, network: str, faces: int, rounds: int,
                   device: str = 'cpu', workers: int = 0, batch: int = BATCH,
                   steps: int = 3) -> Table:
    """Measure training steps on crops of 320 pixels, against their arithmetic alone.

    Args:
        folder: For pictures and canvases, which are made where they are missing.
        network: One of :data:`NETWORKS`.
        faces: Number of photos.
        rounds: See :func:`.turns.take_turns`.
        device: Where the network is.
        workers: Of the loaders. On a CPU without workers the time is that of the
            processor, else that of the clock.
        batch: Samples of a step.
        steps: Of one measurement.

    Raises:
        ValueError: If there is no such network.
    """
    if network not in NETWORKS:
        raise ValueError(f'network must be one of {list(NETWORKS)}, got {network!r}')
    init_default_scope('mmpose')
    dataset = paint_photos(folder / '320px', faces, 320)
    made = Pipelines(NETWORKS[network])
    plain = {'type': 'PoseDataPreprocessor', **_NORMAL}
    per_sample = {**dataset, 'pipeline': made.ours(True)}

    def rate(config: dict, preprocessor: dict, again: bool = False
             ) -> Callable[[], float]:
        step = Step(network, preprocessor, device, again)
        return _rate(DATASETS.build(config), batch * steps, workers, step, batch,
                     device, again)

    rates = {
        'arithmetic alone': rate(per_sample, plain, again=True),
        'MMPose': rate({**dataset, 'pipeline': made.stock}, plain),
        'ours, sample by sample': rate(per_sample, plain),
        'the same from the canvas file': rate(
            made.canvases(dataset, made.ours(True), folder), plain),
        'batch augmentation, canvas file': rate(
            made.canvases(dataset, made.pack(True), folder), made.augmentor)}
    side = NETWORKS[network]
    of_processor = not workers and torch.device(device).type == 'cpu'
    return compared(
        f'Training of {network}, {side}x{side}, batches of {batch}, {device}, '
        f'{workers} workers',
        'faces a second' + ' of the processor' * of_processor,
        take_turns(rates, rounds))


def arithmetic_table(folder: Path, network: str, rounds: int, device: str = 'cpu',
                     batch: int = BATCH, steps: int = 3, compiled: bool = True
                     ) -> Table:
    """Measure what switches of a config gain for the arithmetic of a step alone.

    Args:
        folder: See :func:`training_table`.
        network: See :func:`training_table`.
        rounds: See :func:`.turns.take_turns`.
        device: See :func:`training_table`.
        batch: See :func:`training_table`.
        steps: See :func:`training_table`.
        compiled: Whether to measure ``torch.compile``, too; on a CPU that takes a C++
            compiler, and without one it is left out.
    """
    init_default_scope('mmpose')
    data = DATASETS.build({**paint_photos(folder / '320px', batch, 320),
                           'pipeline': Pipelines(NETWORKS[network]).ours(True)})
    on_cpu = torch.device(device).type == 'cpu'

    def last(model: nn.Module) -> object:
        return model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    changes: dict[str, dict] = {'float32': {}, 'channels last': {'change': last}}
    if compiled and can_compile(device):
        changes['compiled'] = {'change': compile_parts}
    if not on_cpu or has_bfloat16_units():
        changes['bfloat16'] = {'dtype': torch.bfloat16}
        changes['bfloat16, channels last'] = {'dtype': torch.bfloat16, 'change': last}
    if not on_cpu:
        changes['float16'] = {'dtype': torch.float16}
    plain = {'type': 'PoseDataPreprocessor', **_NORMAL}
    side = NETWORKS[network]
    return compared(
        f'Arithmetic of {network}, {side}x{side}, batches of {batch}, {device}',
        'faces a second' + ' of the processor' * on_cpu,
        take_turns({name: _rate(data, batch * steps, 0, Step(
            network, plain, device, True, **change), batch, device, True)
            for name, change in changes.items()}, rounds))


class Step:
    """A training step of a network that regresses 68 landmarks.

    Args:
        network: One of :data:`NETWORKS`.
        preprocessor: Config of the model's preprocessor.
        device: Where the network is.
        again: Whether the first batch is taken again and again, as it came out of the
            preprocessor.
        change: What is done to the model beforehand.
        dtype: Of the forward pass.
    """

    def __init__(self, network: str, preprocessor: dict, device: str = 'cpu',
                 again: bool = False,
                 change: Callable[[nn.Module], object] = lambda model: None,
                 dtype: torch.dtype = torch.float32) -> None:
        torch.manual_seed(0)
        self.model: Any = build_network(network, preprocessor).train().to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-4, fused=True)
        change(self.model)
        # On a GPU, without the scaling of gradients that float16 needs to learn.
        self._precision = partial(torch.autocast, torch.device(device).type, dtype,
                                  enabled=dtype != torch.float32)
        self.again = again
        self._batch: dict = {}

    def __call__(self, batch: dict) -> None:
        """Take a step with a batch of the loader."""
        if not self._batch or not self.again:
            self._batch = self.model.data_preprocessor(batch, True)
        self.optimizer.zero_grad()
        with self._precision():
            loss = self.model.loss(**self._batch)['loss_kpt']
        loss.backward()
        self.optimizer.step()


def build_network(network: str, preprocessor: dict) -> nn.Module:
    """One of :data:`NETWORKS`, not trained."""
    side = NETWORKS[network]
    if network == 'cnn6':
        backbone: dict = {'type': 'mmwing.WingCNN', 'arch': 'cnn6'}
        head = {'in_channels': 2048, 'hidden_channels': (1024, )}
    else:
        backbone = {'type': 'ResNet', 'depth': int(network.removeprefix('resnet'))}
        head = {'in_channels': 512 if network == 'resnet18' else 2048, 'pool': 'avg'}
    return MODELS.build({
        'type': 'TopdownPoseEstimator', 'data_preprocessor': preprocessor,
        'backbone': backbone,
        'head': {'type': 'mmwing.DirectRegressionHead', 'num_joints': 68, **head,
                 'decoder': {'type': 'mmwing.DirectRegressionLabel',
                             'input_size': (side, side)}}})


def _rate(dataset: BaseDataset, count: int, workers: int,
          prepare: Callable[[dict], object] | None = None, batch: int = BATCH,
          device: str = 'cpu', again: bool = False) -> Callable[[], float]:
    """Measures the faces a second of ``count`` samples in batches."""
    loader = DataLoader(
        dataset, batch, sampler=[index % len(dataset) for index in range(count)],
        num_workers=workers, persistent_workers=workers > 0,
        collate_fn=pseudo_collate)
    clock = (time.process_time if not workers and torch.device(device).type == 'cpu'
             else time.perf_counter)
    first: list[dict] = []

    def rate() -> float:
        if again and not first:
            first.append(next(iter(loader)))
        wait_for(device)
        start = clock()
        for each in first * (count // batch) if again else loader:
            if prepare:
                prepare(each)
        wait_for(device)
        return count / (clock() - start)

    return rate
