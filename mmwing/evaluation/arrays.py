"""Arrays of numbers, of whatever a caller has them in."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def as_array(value: Any, name: str) -> np.ndarray:
    """A numpy array of numbers, also from a tensor on any device.

    What a masked array masks becomes NaN; whole numbers become floats for it.

    Raises:
        TypeError: If it is something else; the message begins with ``name``.
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        # numpy has no bfloat16.
        value = (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, np.ma.MaskedArray) and value.dtype.kind in 'fiub':
        # asarray would give what lies under the mask. The type is the smallest that
        # holds NaN and the numbers.
        value = np.ma.filled(
            value.astype(np.promote_types(value.dtype, np.float16)), np.nan)
    try:
        array = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise TypeError(f'{name} must be an array of numbers: {error}') from error
    if array.dtype.kind not in 'fiub':
        raise TypeError(f'{name} must be an array of numbers, got '
                        f'{type(value).__name__} of {array.dtype}')
    return array
