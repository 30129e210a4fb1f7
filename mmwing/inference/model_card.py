"""Model cards: what a published model may be used for, and how it came about."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

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

#: Data sets whose faces are cropped by the landmark box.
LANDMARK_BOX_SETS = ('Face300WDataset', 'mmwing.SyntheticFaceDataset')
LANDMARK_BOX = 'landmark box: tightly around the landmarks'
OTHER_BOX = 'those of the annotations'

#: What every card has, and the tests of the package ask for.
SECTIONS = ('Data', 'Licence', 'Training', 'Figures', 'Intended use', 'Limits')

#: What a person has to write.
TO_WRITE = '(to be written)'

_told: set[str] = set()


class LicenceWarning(UserWarning):
    """Weights may be used for some purposes only."""


def tell_licence(name: str, meta: Mapping) -> None:
    """Warn, once for each model and process, of weights that are for research only.

    Args:
        name: What the message calls the model.
        meta: Of the checkpoint.
    """
    licence = str((meta.get(CARD_KEY) or {}).get('licence', ''))
    if 'non-commercial' in licence and name not in _told:
        _told.add(name)
        warnings.warn(f'{name}: {licence}', LicenceWarning, stacklevel=3)


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
        '## Figures', '', '```bash', f'mmwing test {name} --report report', '```', '',
        TO_WRITE, '',
        '## Intended use', '', TO_WRITE, '',
        '## Limits', '', f'By head pose: {TO_WRITE}', ''])
