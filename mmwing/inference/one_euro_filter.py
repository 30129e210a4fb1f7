"""Smooth the landmarks of a face over time."""

from __future__ import annotations

import math

import numpy as np

from mmwing.arguments import is_number


class OneEuroFilter:
    """The 1 € filter (Casiez, Roussel and Vogel, CHI 2012) of landmarks.

    An exponential mean whose cutoff frequency rises with the speed, so that a face at
    rest does not tremble and one that moves is not left behind. Algorithms 1 and 2 of
    the paper, except that the speed is that of the landmark, whatever its direction,
    and in sides of the face a second instead of pixels: near faces and far ones are
    smoothed alike.

    Args:
        min_cutoff: Cutoff at rest in Hz; lower smooths more.
        beta: Rise of the cutoff with the speed, in Hz per side of the face a second;
            higher lags less.
        derivative_cutoff: Cutoff of the speed in Hz.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, min_cutoff: float = 1.0, beta: float = 10.0,
                 derivative_cutoff: float = 1.0) -> None:
        for name, value, least in (('min_cutoff', min_cutoff, 'positive'),
                                   ('beta', beta, 'at least 0'),
                                   ('derivative_cutoff', derivative_cutoff,
                                    'positive')):
            if not (is_number(value) and 0 <= value < math.inf) or (
                    value == 0 and least == 'positive'):
                raise ValueError(f'{name} must be a number, {least} and finite, got '
                                 f'{value!r}')
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.derivative_cutoff = derivative_cutoff
        self._time = math.nan
        self._points: np.ndarray | None = None
        self._velocity: np.ndarray | None = None

    def __call__(self, points: np.ndarray, time: float, side: float) -> np.ndarray:
        """Smooth the landmarks of the next frame.

        Args:
            points: (K, 2) in pixels.
            time: Of the frame, in seconds; later than that of the frame before.
            side: Of the face, in pixels.

        Returns:
            (K, 2) float32. The first frame is returned as it is.

        Raises:
            ValueError: If time does not go on.
        """
        points = np.asarray(points, np.float64)
        if self._points is None or self._velocity is None:
            self._points, self._velocity = points, np.zeros_like(points)
        else:
            step = time - self._time
            if not 0 < step < math.inf:
                raise ValueError(f'time must go on, got {time} after {self._time}')
            velocity = (points - self._points) / step
            self._velocity = self._velocity + _weight(
                self.derivative_cutoff, step) * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=1, keepdims=True) / side
            weight = _weight(self.min_cutoff + self.beta * speed, step)
            self._points = self._points + weight * (points - self._points)
        self._time = time
        return self._points.astype(np.float32)


def _weight(cutoff: float | np.ndarray, step: float):
    """Weight of the newest value in the mean, for a cutoff in Hz."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))
