"""Find what makes a GPU wait for the host, without a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

#: Methods that copy a tensor to the host, and those that make one from host memory:
#: on a GPU either waits until all that was asked for before is done.
METHODS = ('item', 'tolist', 'numpy', 'cpu', 'new_tensor', '__bool__', '__float__',
           '__int__', '__index__', '__array__')
FUNCTIONS = ('tensor', 'as_tensor', 'from_numpy')
#: What remains of them below Python, in operators made of others, too.
OPERATORS = ('_local_scalar_dense', 'equal', 'nonzero', 'is_nonzero', 'masked_select')


class Synchronisation(Exception):
    """Something waits for the device."""


class _Operators(TorchDispatchMode):

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        # A mask as index: how many elements it has, only the device knows.
        masks = [index for index in (args[1] if name in ('index', 'index_put_') else ())
                 if index is not None and index.dtype == torch.bool]
        if name in OPERATORS or masks:
            raise Synchronisation(str(func))
        return func(*args, **(kwargs or {}))


def _refuse(name: str):
    def refuse(*args, **kwargs):
        raise Synchronisation(name)
    return refuse


@contextmanager
def no_synchronisation() -> Iterator[None]:
    """Raise Synchronisation where what runs inside would synchronise with a GPU."""
    with ExitStack() as stack:
        for name in METHODS:
            stack.enter_context(mock.patch.object(torch.Tensor, name, _refuse(name)))
        for name in FUNCTIONS:
            stack.enter_context(mock.patch.object(torch, name, _refuse(name)))
        stack.enter_context(_Operators())
        yield
