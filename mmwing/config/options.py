"""Read options such as ``--cfg-options`` and put them into a config."""

from __future__ import annotations

import argparse
import difflib
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

# What a config may hold beside the arguments of MMEngine's runner, and is read: by it,
# by Config.fromfile, by mmwing.config.
_READ_BY_OTHERS = (
    'activation_checkpointing', 'compile', 'custom_imports', 'efficient_conv_bn_eval',
    'find_unused_parameters', 'model_wrapper_cfg', 'preprocess_cfg', 'runner_type',
    'sync_bn')


class ConfigOptions(DictAction):
    """MMEngine's action, with a message for what is no ``KEY=VALUE``."""

    #: What the message gives as an example.
    example = 'optim_wrapper.optimizer.lr=1e-3'

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
                 values: str | Sequence[Any] | None,
                 option_string: str | None = None) -> None:
        """Read the values; see :class:`argparse.Action`."""
        for value in values or ():
            key, sign, _ = value.partition('=')
            if not key or not sign:
                parser.error(f'{option_string} takes KEY=VALUE, such as '
                             f'{self.example}; got {value!r}')
        try:
            super().__call__(parser, namespace, values, option_string)  # type: ignore
        except AssertionError as error:  # brackets that do not close
            parser.error(f'{option_string}: {error}')


def merge_options(cfg: Config, options: Mapping[str, Any]) -> None:
    """Put options into a config, in place.

    Args:
        cfg: The config.
        options: Dotted key -> value, such as ``{'model.head.loss.omega': 15}``.

    Raises:
        ValueError: If the first part of a key is neither in the config nor an argument
            of the runner, so that nothing would read it; or a key cannot be reached.
        TypeError: If they are no dict, or a key is no text.
    """
    if not isinstance(options, Mapping) or not all(
            isinstance(key, str) for key in options):
        raise TypeError('cfg_options must be a dict of dotted keys, such as '
                        f"{{'model.head.loss.omega': 15}}; got {options!r}")
    known = {*cfg, *inspect.signature(Runner.__init__).parameters, *_READ_BY_OTHERS}
    for key in options:
        top = key.partition('.')[0]
        if top not in known:
            near = difflib.get_close_matches(top, known, n=3)
            raise ValueError(
                f'option {key!r}: the config has no {top!r}, and training and test '
                'read nothing of that name'
                + (f'; the nearest: {", ".join(near)}' if near else ''))
    try:
        cfg.merge_from_dict(dict(options))
    except (KeyError, IndexError, TypeError) as error:
        reason = error.args[0] if isinstance(error, KeyError) else error
        raise ValueError(f'option {" or ".join(map(repr, options))} cannot be set: '
                         f'{reason}') from error
