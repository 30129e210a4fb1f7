"""Find a loss by name and check its arguments."""

from __future__ import annotations

import difflib
import inspect

from mmwing.models.losses import ResidualLoss
from mmwing.registry import MODELS
from mmwing.walk import type_name

_PREFIX = 'mmwing.'


def loss_names() -> list[str]:
    """Names of mmwing's registered losses, without the scope."""
    return sorted(name for name, module in MODELS.module_dict.items()
                  if inspect.isclass(module) and issubclass(module, ResidualLoss))


def is_ours(config: object) -> bool:
    """Whether ``config`` is that of a module of mmwing's."""
    return type_name(config).startswith(_PREFIX)


def find_loss(name: str) -> type[ResidualLoss]:
    """The class of a loss.

    Args:
        name: With or without ``mmwing.`` in front.

    Raises:
        ValueError: There is none of that name; the nearest are named.
    """
    known = loss_names()
    stem = str(name).removeprefix(_PREFIX)
    if stem in known:
        return MODELS.module_dict[stem]
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(stem.lower(), lower, n=3, cutoff=0.4)
    raise ValueError(f'mmwing has no loss {name!r}; the nearest: '
                     f'{", ".join(lower[each] for each in near) or ", ".join(known)}')


def takes_heatmaps(loss: type[ResidualLoss]) -> bool:
    """Whether the defaults of ``loss`` are for heat maps, not for coordinates."""
    return getattr(loss, 'target_kind', None) == 'heat maps'  # MMPose's have none


def loss_arguments(loss: type[ResidualLoss]) -> list[str]:
    """The arguments that a loss takes, those of its bases last."""
    names: list[str] = []
    for cls in loss.__mro__:
        if '__init__' not in vars(cls):
            continue
        parameters = inspect.signature(vars(cls)['__init__']).parameters.values()
        names += [p.name for p in parameters if p.name not in (*names, 'self')
                  and p.kind is not inspect.Parameter.VAR_KEYWORD]
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return names


def check_arguments(loss: type[ResidualLoss], arguments: dict) -> None:
    """See that ``loss`` can be built with ``arguments``.

    Raises:
        TypeError: An argument that it does not have.
        ValueError: A value that it refuses.
    """
    known = loss_arguments(loss)
    unknown = [name for name in arguments if name not in known]
    if unknown:
        raise TypeError(f'{loss.__name__} has no argument {", ".join(unknown)}; it '
                        f'takes {", ".join(known)}')
    loss(**arguments)
