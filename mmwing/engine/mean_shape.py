"""The mean shape of a data set, in the labels' own normalised coordinates."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import numpy as np
import torch

from mmwing.files import replace_file, write_text


def compute_mean_shape(dataset: Sequence,
                       num_samples: int | None = 1000,
                       seed: int = 0) -> np.ndarray:
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

    sums = counts = np.zeros(0)
    with _own_random_state(seed):
        for index in indices:
            labels, weights = _labels(dataset, int(index))
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


def check_mean_shape(mean_shape: np.ndarray | Sequence,
                     num_joints: int) -> np.ndarray:
    """Refuse what cannot be a mean shape.

    Args:
        mean_shape (array): Coordinates normalised by the input size, (K, 2).
        num_joints (int): The K that it must have.

    Returns:
        np.ndarray: The same, float32.

    Raises:
        ValueError: If it is not (K, 2), not finite, or looks like pixels.
    """
    array = np.asarray(mean_shape, dtype=np.float32)
    if array.shape != (num_joints, 2):
        raise ValueError(f'mean_shape must have the shape ({num_joints}, 2) for '
                         f'num_joints={num_joints}, got {array.shape}')
    if not np.isfinite(array).all():
        raise ValueError('mean_shape must be finite')
    if array.min() < -1 or array.max() > 2:
        raise ValueError(
            'mean_shape must be normalised by the input size (x / w, y / h), got '
            f'values from {array.min():g} to {array.max():g}: they look like pixels')
    return array


def save_mean_shape(mean_shape: np.ndarray, path: str | PathLike) -> None:
    """Write a mean shape to a ``.json`` or ``.npy`` file, whole or not at all.

    Args:
        mean_shape (np.ndarray): (K, 2).
        path (str | PathLike): Where to; folders are made.

    Raises:
        ValueError: If the name ends otherwise.
    """
    path = check_mean_shape_path(path)
    if path.suffix == '.npy':
        with replace_file(path) as draft:
            np.save(draft, mean_shape)
    else:
        rows = [[round(float(v), 6) for v in row] for row in mean_shape]
        write_text(path, json.dumps(rows) + '\n')


def load_mean_shape(path: str | PathLike, num_joints: int) -> np.ndarray:
    """Read what :func:`save_mean_shape` writes.

    Args:
        path (str | PathLike): A ``.json`` file with a list of [x, y], or ``.npy``.
        num_joints (int): The K that it must have.

    Returns:
        np.ndarray: float32 (K, 2).

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be read or is no mean shape.
    """
    path = check_mean_shape_path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'mean_shape: there is no file {path}; tools/compute_mean_shape.py '
            "writes one, and mean_shape='auto' needs none")
    try:
        if path.suffix == '.npy':
            array = np.load(path, allow_pickle=False)
        else:
            array = json.loads(path.read_text(encoding='utf-8'))
        return check_mean_shape(array, num_joints)
    except (ValueError, TypeError) as error:
        raise ValueError(f'{path}: {error}') from error


def check_mean_shape_path(path: str | PathLike) -> Path:
    """Refuse what does not name a ``.json`` or ``.npy`` file.

    Raises:
        ValueError: If the name ends otherwise.
    """
    path = Path(path)
    if path.suffix not in ('.json', '.npy'):
        raise ValueError("mean_shape must be an array, 'auto', or a file that ends in "
                         f'.json or .npy, got {str(path)!r}')
    return path


def _labels(dataset: Sequence, index: int) -> tuple[np.ndarray, np.ndarray]:
    instances = dataset[index]['data_samples'].gt_instance_labels
    return (np.asarray(instances.keypoint_labels, np.float64),
            np.asarray(instances.keypoint_weights))


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
