"""Give a config another loss, or another head with it."""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from mmwing.files import read_bytes, write_text
from mmwing.models.losses import ResidualLoss
from mmwing.models.losses.base import lengths_advice
from mmwing.walk import find, lookup, uses, without_scope

from .codecs import check_heatmap_values, loss_unit
from .direct import to_direct_regression
from .heads import (
    COORDINATES,
    HEAT_MAPS,
    check_fit,
    family_of,
    pose_head,
)
from .imports import add_import
from .load import config_from_file
from .losses import (
    check_arguments,
    find_loss,
    takes_heatmaps,
)
from .mmdet_names import replace_mmdet_names
from .names import mmpose_config_name
from .points import advise_on_eyes, check_points
from .source import config_text

#: What ``swap_loss`` can do about the head.
HEADS = ('keep', 'direct')

_HEADER = 'Written by tools/swap_loss.py'


@dataclass(frozen=True)
class Change:
    """One thing that a swap changed.

    Attributes:
        key: Dotted key in the config.
        what: Old and new value, short.
        why: The reason, a sentence without a full stop.
    """

    key: str
    what: str
    why: str


@dataclass
class Swap:
    """A config with another loss.

    Attributes:
        cfg: The new config, ready for a runner.
        changes: What was changed, and why.
        notes: What the person should know besides.
    """

    cfg: Config
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self, folder: str | os.PathLike = '.') -> str:
        """Source of a small config that inherits from the original.

        Args:
            folder: Where the config will lie, for the path of its base.

        Raises:
            ValueError: If the original was not read from a file.
        """
        filename = self._filename()
        name = mmpose_config_name(filename)
        base = config_from_file(filename).to_dict()
        comments = [f'{_HEADER}.']
        comments += [f'{change.key}: {change.why}.' for change in self.changes
                     if change.key.startswith('model.') or '.' not in change.key]

        def inherit(base_path: str) -> str:
            return config_text(base, self.cfg.to_dict(), base_path, comments)

        self._check_round_trip(inherit(name or os.path.abspath(filename)))
        return inherit(name or _path_from(folder, filename))

    def _filename(self) -> str:
        filename = self.cfg.filename
        if not filename or not os.path.isfile(filename):
            raise ValueError('the original config was not read from a file, so nothing '
                             'can inherit from it; use the cfg of the swap as it is')
        return filename

    def _check_round_trip(self, text: str) -> None:
        """See that a config with the absolute path of its base is the new one."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'config.py')
            write_text(path, text)
            amounts_to = config_from_file(path).to_dict()
        if without_scope(amounts_to) != without_scope(self.cfg.to_dict()):
            raise RuntimeError('the difference does not amount to the new config; '
                               'please report this with the config:\n' + text)

    def write(self, path: str | os.PathLike) -> None:
        """Write the small config; it is complete or not there.

        Raises:
            ValueError: ``path`` is the original, a config that this inherits from, or
                a file that no swap has written.
        """
        path = Path(path)
        if path.suffix != '.py':
            raise ValueError(f'the output {str(path)!r} must end in .py')
        if path.parent.exists() and not path.parent.is_dir():
            raise ValueError(f'the output cannot be written: {str(path.parent)!r} is '
                             'not a folder')
        if path.is_dir():
            raise ValueError(f'the output {str(path)!r} is a folder')
        if path.exists():
            lineage = _lineage(self._filename())
            if any(os.path.samefile(path, each) for each in lineage):
                raise ValueError(f'{str(path)!r} is the config itself or one that it '
                                 'inherits from; choose another name for the output')
            if not read_bytes(path).startswith(f'# {_HEADER}'.encode()):
                raise ValueError(f'{str(path)!r} exists and was not written by a swap; '
                                 'choose another name, or remove it')
        text = self.text(path.parent)
        write_text(path, text)

    def __str__(self) -> str:
        places: dict[tuple[str, str], list[str]] = {}
        for change in self.changes:
            places.setdefault((change.what, change.why), []).append(change.key)
        lines = [f'{what}\n    in {", ".join(keys)}\n    {why}'
                 for (what, why), keys in places.items()]
        return '\n'.join([*lines, *(f'note: {note}' for note in self.notes)])


def swap_loss(cfg: Config, loss: str, head: str = 'keep', **arguments: object) -> Swap:
    """Give a model another loss.

    Args:
        cfg: A config of MMPose's kind, such as :func:`mmwing.config.load_config` reads;
            it is left as it is.
        loss: Name of one of mmwing's losses, with or without ``mmwing.``. On a head
            with heat maps ``WingLoss`` means ``HeatmapWingLoss``.
        head: ``'keep'`` swaps the loss in the head that is there; ``'direct'`` turns
            the model into direct regression of coordinates.
        **arguments: Arguments of the loss, such as ``omega=40``.

    Returns:
        The new config, and what was changed.

    Raises:
        ValueError: The swap makes no sense, or would change nothing; says what does.
        TypeError: ``cfg`` is no config, or the loss does not have an argument.

    Examples:
        >>> import mmwing
        >>> cfg = mmwing.load_config(
        ...     'mmpose::face_2d_keypoint/topdown_regression/wflw/'
        ...     'td-reg_res50_8xb64-210e_wflw-256x256.py')
        >>> swap = mmwing.swap_loss(cfg, 'WingLoss', omega=40, epsilon=8)
        >>> swap.write('wing.py')
    """
    if not isinstance(cfg, Config):
        raise TypeError('cfg must be a config as mmwing.load_config reads it, got '
                        f'{cfg!r:.80}')
    if head not in HEADS:
        raise ValueError(f'head must be one of {HEADS}, got {head!r}')
    original = cfg
    cfg = copy.deepcopy(cfg)
    model = cfg.get('model')
    if not isinstance(model, dict):
        raise ValueError('the config is not a pose config: it has no model')
    key, old_head = pose_head(model)
    if not isinstance(old_head['type'], str):
        raise ValueError('the config is in the pure Python style (read_base), which '
                         'swap_loss does not rewrite: edit model.head.loss there')
    chosen, notes = _choose_loss(loss, old_head, head)
    check_arguments(chosen, arguments)
    points = check_points(cfg, key, old_head)

    swap = Swap(cfg, notes=notes)
    # First, because the backbone is built to see what it gives.
    of_mmdet = replace_mmdet_names(cfg)
    if head == 'keep':
        reasons = _keep(cfg, key, old_head, chosen, arguments)
    else:
        new = dict(type=f'mmwing.{chosen.__name__}', **arguments)
        reasons = to_direct_regression(cfg, key, old_head, new, points)
    if cfg.model.head == original.model.head:
        raise ValueError(f'nothing to change: {key} is a {old_head["type"]} with this '
                         f'loss already: {dict(old_head["loss"])}')
    reasons.update(dict.fromkeys(of_mmdet, 'works without MMDetection'))
    add_import(cfg)
    if cfg.get('custom_imports') != original.get('custom_imports'):
        reasons['custom_imports'] = "MMPose's own scripts read the config, too"
    swap.changes = _describe(original, cfg, reasons)
    swap.notes += _advice(cfg, chosen, arguments)
    return swap


def _choose_loss(name: str, head: dict,
                 mode: str) -> tuple[type[ResidualLoss], list[str]]:
    """The class that ``name`` means in this head, and what to say about it."""
    loss = find_loss(name)
    if mode == 'direct':
        if takes_heatmaps(loss):
            raise ValueError(f'{loss.__name__} compares heat maps, and direct '
                             'regression has none: use WingLoss')
        return loss, []
    notes = []
    if loss.__name__ == 'WingLoss' and family_of(head).takes == HEAT_MAPS:
        loss = find_loss('HeatmapWingLoss')
        notes.append('on heat maps Wing is mmwing.HeatmapWingLoss: omega and epsilon '
                     'are in heat-map values, which lie in [0, 1]')
    check_fit(head, loss)
    return loss, notes


def _keep(cfg: Config, key: str, head: dict, loss: type[ResidualLoss],
          arguments: dict) -> dict[str, str]:
    family = family_of(head)
    new: dict = dict(type=f'mmwing.{loss.__name__}')
    old = head.get('loss')
    place = f'{key}.loss'
    why = 'the loss'
    if family.takes == HEAT_MAPS:
        check_heatmap_values(cfg, head)
    else:
        width, height = loss_unit(head)
        why += f', in pixels of the {width} x {height} input of the codec'
    if isinstance(old, list):  # one for each stage
        head['loss'] = [{**new, **_shared(each), **arguments} for each in old]
        return {place: f'{why}, at each of {len(old)} stages'}
    if not family.is_pair:
        head['loss'] = {**new, **_shared(old), **arguments}
        return {place: why}
    if not isinstance(old, dict) or len(old.get('losses') or []) != 2:
        raise ValueError(f'{place} of {head["type"]} must be a MultipleLossWrapper of '
                         f'two losses, got {old!r}')
    old['losses'][0] = {**new, **_shared(old['losses'][0]), **arguments}
    return {f'{place}.losses.0': (
        f'{why}; the head averages it and divides by the width, so that its weight '
        'beside the loss on the heat maps stays')}


def _shared(old: object) -> dict:
    """What the loss before says that holds for any loss.

    Its ``loss_weight`` does not: it balances another unit.
    """
    if isinstance(old, dict) and 'use_target_weight' in old:
        return {'use_target_weight': old['use_target_weight']}
    return {}


def _path_from(folder: str | os.PathLike, filename: str) -> str:
    """The path of a file from a folder, absolute where a link makes `..` ambiguous."""
    relative = os.path.relpath(filename, folder)
    resolved = os.path.relpath(os.path.realpath(filename), os.path.realpath(folder))
    return relative if relative == resolved else os.path.abspath(filename)


def _lineage(filename: str) -> Iterator[str]:
    """A config file and what it inherits from, MMPose's left out."""
    yield filename
    for base in Config._get_base_files(filename):
        path = os.path.abspath(os.path.join(os.path.dirname(filename), base))
        if os.path.isfile(path):
            yield from _lineage(path)


def _short(value: object) -> str:
    if isinstance(value, dict) and 'type' in value:
        return str(value['type'])
    text = str(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _describe(old: Config, new: Config, reasons: dict[str, str]) -> list[Change]:
    old, new = old.to_dict(), new.to_dict()
    changes = []
    for key, why in reasons.items():
        before, after = lookup(old, key), lookup(new, key)
        changes.append(Change(key, f'{_short(before)} -> {_short(after)}', why))
        if isinstance(before, dict) and isinstance(after, dict) and (
                '.loss' in key):
            gone = ', '.join(f'{name}={value!r}' for name, value in before.items()
                             if name not in after)
            if gone:
                changes.append(Change(
                    key, f'without {gone}',
                    f'{gone} belonged to {before["type"]}, in the unit of that'))
    return changes


def _advice(cfg: Config, loss: type[ResidualLoss], arguments: dict) -> list[str]:
    notes = []
    place, head = pose_head(cfg.model)
    if family_of(head).takes == COORDINATES and not set(arguments) & set(loss.lengths):
        width = loss_unit(head)[0]
        advice = lengths_advice(loss, width)
        if advice:
            settings = ' '.join(f'{name}={value:g}' for name, value
                                in loss.scaled_lengths(width).items())
            notes.append(f'{advice}: --set {settings}')
    for key, each in find(head.get('loss'), 'JSDiscretLoss', f'{place}.loss'):
        if each.get('use_target_weight', True):
            notes.append(
                "MMPose's JSDiscretLoss makes the training NaN where a landmark has "
                'no annotation or lies outside the crop, whatever the loss beside it; '
                f'--cfg-options {key}.use_target_weight=False leaves these landmarks '
                'out without that, for their heat maps are empty')
    if uses(cfg, 'Albumentation'):
        notes.append('the pipelines use albumentations: pip install '
                     '"mmwing[albumentations]"')
    for key, module in (('model', cfg.model), ('model.backbone', cfg.model.backbone)):
        start = module.get('init_cfg')
        if isinstance(start, dict) and start.get('type') == 'Pretrained':
            notes.append(f'the weights start from {start["checkpoint"]}; without it: '
                         f'--cfg-options {key}.init_cfg=None')
    return notes + advise_on_eyes(cfg)
