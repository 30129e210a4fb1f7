"""Predict how far off each landmark is, from what a head has seen."""

from __future__ import annotations

import math

import torch
from mmengine.model import BaseModule, kaiming_init
from torch import Tensor, nn

from mmwing.arguments import check_flags, is_whole
from mmwing.models.losses import ErrorLikelihood, L1Loss, ResidualLoss
from mmwing.registry import MODELS

#: A landmark counts as found within this share of the input's side (the root of its
#: area), as in MMPose's ``acc_pose``.
FOUND_WITHIN = 0.05

# Expected error of a branch that has learnt nothing, in sides of the input.
_FIRST_GUESS = 0.02
# Errors expected lie within this factor of the first guess; nothing overflows.
_RANGE = 1e3


class LandmarkConfidence(BaseModule):
    """From a head's features to the error that is to be expected of each landmark.

    Two small networks of which the outputs are added, both in logarithms: one sees the
    features of the face, the other those of each landmark, with the same weights for
    all. Features are detached: nothing outside of the branch learns from it, and
    landmarks are the same with and without.

    What is predicted is the mean distance between landmark and truth. It is learnt by
    the likelihood of the distances, :class:`mmwing.models.losses.ErrorLikelihood`, on
    faces that the network has been trained on, where errors are smaller than on
    others. ``calibration``, a factor in the checkpoint, puts that right; ``mmwing
    calibrate`` measures it on faces held out.

    Args:
        num_joints (int): Number of landmarks K.
        in_channels (int): Features of a face.
        local_channels (int): Features of a landmark; 0 for none.
        input_size (tuple[float, float]): (w, h) of the network input in pixels.
        likelihood (dict, optional): Config of the loss whose penalty makes the
            likelihood. Defaults to ``dict(type='mmwing.L1Loss')``.
        hidden_channels (int): Width of the hidden layer over the face's features.
            Defaults to 64.
        local_hidden_channels (int): The same over a landmark's. Defaults to 32.
        alone (bool): Train nothing else in the head, which then behaves as in a test;
            for a network that has been trained. Defaults to False.

    Raises:
        ValueError: If an argument is out of range, or the penalty makes no likelihood.
        TypeError: If ``likelihood`` is no loss on residuals, or ``alone`` no bool.
    """

    calibration: Tensor
    bounds: tuple[float, float]

    def __init__(self, num_joints: int, in_channels: int, local_channels: int,
                 input_size: tuple[float, float], likelihood: dict | None = None,
                 hidden_channels: int = 64, local_hidden_channels: int = 32,
                 alone: bool = False) -> None:
        super().__init__()
        for name, width in (('hidden_channels', hidden_channels),
                            ('local_hidden_channels', local_hidden_channels)):
            if not is_whole(width, 1):
                raise ValueError(f'confidence: {name} must be a positive whole number, '
                                 f'got {width!r}')
        check_flags(alone=alone)
        loss = L1Loss() if likelihood is None else MODELS.build(likelihood)
        if not isinstance(loss, ResidualLoss):
            raise TypeError('confidence: likelihood must name a loss of mmwing on '
                            f'residuals, got {type(loss).__name__}')
        self.likelihood = ErrorLikelihood(loss)
        self.alone = alone
        #: What a landmark may be off and counts as found, in pixels of the input.
        self.tolerance = FOUND_WITHIN * math.sqrt(input_size[0] * input_size[1])
        guess = math.log(_FIRST_GUESS * math.sqrt(input_size[0] * input_size[1]))
        self.bounds = (guess - math.log(_RANGE), guess + math.log(_RANGE))
        self.face = _Network(in_channels, hidden_channels, num_joints)
        self.local = (_Network(local_channels, local_hidden_channels, 1)
                      if local_channels else None)
        self.first_guess = guess
        # What is expected, times this, is what is met on faces that were held out.
        self.register_buffer('calibration', torch.tensor(1.))
        self.init_weights()

    def init_weights(self) -> None:
        """Start with the same expectation of all landmarks of all faces."""
        self.face.init_weights(bias=self.first_guess)
        if self.local is not None:
            self.local.init_weights()

    def forward(self, features: Tensor, local: Tensor | None = None) -> Tensor:
        """Predict, without the calibration.

        Args:
            features (Tensor): Of faces, (N, C).
            local (Tensor, optional): Of landmarks, (N, K, D).

        Returns:
            Tensor: Logarithm of the expected distances in pixels of the input, (N, K),
            float32.
        """
        with torch.autocast(features.device.type, enabled=False):
            log_expected = self.face(features)
            if self.local is not None and local is not None:
                log_expected = log_expected + self.local(local).squeeze(-1)
        return log_expected.clamp(*self.bounds)

    def loss(self, log_expected: Tensor, residual: Tensor, known: Tensor) -> Tensor:
        """Negative log-likelihood of the errors, the mean over known landmarks.

        Args:
            log_expected (Tensor): See :meth:`forward`.
            residual (Tensor): In pixels of the input, (N, K, 2), 0 where not known.
            known (Tensor): Which landmarks count, (N, K) bool.

        Returns:
            Tensor: A scalar.
        """
        distance = residual.detach().to(log_expected.dtype).norm(dim=-1)
        terms = torch.where(known, self.likelihood(distance, log_expected), 0)
        return terms.sum() / known.sum().clamp(min=1)

    def score(self, expected: Tensor) -> Tensor:
        """The probability that a landmark is found, given the error to be expected.

        Found is within 5 % of the side of the input (the root of its area). The
        probability is that of a distance r whose density falls as exp(-2 r / m) to all
        sides, m being its mean: with t = tolerance / m, 1 - (1 + 2 t) exp(-2 t). It
        falls from 1 to 0 as m grows.

        Args:
            expected (Tensor): Mean distances in pixels of the input.

        Returns:
            Tensor: In [0, 1], in the same shape.
        """
        t = 2 * self.tolerance / expected
        return 1 - (1 + t) * torch.exp(-t)


class _Network(nn.Module):
    """Normalise, one hidden layer, output."""

    def __init__(self, in_channels: int, hidden_channels: int,
                 out_channels: int) -> None:
        super().__init__()
        # Features of a trained network may be of any size.
        self.norm = nn.LayerNorm(in_channels)
        self.hidden = nn.Linear(in_channels, hidden_channels)
        self.output = nn.Linear(hidden_channels, out_channels)

    def init_weights(self, bias: float = 0.) -> None:
        """Start with the same output for all that is seen."""
        kaiming_init(self.hidden, mode='fan_in')
        nn.init.zeros_(self.output.weight)
        nn.init.constant_(self.output.bias, bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x.detach().to(self.output.weight.dtype))
        return self.output(torch.relu(self.hidden(x)))
