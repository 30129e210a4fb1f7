"""Fetch pretrained weights by address or by name of a model zoo.

What was fetched is loaded like a local file, see :mod:`mmwing.stack.checkpoints`.
"""

from __future__ import annotations

import difflib
import os
import os.path as osp

from .checkpoints import load_checkpoint_file
from .stand_ins import offered


def zoo_url(name: str) -> str:
    """The address behind a name of a model zoo, such as ``torchvision://resnet50``.

    torchvision need not be installed: MMEngine carries a list of its addresses.

    Raises:
        ValueError: The zoo has no such model; the nearest names are given.
    """
    from mmengine.fileio import load
    from mmengine.runner import checkpoint as zoos

    zoo, _, model = name.partition('://')
    if zoo == 'mmcls':
        urls = zoos.get_mmcls_models()
    elif zoo in ('torchvision', 'modelzoo'):
        urls = load(osp.join(osp.dirname(zoos.__file__), osp.pardir, 'hub',
                             'torchvision_0.12.json'))
        if model not in urls and 'torchvision' not in offered:
            urls = zoos.get_torchvision_models()
    else:
        urls = zoos.get_external_models()
        model = zoos.get_deprecated_model_names().get(model, model)
    if model not in urls:
        near = difflib.get_close_matches(model, urls, n=3, cutoff=0.3)
        raise ValueError(f'pretrained weights {name!r} are unknown to {zoo}://; the '
                         f'nearest: {", ".join(near) or "none"}')
    return urls[model]


def _download(url: str, name: str, folder: str | None = None) -> str:
    """The local file of ``url``, fetched unless it is there; ``name`` as the user says.

    Raises:
        FileNotFoundError: It cannot be fetched; says how to do without.
    """
    import torch

    folder = folder or osp.join(torch.hub.get_dir(), 'checkpoints')
    path = osp.join(folder, osp.basename(url))
    if not osp.exists(path):
        os.makedirs(folder, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, path)
        except OSError as error:
            address = '' if name == url else f' ({url})'
            raise FileNotFoundError(
                f'weights {name}{address} cannot be reached: {error}. Put the file at '
                f'{path}. A training can do without pretrained weights: --cfg-options '
                'model.backbone.init_cfg=None (model.init_cfg=None where the config '
                'has them there)') from error
    return path


def register_download_loaders() -> None:
    """Let MMEngine load addresses and names of model zoos through this module."""
    from mmengine.runner.checkpoint import CheckpointLoader

    def load_from_http(filename, map_location=None, model_dir=None):
        return load_checkpoint_file(_download(filename, filename, model_dir),
                                    map_location)

    def load_from_zoo(filename, map_location=None):
        path = zoo_url(filename)
        if '://' in path:
            path = _download(path, filename)
        else:  # a user's own list, relative to MMEngine's home
            cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
            home = os.environ.get('MMENGINE_HOME', osp.join(cache, 'mmengine'))
            path = osp.join(home, path)
        weights = load_checkpoint_file(path, map_location)
        if not filename.startswith('mmcls://'):
            return weights
        # Classifiers: their backbone is what a pose model loads.
        state = weights.get('state_dict', weights)
        return {'state_dict': {key.removeprefix('backbone.'): value for key, value
                               in state.items() if key.startswith('backbone.')}}

    for prefixes, loader in (
            (['http://', 'https://'], load_from_http),
            (['torchvision://', 'modelzoo://', 'open-mmlab://', 'openmmlab://',
              'mmcls://'], load_from_zoo)):
        CheckpointLoader.register_scheme(prefixes=prefixes, loader=loader, force=True)
