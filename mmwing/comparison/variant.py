"""One thing to compare: a loss and its head, or a config with changed keys."""

from __future__ import annotations

import argparse
import ast
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from mmengine.config import Config

from mmwing.config.losses import takes_heatmaps
from mmwing.config.options import ConfigOptions, merge_options
from mmwing.registry import MODELS

#: What trains: the head of the config, or MMPose's own in its place.
HEADS = ('config', 'stock')
_PATTERN = re.compile(
    r'(?:(?P<origin>mmpose|mmwing):)?(?P<name>\w+)(?:\((?P<arguments>.*)\))?'
    r'(?:@(?P<head>\w+))?')
# A key of a config, then "="; the brackets of a loss cannot stand in front of that.
_OPTION = re.compile(r'[\w.-]+=')


@dataclass(frozen=True)
class Variant:
    """A loss of mmwing's or MMPose's, on the config's head or on MMPose's stock one.

    Or, with a ``label``, anything else that a config can say: another config, other
    values of some keys, and a loss if need be.

    Attributes:
        name: Name of the loss, without scope; empty for that of the config.
        origin: ``'mmwing'``, which counts in pixels, or ``'mmpose'``, which counts in
            units of the input size.
        head: ``'config'``: that of the config. ``'stock'``: MMPose's
            ``RegressionHead``, which is one linear layer on the backbone's features,
            small normal weights and bias 0, without hidden layers and mean shape. It
            flattens its input; where the config pools, MMPose's own neck does.
        arguments: What the loss is given besides.
        label: What it is called in tables; empty for the loss as it is written.
        words: What stands behind the label on the command line.
        config: Path or name of a config in the place of the common one.
        options: What is changed in the config, dotted key to value.
    """

    name: str = ''
    origin: str = 'mmwing'
    head: str = 'config'
    arguments: dict = field(default_factory=dict)
    label: str = ''
    words: tuple[str, ...] = ()
    config: str = ''
    options: dict = field(default_factory=dict)

    @property
    def unit(self) -> str:
        """What the loss counts in; empty where the config names the loss."""
        if not self.name:
            return ''
        loss = MODELS.get(f'{self.origin}.{self.name}')
        # MMPose's losses on heat maps have a module, but no base of their own.
        heatmaps = takes_heatmaps(loss) or loss.__module__.endswith('.heatmap_loss')
        if heatmaps:
            return 'heat map'
        return 'pixels' if self.origin == 'mmwing' else 'normalised'

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read ``WingLoss``, ``WingLoss(omega=5)``, ``mmpose:WingLoss``, ``X@HEAD``.

        A loss of MMPose's trains MMPose's stock head unless ``@config`` says
        otherwise; one of mmwing's trains the config's unless ``@stock`` does.

        Raises:
            ValueError: If it is none of these.
        """
        match = _PATTERN.fullmatch(text.strip())
        problem = (f'loss {text!r} cannot be understood; WingLoss, '
                   'WingLoss(omega=5,epsilon=1), mmpose:WingLoss, '
                   'mmpose:WingLoss@config and WingLoss@stock can')
        if match is None:
            raise ValueError(problem)
        origin = match['origin'] or 'mmwing'
        head = match['head'] or ('stock' if origin == 'mmpose' else 'config')
        if head not in HEADS:
            raise ValueError(f'loss {text!r}: the head after @ must be one of {HEADS}')
        try:
            call = ast.parse(f'f({match["arguments"] or ""})', mode='eval').body
            if not isinstance(call, ast.Call) or call.args:
                raise ValueError
            arguments = {word.arg: ast.literal_eval(word.value)
                         for word in call.keywords}
        except (SyntaxError, ValueError):
            raise ValueError(problem) from None
        if None in arguments:
            raise ValueError(problem)
        return cls(match['name'], origin, head, arguments)

    @classmethod
    def labelled(cls, label: str, words: Sequence[str] = ()) -> Variant:
        """Read what stands behind ``--variant``: a label, then any of three things.

        ``key=value`` changes a key of the config, as ``--cfg-options`` does;
        ``config:NAME`` trains another config, by name or path; anything else is a
        loss as :meth:`parse` reads it. No word at all: the config as it is.

        Raises:
            ValueError: If a word is none of these, or there are two losses or two
                configs.
        """
        pairs = [word for word in words if _OPTION.match(word)]
        others = [word for word in words if word not in pairs]
        configs = [word.removeprefix('config:') for word in others
                   if word.startswith('config:')]
        losses = [word for word in others if not word.startswith('config:')]
        if len(losses) > 1 or len(configs) > 1 or not label.strip():
            raise ValueError(
                f'variant {label!r} takes key=value, at most one config:NAME and at '
                f'most one loss, got {list(words)}')
        loss = cls.parse(losses[0]) if losses else cls()
        return cls(loss.name, loss.origin, loss.head, loss.arguments, label.strip(),
                   tuple(words), configs[0] if configs else '', _parse_options(pairs))

    def __str__(self) -> str:
        """The label, or the shortest text that :meth:`parse` reads as this."""
        return self.label or self._loss_text()

    def _loss_text(self) -> str:
        text = self.name if self.origin == 'mmwing' else f'mmpose:{self.name}'
        if self.arguments:
            words = ','.join(f'{key}={value!r}' for key, value in
                             self.arguments.items())
            text += f'({words})'
        usual = 'stock' if self.origin == 'mmpose' else 'config'
        return text if self.head == usual else f'{text}@{self.head}'

    @property
    def slug(self) -> str:
        """The text as part of a file name."""
        return re.sub(r'[^\w.=@+-]+', '_', str(self)).strip('_')

    def loss(self, input_size: tuple[int, int] | None = None) -> dict:
        """Config of the loss.

        Args:
            input_size: (w, h) of the network input; given to a loss of mmwing's on
                MMPose's head, which does not hand it over.
        """
        config: dict = {'type': f'{self.origin}.{self.name}'}
        if self.origin == 'mmpose':
            # As MMPose's own configs have it; its default ignores the weights.
            config['use_target_weight'] = True
        elif self.head == 'stock' and input_size is not None:
            config['input_size'] = tuple(input_size)
        return {**config, **self.arguments}

    def apply(self, cfg: Config) -> Config:
        """A copy of a config that trains this; a cascade gets the loss in each stage.

        Raises:
            ValueError: If the config's model has no head with a loss, the loss does
                not exist or refuses its arguments, or a key cannot be changed.
        """
        cfg = copy.deepcopy(cfg)  # Config.copy() shares its content
        try:
            merge_options(cfg, self.options)
        except ValueError as error:
            raise ValueError(f'variant {self.label!r}: {error}') from error
        if not self.name:
            return cfg
        for model in models_with_heads(cfg):
            head = model.get('head')
            if head is None or 'loss' not in head or 'in_channels' not in head:
                raise ValueError(
                    'the config has no model.head with in_channels and loss, nor '
                    'stages that have: there is no loss to exchange')
            loss = self.loss(head.get('decoder', {}).get('input_size'))
            try:
                MODELS.build(dict(loss))
            except (KeyError, TypeError) as error:
                raise ValueError(f'loss {self._loss_text()!r}: {error}') from error
            if self.head == 'config':
                head.loss = loss
            else:
                _use_stock_head(model, loss)
        return cfg


def models_with_heads(cfg: Config) -> list:
    """The model of a config, or the stages of a cascade."""
    stages = [cfg.model[key] for key in ('stage1', 'stage2') if key in cfg.model]
    return stages or [cfg.model]


def _use_stock_head(model: dict, loss: dict) -> None:
    head = model['head']
    channels = head['in_channels']
    model['head'] = {
        'type': 'mmpose.RegressionHead',
        'in_channels': channels if isinstance(channels, int) else channels[-1],
        'num_joints': head['num_joints'], 'loss': loss, 'decoder': head['decoder']}
    if head.get('pool') == 'avg':
        model['neck'] = {'type': 'GlobalAveragePooling'}


def _parse_options(pairs: Sequence[str]) -> dict:
    """What ``--cfg-options`` makes of ``key=value``."""
    parser = argparse.ArgumentParser(prog='--variant')
    parser.add_argument('--options', nargs='*', action=ConfigOptions, default={})
    return parser.parse_args(['--options', *pairs]).options if pairs else {}
