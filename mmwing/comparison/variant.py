"""A loss and the head it trains, written as one word on the command line."""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass, field

from mmengine.config import Config

from mmwing.registry import MODELS

#: What trains: the head of the config, or MMPose's own in its place.
HEADS = ('config', 'stock')
_PATTERN = re.compile(
    r'(?:(?P<origin>mmpose|mmwing):)?(?P<name>\w+)(?:\((?P<arguments>.*)\))?'
    r'(?:@(?P<head>\w+))?')


@dataclass(frozen=True)
class Variant:
    """A loss of mmwing's or MMPose's, on the config's head or on MMPose's stock one.

    Attributes:
        name: Name of the loss, without scope.
        origin: ``'mmwing'``, which counts in pixels, or ``'mmpose'``, which counts in
            units of the input size.
        head: ``'config'``: that of the config. ``'stock'``: MMPose's
            ``RegressionHead``, which is one linear layer on the backbone's features,
            small normal weights and bias 0, without hidden layers and mean shape. It
            flattens its input; where the config pools, MMPose's own neck does.
        arguments: What the loss is given besides.
    """

    name: str
    origin: str = 'mmwing'
    head: str = 'config'
    arguments: dict = field(default_factory=dict)

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

    def __str__(self) -> str:
        """The shortest text that :meth:`parse` reads as this."""
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
        """A copy of a config that trains this loss on this head.

        Raises:
            ValueError: If the config's model has no regression head, or the loss
                does not exist or refuses its arguments.
        """
        cfg = copy.deepcopy(cfg)  # Config.copy() shares its content
        head = cfg.model.get('head')
        if head is None or 'loss' not in head or 'in_channels' not in head:
            raise ValueError('the config has no model.head with in_channels and loss: '
                             'losses of direct regression heads are compared')
        loss = self.loss(head.get('decoder', {}).get('input_size'))
        try:
            MODELS.build(dict(loss))
        except (KeyError, TypeError) as error:
            raise ValueError(f'loss {str(self)!r}: {error}') from error
        if self.head == 'config':
            head.loss = loss
            return cfg
        channels = head.in_channels
        cfg.model.head = {
            'type': 'mmpose.RegressionHead',
            'in_channels': channels if isinstance(channels, int) else channels[-1],
            'num_joints': head.num_joints, 'loss': loss, 'decoder': head.decoder}
        if head.get('pool') == 'avg':
            cfg.model.neck = {'type': 'GlobalAveragePooling'}
        return cfg
