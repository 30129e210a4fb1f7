"""Read the config that a checkpoint carries, without executing anything.

MMEngine builds whatever importable name stands at ``type``: a config with
``type='subprocess.Popen'`` starts a program. From a checkpoint, which may come from
anywhere, only what is registered is built.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from mmengine.config import Config
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS
from mmengine.registry import WEIGHT_INITIALIZERS, Registry

from mmwing import stack
from mmwing.config import replace_mmdet_names
from mmwing.engine.hooks.checkpoint_config_hook import CONFIG_KEY
from mmwing.registry import KEYPOINT_CODECS, MODELS, TRANSFORMS
from mmwing.walk import walk


def find_test_pipeline(cfg: Mapping) -> list[dict]:
    """The pipeline of a config's test data, or of its validation data.

    Raises:
        ValueError: If neither has one.
    """
    for split in ('test', 'val'):
        # Outermost first: that of a wrapper comes after those of what it wraps.
        for _, config in walk((cfg.get(f'{split}_dataloader') or {}).get('dataset')):
            if config.get('pipeline'):
                return config['pipeline']
    raise ValueError('the config has no pipeline in test_dataloader or val_dataloader, '
                     'which says how faces are cropped')


def checkpoint_config(checkpoint: Mapping, name: str) -> Config | None:
    """The config in a checkpoint of a training with mmwing.

    Args:
        checkpoint: What the file holds.
        name: What messages call it.

    Returns:
        What a prediction needs of the config: ``default_scope``, ``model`` and the
        pipeline of ``test_dataloader``. None if the checkpoint has no config as data.

    Raises:
        ValueError: If it is damaged, or names a class that is not registered.
    """
    meta = checkpoint.get('meta')
    text = meta.get(CONFIG_KEY) if isinstance(meta, Mapping) else None
    if text is None:
        return None
    try:
        content = json.loads(text)
        cfg = Config({
            'default_scope': content['default_scope'], 'model': content['model'],
            'test_dataloader': {'dataset': {'pipeline': find_test_pipeline(content)}}})
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError
            ) as error:
        raise ValueError(f'the config in checkpoint {name!r} is damaged: '
                         f'{type(error).__name__}: {error}') from error
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    _check_types(cfg, name)
    _ask_for_no_files(cfg.model)
    return cfg


def _check_types(cfg: Config, name: str) -> None:
    """Refuse what MMEngine would import instead of finding it in a registry."""
    types, scopes = _registered()
    for _, config in walk(cfg):
        unknown = [config[key] for key in ('_scope_', 'default_scope')
                   if config.get(key, 'mmpose') not in scopes]
        if 'type' in config and config['type'] not in types:
            unknown.append(config['type'])
        if unknown:
            raise ValueError(
                f'the config in checkpoint {name!r} was refused: it names '
                f'{unknown[0]!r}, which is not registered with MMPose or mmwing. '
                'Import the package that registers it first, or give the config by '
                "name or path: config='…'")


def _registered() -> tuple[set[str], set[str]]:
    """All that ``type`` may be, ``Name`` and ``scope.Name``, and all scopes."""
    registry: Registry | None
    for registry in (MODELS, TRANSFORMS, KEYPOINT_CODECS):
        while registry is not None:
            registry.import_from_location()
            registry = registry.parent
    types, scopes = set(), set()
    for root in (ROOT_MODELS, ROOT_TRANSFORMS, WEIGHT_INITIALIZERS,
                 KEYPOINT_CODECS.parent):
        for registry in _with_children(root):
            scopes.add(registry.scope)
            types.update(registry.module_dict)
            types.update(f'{registry.scope}.{key}' for key in registry.module_dict)
    return types, scopes


def _with_children(registry: Registry) -> Iterator[Registry]:
    yield registry
    for child in registry.children.values():
        yield from _with_children(child)


def _ask_for_no_files(model: dict) -> None:
    """Forget files of the machine that trained: what they held is in the weights."""
    for _, config in walk(model):
        if isinstance(config.get('mean_shape'), str):
            config['mean_shape'] = 'auto'
        if 'init_cfg' in config:
            config['init_cfg'] = None
