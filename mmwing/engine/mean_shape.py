"""Compute the mean shape of a data set from the labels that its pipeline makes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmpose.structures import PoseDataSample

from mmwing.datasets.canvases import CanvasFace


def compute_mean_shape(dataset: Sequence,
                       num_samples: int | None = 1000,
                       seed: int = 0,
                       preprocessor: Any = None) -> np.ndarray:
    """Average the labels that a data set's pipeline gives.

    Labels come from the pipeline itself, so that the crop, the augmentation and the
    codec are those of the training. Only landmarks with a weight count. The state of
    the random generators is the same afterwards as before.

    Args:
        dataset (Dataset): Its items have ``data_samples.gt_instance_labels`` with
            ``keypoint_labels`` (N, K, 2) and ``keypoint_weights`` (N, K).
        num_samples (int, optional): How many evenly spaced items are looked at;
            ``None`` looks at all.
        seed (int): Seed of the augmentation.
        preprocessor (FaceAugmentor, optional): What makes the labels of a data set that
            leaves them to the device.

    Returns:
        np.ndarray: Coordinates normalised by the input size, float32 (K, 2). A
        landmark that is annotated nowhere sits at the centre of the others.

    Raises:
        ValueError: If there are no items, no annotated landmarks, or items with
            different numbers of landmarks.
    """
    total = len(dataset)
    if total == 0:
        raise ValueError('the data set is empty: no mean shape')
    if num_samples is not None and num_samples < 1:
        raise ValueError(f'num_samples must be positive or None, got {num_samples}')
    count = total if num_samples is None else min(num_samples, total)
    indices = np.linspace(0, total - 1, count).round().astype(int)

    generator = None
    if hasattr(preprocessor, 'encode'):
        generator = torch.Generator(preprocessor.device).manual_seed(seed)
    sums = counts = np.zeros(0)
    with _own_random_state(seed):
        for index in indices:
            sample = dataset[int(index)]['data_samples']
            if isinstance(sample, CanvasFace):
                if generator is None:
                    raise ValueError(
                        'the data set leaves its labels to mmwing.FaceAugmentor: give '
                        'the config without augment_on_device')
                sample = preprocessor.encode([sample], generator)[0]
            labels, weights = _labels(sample)
            if not len(sums):
                sums = np.zeros(labels.shape[1:], np.float64)
                counts = np.zeros(labels.shape[1], np.int64)
            elif labels.shape[1] != len(sums):
                raise ValueError(
                    f'item {index} of the data set has {labels.shape[1]} landmarks, '
                    f'those before it have {len(sums)}')
            known = (weights > 0) & np.isfinite(labels).all(axis=-1)
            sums += np.where(known[..., None], labels, 0).sum(axis=0)
            counts += known.sum(axis=0)
    if not counts.any():
        raise ValueError(f'none of the {count} items looked at has an annotated '
                         'landmark: no mean shape')
    mean = sums / np.maximum(counts, 1)[:, None]
    mean[counts == 0] = mean[counts > 0].mean(axis=0)
    return mean.astype(np.float32)


def _labels(sample: PoseDataSample) -> tuple[np.ndarray, np.ndarray]:
    instances = sample.gt_instance_labels
    labels, weights = (torch.as_tensor(each).cpu() for each in (
        instances.keypoint_labels, instances.keypoint_weights))
    return labels.double().numpy(), weights.numpy()


@contextmanager
def _own_random_state(seed: int) -> Iterator[None]:
    """Seed what pipelines draw from, and put it back afterwards."""
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
