"""Mix, scale and draw colours."""

import numpy as np

from .polygons import Colour


def mix(a: Colour, b: Colour, amount: float) -> Colour:
    """Go from ``a`` (amount 0) to ``b`` (amount 1)."""
    return tuple(  # type: ignore
        x + (y - x) * amount for x, y in zip(a, b, strict=True))


def scaled(colour: Colour, factor: float) -> Colour:
    """Darken (factor below 1) or brighten a colour."""
    return tuple(min(255.0, x * factor) for x in colour)  # type: ignore


def any_colour(rng: np.random.Generator, low: int = 10, high: int = 245) -> Colour:
    """Draw any colour, more often a dull one."""
    bright = rng.uniform(low, high)
    colour = bright + rng.uniform(-.5, .5, 3) * (high - low) * rng.uniform() ** 1.5
    return tuple(float(x) for x in np.clip(colour, low, high))  # type: ignore
