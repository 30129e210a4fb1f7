"""Read a config by path or by name."""

from __future__ import annotations

import os
import os.path as osp
import tempfile

import yaml
from mmengine.config import Config

from mmwing.files import check_regular_file, read_json, read_text
from mmwing.resources import config_path

from .names import mmpose_config_path
from .options import merge_options


def load_config(config: str | os.PathLike,
                cfg_options: dict | None = None) -> Config:
    """Read a config by path, or one of mmwing's or MMPose's by name.

    Args:
        config: Path of a config file, the name of one that mmwing ships, or
            ``mmpose::`` and the path of one that MMPose ships. A ``.py`` file is
            executed, and so are the ``.py`` files that it inherits from; JSON and
            YAML are read as data. What a config of any format names is built later.
        cfg_options: What ``--cfg-options`` gives: dotted key -> value.

    Raises:
        FileNotFoundError: A path that does not exist, or a name that MMPose does
            not ship.
        ValueError: A name that mmwing does not ship, or a file that is no
            model config, a YAML file with tags that create Python objects, or a
            ``.py`` file that fails; an option that nothing reads.
        TypeError: What is neither a name nor a path.
    """
    if not isinstance(config, (str, os.PathLike)):
        raise TypeError('config must be the name or path of a config, got '
                        f'{config!r}')
    config = os.fspath(config)
    if osp.isdir(config):
        raise ValueError(f'config {config!r} is a folder; a config file is needed')
    if '::' in config:
        config = mmpose_config_path(config)
    if osp.exists(config):
        check_regular_file(config)
    else:
        if os.sep in config:
            raise FileNotFoundError(f'config {config!r} does not exist (working '
                                    f'directory: {os.getcwd()})')
        config = config_path(config)
    if osp.splitext(config)[1] not in ('.py', '.json', '.yaml', '.yml'):
        raise ValueError(f'{config!r} is not a config file: its name must end in .py, '
                         '.json, .yaml or .yml')
    try:
        _check_data_only(config)
        cfg = config_from_file(config)
    except SyntaxError as error:  # may be in a base; MMEngine parses without names
        raise ValueError(f'config {config!r}, or one that it inherits from, is no '
                         f'valid Python: line {error.lineno}: {error.msg}') from error
    except RecursionError as error:
        raise ValueError(f'config {config!r} inherits from itself, by _base_, or is '
                         f'nested too deeply: {error}') from error
    except (OSError, ValueError, ImportError):
        raise
    # What a config executes may fail in any way.
    except Exception as error:
        raise ValueError(f'config {config!r}, or one that it inherits from, cannot be '
                         f'read: {type(error).__name__}: {error}') from error
    merge_options(cfg, cfg_options or {})
    for key in ('model', 'default_scope'):
        if key not in cfg:
            raise ValueError(f'{config!r} is not an MMPose config: it has no {key!r}')
    if not isinstance(cfg.model, dict):
        raise ValueError(f'{config!r} is not an MMPose config: its model must be a '
                         f'dict, got {cfg.model!r}')
    return cfg


def config_from_file(path: str | os.PathLike) -> Config:
    """``Config.fromfile``, which first copies the file among the temporary ones.

    Raises:
        OSError: The message names a file, or the folder of temporary files where that
            is full.
    """
    try:
        return Config.fromfile(path)
    except OSError as error:
        if error.filename is None:
            raise OSError(error.errno, error.strerror, tempfile.gettempdir()) from error
        raise


def _check_data_only(config: str) -> None:
    """See that a JSON or YAML config, and each that it inherits from, is plain data.

    MMEngine reads YAML with a loader that builds any Python object that it names.

    Raises:
        ValueError: It is not.
    """
    if config.endswith('.py'):
        return
    try:
        content = (read_json(config) if config.endswith('.json') else
                   yaml.safe_load(read_text(config)))
    except (ValueError, yaml.YAMLError) as error:
        raise ValueError(
            f'config {config!r} is not plain data in JSON or YAML, as its name says: '
            f'{error}. Write it as plain data, or as a .py config') from error
    if not isinstance(content, dict):
        raise ValueError(f'config {config!r} must hold a dict, got a '
                         f'{type(content).__name__}')
    bases = content.get('_base_', [])
    for base in [bases] if isinstance(bases, str) else bases:
        if '::' not in base:
            _check_data_only(osp.join(osp.dirname(config), base))
