"""Make a slim file of a training's checkpoint: what a prediction and a test need."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.fileio import dump
from mmengine.runner import CheckpointLoader

from mmwing.config import load_config
from mmwing.engine.hooks.checkpoint_config_hook import CONFIG_KEY
from mmwing.files import check_file, write_bytes, write_text
from mmwing.version import __version__
from mmwing.walk import datasets

from .box_convention import OTHER_BOX
from .checkpoint_config import ask_for_no_files, find_test_pipeline
from .model_card import (
    CARD_KEY,
    UNKNOWN_LICENCE,
    draft_card,
    facts_of_training,
)
from .models import find_model, plain_metainfo

# Below this many numbers, float16 saves nothing and costs digits: mean shapes, biases,
# the statistics of normalisations.
_FEW = 1024

#: Data sets of the configs -> where the environment says that they are.
_DATA_ROOTS = {'Face300WDataset': '{{$MMWING_300W:data/300w/}}',
               'WFLWDataset': '{{$MMWING_WFLW:data/wflw/}}',
               'COFWDataset': '{{$MMWING_COFW:data/cofw/}}',
               'AFLWDataset': '{{$MMWING_AFLW:data/aflw/}}'}


@dataclass(frozen=True)
class Published:
    """A slim file that was written.

    Attributes:
        path: The file.
        card: The draft of its model card.
        sha256: Digest of the file, hexadecimal.
        size: Of the file, in bytes.
        weights: ``'ema'``, the moving average that was validated, or ``'last'``.
    """

    path: Path
    card: Path
    sha256: str
    size: int
    weights: str


def publish_model(checkpoint: str | os.PathLike, out: str | os.PathLike, *,
                  config: str | os.PathLike | Config | None = None, fp16: bool = False,
                  licence: str | None = None, boxes: str | None = None,
                  overwrite: bool = False) -> Published:
    """Write what a prediction needs of a checkpoint, and the draft of a model card.

    The file holds the weights (those of the moving average where the training kept one:
    they are what was validated), the config as JSON without the training, the metainfo
    of the landmarks, and facts for the card. It loads with
    ``torch.load(weights_only=True)``, and serves :class:`mmwing.FaceLandmarker`,
    ``mmwing test``, MMPose's ``init_model`` and ``load_from``.

    Args:
        checkpoint: A file, a work dir (its last checkpoint), or a name of
            :func:`mmwing.list_models`.
        out: The file, ``NAME.pth``. The card goes beside it, ``NAME.md``.
        config: Name or path of the config, or the config itself; needed for
            checkpoints that do not hold it as data.
        fp16: Store matrices and kernels in half precision. Models load them as
            float32.
        licence: What the weights may be used for. By default what is known of the data
            set.
        boxes: Which boxes the faces were cropped by, in words. By default what is known
            of the data set.
        overwrite: Replace a file that is there.

    Returns:
        What was written.

    Raises:
        FileExistsError: If there is such a file, or a card beside it.
        ValueError: If the checkpoint holds no model of MMPose's or no config as data,
            or ``out`` does not end in ``.pth``.
        FileNotFoundError: If there is no such checkpoint.
        pickle.UnpicklingError: If it is damaged or holds Python objects.
        OSError: If the file cannot be written.
    """
    out = Path(out)
    card = out.with_suffix('.md')
    if out.suffix != '.pth':
        raise ValueError(f'the name of a model must end in .pth, got {str(out)!r}')
    for path in (out, card):
        if path.exists() and not overwrite:
            raise FileExistsError(f'{path} exists: --overwrite replaces it')
        check_file(path)
    source = find_model(checkpoint)
    content = CheckpointLoader.load_checkpoint(source, 'cpu', logger='silent')
    weights = _weights(content, source)
    full = _full_config(content, source, config)
    meta = content.get('meta') or {}
    if not isinstance(meta.get('dataset_meta'), Mapping):
        raise ValueError(f'checkpoint {source!r} does not say what its landmarks are '
                         '(dataset_meta): it was not written by a training')
    facts = {**(meta.get(CARD_KEY) or {}), **(
        facts_of_training(full, meta) if 'train_dataloader' in full else {})}
    facts['precision'] = 'float16' if fp16 else 'float32'
    facts['weights'] = ('ema' if 'ema_state_dict' in content
                        else facts.get('weights', 'last'))
    facts['licence'] = licence or facts.get('licence', UNKNOWN_LICENCE)
    facts['boxes'] = boxes or facts.get('boxes', OTHER_BOX)
    slim = {
        'meta': {
            'mmwing_version': __version__, CONFIG_KEY: _slim_config(full),
            'dataset_meta': plain_metainfo(meta['dataset_meta']), CARD_KEY: facts,
            # As trainings write it, for reports.
            **({'seed': facts['seed']} if 'seed' in facts else {})},
        'state_dict': {key: _stored(value, fp16) for key, value in weights.items()}}
    buffer = io.BytesIO()
    torch.save(slim, buffer)
    data = buffer.getvalue()
    digest = sha256(data).hexdigest()
    write_bytes(out, data)
    write_text(card, draft_card(out.stem, facts, digest, len(data)))
    return Published(out, card, digest, len(data), facts['weights'])


def _weights(content: Any, source: str) -> Mapping[str, torch.Tensor]:
    weights = content.get('state_dict') if isinstance(content, Mapping) else None
    if not isinstance(weights, Mapping) or not weights or not all(
            isinstance(value, torch.Tensor) for value in weights.values()):
        raise ValueError(f'{source!r} is not a checkpoint of a training with MMEngine: '
                         "it has no weights under 'state_dict'")
    # MMEngine's EMAHook puts the averages where a model's weights are looked for, and
    # the last iteration's into 'ema_state_dict'.
    return weights


def _full_config(content: Mapping, source: str,
                 config: str | os.PathLike | Config | None) -> dict:
    if config is not None:
        cfg = config if isinstance(config, Config) else load_config(config)
        return json.loads(dump(cfg.to_dict(), file_format='json'))
    text = (content.get('meta') or {}).get(CONFIG_KEY)
    if text is None:
        raise ValueError(f'checkpoint {source!r} does not hold its config as data (it '
                         'is older, or was not trained by mmwing): name it with '
                         '--config')
    try:
        full = json.loads(text)
        find_test_pipeline(full)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f'the config in checkpoint {source!r} is damaged: {error}'
                         ) from error
    return full


def _slim_config(full: Mapping) -> str:
    """What predicts and tests, as JSON; without paths of the machine that trained."""
    split = 'test' if full.get('test_dataloader') else 'val'
    slim = {'default_scope': full.get('default_scope', 'mmpose'),
            'model': json.loads(json.dumps(full['model'])),
            'test_dataloader': json.loads(json.dumps(full[f'{split}_dataloader']))}
    if full.get(f'{split}_evaluator'):
        slim['test_evaluator'] = full[f'{split}_evaluator']
    ask_for_no_files(slim['model'])
    for _, dataset in datasets(slim['test_dataloader']['dataset']):
        if dataset.get('type') in _DATA_ROOTS and 'data_root' in dataset:
            dataset['data_root'] = _DATA_ROOTS[dataset['type']]
    return json.dumps(slim)


def _stored(value: torch.Tensor, fp16: bool) -> torch.Tensor:
    value = value.detach().cpu()
    half = value.half() if fp16 and value.is_floating_point() else value
    if value.numel() < _FEW or not torch.isfinite(half).all():
        half = value
    # A view would take its whole storage along.
    return half.clone(memory_format=torch.contiguous_format)
