"""Model cards: what a published model may be used for, and how it came about."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from mmwing.engine.hooks.checkpoint_config_hook import CONFIG_KEY
from mmwing.walk import datasets, find

from .box_convention import boxes_of_data

#: Where a published file holds the facts of its card, in its ``meta``.
CARD_KEY = 'card'

_RESEARCH = ('for non-commercial research only: the terms of the {} data set bind what '
             'is trained on it')

#: Class of a data set -> what weights trained on it may be used for.
LICENCES = {
    'Face300WDataset': _RESEARCH.format('300-W'),
    'WFLWDataset': _RESEARCH.format('WFLW'),
    'COFWDataset': _RESEARCH.format('COFW'),
    'AFLWDataset': _RESEARCH.format('AFLW'),
    'mmwing.SyntheticFaceDataset':
        'free, under Apache-2.0: they know painted faces alone'}
UNKNOWN_LICENCE = 'for uses that the terms of the training data allow'

#: What every card has, and the tests of the package ask for.
SECTIONS = ('Data', 'Licence', 'Training', 'Figures', 'Intended use', 'Limits')

#: What a person has to write.
TO_WRITE = '(to be written)'


def card_of(meta: Mapping) -> dict[str, Any]:
    """Facts of the card of a checkpoint: those it holds, or what its config tells.

    Args:
        meta: Of the checkpoint.
    """
    try:
        full = json.loads(meta[CONFIG_KEY])
        told = facts_of_training(full, meta) if 'train_dataloader' in full else {}
    except (AttributeError, KeyError, TypeError, ValueError):
        told = {}
    return {**(meta.get(CARD_KEY) or {}), **told}


def facts_of_training(full: Mapping, meta: Mapping) -> dict[str, Any]:
    """What a training left of how it came about.

    Args:
        full: Its config.
        meta: Of its checkpoint.
    """
    facts: dict[str, Any] = {}
    for _, hook in find(list(full.get('custom_hooks') or []), 'mmwing.RunRecordHook'):
        provenance = hook.get('provenance') or {}
        if provenance.get('config'):
            facts['config'] = provenance['config']
        if provenance.get('options'):
            facts['options'] = {key: _without_folders(value) for key, value
                                in provenance['options'].items()}
    if 'config' not in facts:
        name = re.sub(r'_\d{8}_\d{6}$', '', str(meta.get('experiment_name', '')))
        facts.update({'config': name} if name else {})
    facts.update({key: meta[key] for key in ('seed', 'epoch', 'iter')
                  if isinstance(meta.get(key), int)})
    trained_on = [dataset for _, dataset in datasets(
        full['train_dataloader']['dataset'])]
    facts['trained_on'] = [
        os.path.basename(str(dataset.get('ann_file') or '')) or dataset['type']
        for dataset in trained_on]
    kinds = {dataset['type'] for dataset in trained_on}
    if kinds <= set(LICENCES):
        facts['licence'] = '; '.join(sorted({LICENCES[kind] for kind in kinds}))
    facts['boxes'] = boxes_of_data(full['train_dataloader']['dataset'])
    return facts


def _without_folders(value: Any) -> Any:
    """Where things lie on the machine that trained is nobody's business."""
    if isinstance(value, str) and os.path.isabs(value):
        return f'…/{os.path.basename(value)}'
    return value


def draft_card(name: str, facts: Mapping[str, Any], digest: str, size: int) -> str:
    """The text of a model card, with what the checkpoint tells.

    Args:
        name: Of the model.
        facts: What the file holds at ``meta['card']``.
        digest: sha256 of the file.
        size: Of the file, in bytes.
    """
    config = facts.get('config', '')
    options = ' '.join(f'{key}={value}' for key, value in
                       (facts.get('options') or {}).items())
    command = f'mmwing train {config}'
    if options:
        command += f' --cfg-options {options}'
    kind = ('moving average of the weights (EMA)' if facts['weights'] == 'ema'
            else 'weights of the last iteration')
    files = ', '.join(f'`{each}`' for each in facts.get('trained_on') or [TO_WRITE])
    return '\n'.join([
        f'# {name}', '',
        f'`{name}.pth`, {size / 1e6:.1f} MB, sha256 `{digest}`.', '',
        '## Data', '',
        f'Trained on {files}. Boxes: {facts["boxes"]}.', '',
        '## Licence', '', f'The weights are {facts["licence"]}.', '',
        '## Training', '', '```bash', command, '```', '',
        f'Seed {facts.get("seed", TO_WRITE)}, epoch {facts.get("epoch", TO_WRITE)}; '
        f'{kind}, stored as {facts["precision"]}.', '',
        '## Figures', '', '```bash', f'mmwing test {name}.pth --report report', '```',
        '', TO_WRITE, '',
        '## Intended use', '', TO_WRITE, '',
        '## Limits', '', f'By head pose: {TO_WRITE}', ''])
