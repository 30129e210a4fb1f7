"""The mean shape that heads and cascades start from: its buffer, checks and files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mmwing.files import check_regular_file, read_json, replace_file, write_text


class HasMeanShape:
    """Mixin of a module whose buffer ``mean_shape`` (K, 2) may be filled later.

    NaN says "not yet": it survives a checkpoint and cannot go unnoticed. Looking at
    the buffer makes a GPU wait, so that :meth:`require_mean_shape` does it once.
    """

    mean_shape: Tensor | None
    num_joints: int
    register_buffer: Callable
    _mean_shape_is_known = False

    def register_mean_shape(
            self, mean_shape: np.ndarray | Sequence | str | PathLike) -> None:
        """Make the buffer.

        Args:
            mean_shape (array | str | Path): Coordinates normalised by the input size,
                (K, 2); a file with them; or ``'auto'``: unknown yet.

        Raises:
            ValueError: If it is none of these.
        """
        value = torch.full((self.num_joints, 2), torch.nan)
        if isinstance(mean_shape, str | PathLike) and mean_shape != 'auto':
            mean_shape = load_mean_shape(mean_shape, self.num_joints)
        self.register_buffer('mean_shape', value)
        if not isinstance(mean_shape, str):
            self.set_mean_shape(mean_shape)

    @property
    def needs_mean_shape(self) -> bool:
        """Whether the mean shape is still to be filled."""
        return self.mean_shape is not None and bool(self.mean_shape.isnan().any())

    def set_mean_shape(self, mean_shape: np.ndarray | Sequence) -> None:
        """Fill the mean shape of a module that was built with one.

        Args:
            mean_shape (array): Coordinates normalised by the input size, (K, 2).

        Raises:
            ValueError: If the shape is not (K, 2), not finite or looks like pixels.
            RuntimeError: If the module was built without a mean shape.
        """
        if self.mean_shape is None:
            raise RuntimeError("the head was built without mean_shape; build it with "
                               "mean_shape='auto' to fill it later")
        value = check_mean_shape(mean_shape, self.num_joints)
        self.mean_shape.copy_(torch.as_tensor(value))
        self._mean_shape_is_known = True

    def require_mean_shape(self) -> None:
        """Raise RuntimeError while the mean shape is still to be filled."""
        if (self._mean_shape_is_known or torch.compiler.is_compiling()
                or torch.jit.is_tracing()):
            return
        if self.needs_mean_shape:
            raise RuntimeError(
                "mean_shape='auto' has not been computed: train with "
                "custom_hooks=[dict(type='mmwing.MeanShapeHook')], load a checkpoint "
                'of such a run, or set mean_shape to a file that '
                '`mmwing mean-shape` writes')
        self._mean_shape_is_known = True

    def _load_from_state_dict(self, *args, **kwargs) -> None:
        super()._load_from_state_dict(*args, **kwargs)  # type: ignore[misc]
        self._mean_shape_is_known = False


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
    if not path.exists():
        raise FileNotFoundError(
            f'mean_shape: there is no file {path}; `mmwing mean-shape` '
            "writes one, and mean_shape='auto' needs none")
    try:
        if path.suffix == '.npy':
            check_regular_file(path)
            array = np.load(path, allow_pickle=False)
        else:
            array = read_json(path)
        return check_mean_shape(array, num_joints)
    except (ValueError, TypeError, EOFError, MemoryError) as error:
        raise ValueError(f'{path}: {str(error) or type(error).__name__}') from error


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
