"""What it costs to feed a network: MMPose's pipeline, ours, canvases and the device.

    OMP_NUM_THREADS=1 python -m mmwing.benchmark.pipeline_cost FOLDER

paints photos of 1,024 and crops of 320 pixels into FOLDER, once, and prints a table for
each: samples of one processor second, and ratios to MMPose's, all ways in turn. The
last table is the training of CNN-6 on the crops, with ratios to its arithmetic alone,
which takes the same batch again and again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.registry import init_default_scope

from mmwing.models.data_preprocessors import FaceAugmentor
from mmwing.registry import DATASETS, MODELS

from .photos import paint_photos

SIZE = (64, 64)
BATCH = 32
#: Side of the canvases: 1.3 pixels for one of the input, as ``augment_on_device`` has.
CANVAS = 128

_BOX: dict = {'type': 'GetBBoxCenterScale'}
_DEVICE: list[dict] = [
    {'type': 'mmwing.RandomFaceBox', 'rotation': 30, 'jitter': 0.05},
    {'type': 'mmwing.FaceAffine', 'input_size': SIZE},
    {'type': 'mmwing.RandomGaussianBlur', 'sigma': 1, 'prob': 0.5},
    {'type': 'GenerateTarget', 'encoder': {
        'type': 'mmwing.DirectRegressionLabel', 'input_size': SIZE}}]
_STOCK: list[dict] = [
    {'type': 'LoadImage'}, _BOX, {'type': 'RandomFlip', 'direction': 'horizontal'},
    {'type': 'RandomBBoxTransform', 'shift_factor': 0.05, 'scale_factor': (0.9, 1.1),
     'rotate_factor': 30},
    {'type': 'TopdownAffine', 'input_size': SIZE},
    {'type': 'GenerateTarget', 'encoder': {
        'type': 'RegressionLabel', 'input_size': SIZE}},
    {'type': 'PackPoseInputs'}]


_NORMAL: dict = {'mean': [0] * 3, 'std': [255] * 3, 'bgr_to_rgb': True}


def _canvases(dataset: dict, pipeline: list, reach: float,
              folder: Path | None) -> BaseDataset:
    return DATASETS.build({
        'type': 'mmwing.CanvasDataset', 'dataset': dataset, 'pipeline': pipeline,
        'size': CANVAS, 'context': 2.5 * reach,
        'cache_dir': None if folder is None else folder / 'canvases'})


def ways(dataset: dict, folder: Path) -> dict[str, Callable[[int], float]]:
    """Name -> samples of one processor second, of so many samples, of each way.

    Args:
        dataset: Config of the data set, without a pipeline.
        folder: For the canvases.
    """
    augmentor = FaceAugmentor(_DEVICE, seed=0, **_NORMAL)
    reach = augmentor.pipeline.reach
    # Nothing fits into a memory of a byte: each image is decoded each time.
    decoded = [{'type': 'mmwing.LoadCachedImage', 'max_gigabytes': 1e-9}, _BOX]
    pack = [*decoded, {'type': 'mmwing.PackCanvas', 'reach': reach}]
    ours = [*decoded, *_DEVICE, {'type': 'PackPoseInputs'}]

    def canvases(pipeline: list, kept: bool) -> BaseDataset:
        return _canvases(dataset, pipeline, reach, folder if kept else None)

    def augment(batch: dict) -> object:
        return augmentor(batch, training=True)

    return {
        'MMPose': _rate(DATASETS.build({**dataset, 'pipeline': _STOCK})),
        'ours, sample by sample': _rate(DATASETS.build({**dataset, 'pipeline': ours})),
        'the same from canvases, cut each time': _rate(canvases(ours, False)),
        'the same from the canvas file': _rate(canvases(ours, True)),
        'batch augmentation, canvases cut each time': _rate(
            canvases(pack, False), augment),
        'batch augmentation, canvas file': _rate(canvases(pack, True), augment),
        'canvas file alone, for augmentation on a GPU': _rate(canvases(pack, True))}


def trainings(dataset: dict, folder: Path) -> dict[str, Callable[[int], float]]:
    """The same for training steps of CNN-6, of which the first are arithmetic alone.

    Args:
        dataset: Config of the data set, without a pipeline.
        folder: For the canvases.
    """
    load = {'type': 'mmwing.LoadCachedImage'}
    ours = [load, _BOX, *_DEVICE, {'type': 'PackPoseInputs'}]
    plain = {'type': 'PoseDataPreprocessor', **_NORMAL}
    device = {'type': 'mmwing.FaceAugmentor', 'pipeline': _DEVICE, 'seed': 0, **_NORMAL}
    reach = FaceAugmentor(_DEVICE).pipeline.reach
    pack = [load, _BOX, {'type': 'mmwing.PackCanvas', 'reach': reach}]
    per_sample = DATASETS.build({**dataset, 'pipeline': ours})
    return {
        'arithmetic alone': _training(per_sample, plain, again=True),
        'MMPose': _training(DATASETS.build({**dataset, 'pipeline': _STOCK}), plain),
        'ours, sample by sample': _training(per_sample, plain),
        'the same from the canvas file': _training(
            _canvases(dataset, ours, reach, folder), plain),
        'batch augmentation, canvas file': _training(
            _canvases(dataset, pack, reach, folder), device)}


def _training(dataset: BaseDataset, preprocessor: dict, again: bool = False
              ) -> Callable[[int], float]:
    torch.manual_seed(0)
    model = MODELS.build({
        'type': 'TopdownPoseEstimator', 'data_preprocessor': preprocessor,
        'backbone': {'type': 'mmwing.WingCNN', 'arch': 'cnn6'},
        'head': {'type': 'mmwing.DirectRegressionHead', 'in_channels': 2048,
                 'num_joints': 68, 'hidden_channels': (1024, ),
                 'decoder': {'type': 'mmwing.DirectRegressionLabel',
                             'input_size': SIZE}}}).train()
    optimizer = torch.optim.Adam(model.parameters(), 1e-4, fused=True)
    kept: list[dict] = []

    def step(batch: dict) -> None:
        if not kept or not again:
            kept[:] = [model.data_preprocessor(batch, True)]
        optimizer.zero_grad()
        model.loss(**kept[0])['loss_kpt'].backward()
        optimizer.step()

    first: dict = {}

    def same(count: int) -> float:
        first.setdefault('batch', pseudo_collate([dataset[i] for i in range(BATCH)]))
        start = time.process_time()
        for _ in range(count // BATCH):
            step(first['batch'])
        return count / (time.process_time() - start)

    return same if again else _rate(dataset, step)


def _rate(dataset: BaseDataset, prepare: Callable[[dict], object] | None = None
          ) -> Callable[[int], float]:
    def rate(count: int) -> float:
        start = time.process_time()
        for first in range(0, count, BATCH):
            batch = pseudo_collate([dataset[index % len(dataset)] for index in
                                    range(first, first + BATCH)])
            if prepare:
                prepare(batch)
        return count / (time.process_time() - start)
    return rate


def compare(run: dict[str, Callable[[int], float]], rounds: int,
            count: int = 3 * BATCH) -> str:
    """Markdown table of all ways, taken in turn ``rounds`` times after a warm-up."""
    rates: dict[str, list[float]] = {name: [] for name in run}
    for turn in range(rounds + 1):
        for name, rate in run.items():
            value = rate(count if turn else BATCH)
            if turn:
                rates[name].append(value)
    first = next(iter(rates.values()))
    lines = ['| | a second | ratio | from, to |', '| --- | --- | --- | --- |']
    for name, values in rates.items():
        ratios = [a / b for a, b in zip(values, first, strict=True)]
        lines.append(f'| {name} | {statistics.median(values):.0f} | '
                     f'{statistics.median(ratios):.2f} | '
                     f'{min(ratios):.2f}, {max(ratios):.2f} |')
    return '\n'.join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, help='for the pictures and canvases')
    parser.add_argument('--faces', type=int, default=96)
    parser.add_argument('--rounds', type=int, default=5)
    args = parser.parse_args()
    init_default_scope('mmpose')
    for side in (1024, 320):
        dataset = paint_photos(args.folder / f'{side}px', args.faces, side)
        print(f'\n{side} pixels\n')
        print(compare(ways(dataset, args.folder), args.rounds))
    print('\nTraining of CNN-6\n')
    print(compare(trainings(dataset, args.folder), args.rounds))


if __name__ == '__main__':
    main()
