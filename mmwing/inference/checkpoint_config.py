"""Read the config that a checkpoint carries, without executing anything.

MMEngine builds whatever importable name stands at ``type``: a config with
``type='subprocess.Popen'`` starts a program. From a checkpoint, which may come from
anywhere, only what is registered is built.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping

from mmengine.config import Config
from mmengine.registry import DATA_SAMPLERS, WEIGHT_INITIALIZERS, Registry
from mmengine.registry import DATASETS as ROOT_DATASETS
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import TRANSFORMS as ROOT_TRANSFORMS

from mmwing import stack
from mmwing.config import replace_mmdet_names
from mmwing.engine.hooks.checkpoint_config_hook import CONFIG_KEY
from mmwing.registry import DATASETS, KEYPOINT_CODECS, METRICS, MODELS, TRANSFORMS
from mmwing.resources import base_config
from mmwing.walk import type_name, walk

#: Metrics that only compute. Others may write files where a config says.
METRICS_WITHOUT_FILES = ('mmwing.FaceAlignmentMetric', 'NME', 'EPE', 'AUC',
                         'PCKAccuracy')

# As MMEngine writes it, of mmwing's own variables alone.
_FROM_ENVIRONMENT = re.compile(r'\{\{\$(MMWING_\w+):([^{}]*)\}\}')


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
    return _read(checkpoint, name, lambda content: {
        'test_dataloader': {'dataset': {'pipeline': find_test_pipeline(content)}}})


def evaluation_config(checkpoint: Mapping, name: str) -> Config | None:
    """The config in a checkpoint with what a test needs, data and metrics.

    What else a test has, such as hooks and logs, is that of mmwing's own configs.

    Args:
        checkpoint: What the file holds.
        name: What messages call it.

    Returns:
        A config for :func:`mmwing.config.build_runner`. A ``data_root`` that reads
        ``{{$MMWING_…:default}}`` is looked up in the environment. None if the
        checkpoint has no config as data.

    Raises:
        ValueError: If it is damaged or has no test data, or if it names a class that
            is not registered, a metric that may write files, or a Python file.
    """
    found = _read(checkpoint, name, lambda content: {
        'test_dataloader': content['test_dataloader'],
        'test_evaluator': content['test_evaluator']})
    if found is None:
        return None
    for _, config in walk(found.test_evaluator):
        if 'type' in config and type_name(config) not in METRICS_WITHOUT_FILES:
            raise ValueError(f'the config in checkpoint {name!r} was refused: of its '
                             f'metrics {config["type"]!r} is not one of '
                             f'{", ".join(METRICS_WITHOUT_FILES)}')
    for _, config in walk(found.test_dataloader):
        if str(config.get('from_file', '')).endswith('.py'):
            raise ValueError(
                f'the config in checkpoint {name!r} was refused: it names the Python '
                f"file {config['from_file']!r}, which would be executed; give the "
                'config: mmwing test CONFIG CHECKPOINT')
        if isinstance(config.get('data_root'), str):
            config['data_root'] = _FROM_ENVIRONMENT.sub(
                lambda match: os.environ.get(match[1], match[2]), config['data_root'])
    cfg = Config.fromfile(base_config('default_runtime'))
    cfg.pop('val_cfg')  # MMEngine takes it with a val_dataloader alone
    cfg.update(found.to_dict())
    return cfg


def _read(checkpoint: Mapping, name: str,
          choose: Callable[[dict], dict]) -> Config | None:
    """Scope, model and what ``choose`` takes of the config in a checkpoint, checked."""
    meta = checkpoint.get('meta')
    text = meta.get(CONFIG_KEY) if isinstance(meta, Mapping) else None
    if text is None:
        return None
    try:
        content = json.loads(text)
        cfg = Config({'default_scope': content['default_scope'],
                      'model': content['model'], **choose(content)})
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError
            ) as error:
        raise ValueError(f'the config in checkpoint {name!r} is damaged: '
                         f'{type(error).__name__}: {error}') from error
    if 'mmdet' in stack.offered:
        replace_mmdet_names(cfg)
    _check_types(cfg, name)
    ask_for_no_files(cfg.model)
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
    for registry in (MODELS, TRANSFORMS, KEYPOINT_CODECS, DATASETS, METRICS):
        while registry is not None:
            registry.import_from_location()
            registry = registry.parent
    types, scopes = set(), set()
    for root in (ROOT_MODELS, ROOT_TRANSFORMS, ROOT_DATASETS, ROOT_METRICS,
                 DATA_SAMPLERS, WEIGHT_INITIALIZERS, KEYPOINT_CODECS.parent):
        for registry in _with_children(root):
            scopes.add(registry.scope)
            types.update(registry.module_dict)
            types.update(f'{registry.scope}.{key}' for key in registry.module_dict)
    return types, scopes


def _with_children(registry: Registry) -> Iterator[Registry]:
    yield registry
    for child in registry.children.values():
        yield from _with_children(child)


def ask_for_no_files(model: Mapping) -> None:
    """Forget files of the machine that trained: what they held is in the weights."""
    for _, config in walk(model):
        if isinstance(config.get('mean_shape'), str):
            config['mean_shape'] = 'auto'
        if 'init_cfg' in config:
            config['init_cfg'] = None
