"""Draw what a face looks like apart from its geometry: colours, hair, light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..face_model.camera import Array
from .colours import any_colour, mix, scaled
from .polygons import Colour

# Blue, green, red.
_SKINS = ((205, 221, 245), (178, 200, 234), (150, 180, 222), (127, 160, 206),
          (98, 134, 186), (73, 104, 156), (52, 76, 122), (38, 55, 90))
_HAIRS = ((20, 20, 24), (26, 32, 44), (36, 54, 82), (50, 80, 124), (84, 132, 176),
          (120, 176, 212), (40, 66, 150), (150, 152, 156), (215, 216, 220))
_IRISES = ((30, 50, 80), (40, 70, 110), (150, 110, 70), (160, 130, 90),
           (80, 120, 90), (20, 30, 45))


@dataclass(frozen=True)
class Look:
    """What a face looks like apart from its geometry.

    Attributes:
        skin, hair, brow, lip, iris, cloth: Colours.
        hair_style: ``'short'``, ``'fringe'``, ``'side'``, ``'long'`` or ``'bald'``.
        beard, moustache: How dense, in [0, 1].
        glasses: ``''``, ``'frame'`` or ``'sun'``.
        hat: Whether a hat covers the forehead.
        light: (3,) unit vector towards the light, in the picture's axes.
        contrast: How much darker the far side of the light is.
        relief: Strength of the shades of eye sockets, cheeks, nose and chin.
        occluder: What is in front: ``''``, ``'hand'``, ``'box'`` or ``'disc'``.
    """

    skin: Colour
    hair: Colour
    brow: Colour
    lip: Colour
    iris: Colour
    cloth: Colour
    hair_style: str
    beard: float
    moustache: float
    glasses: str
    hat: bool
    light: Array
    contrast: float
    relief: float
    occluder: str


def _pick(rng: np.random.Generator, options: tuple, weights: tuple | None = None):
    if weights is None:
        return options[int(rng.integers(len(options)))]
    edges = np.cumsum(weights)
    return options[int(np.searchsorted(edges, rng.uniform() * edges[-1]))]


def random_look(rng: np.random.Generator) -> Look:
    """Draw the look of one face."""
    tone = rng.uniform(0, len(_SKINS) - 1.001)
    skin = mix(_SKINS[int(tone)], _SKINS[int(tone) + 1], tone % 1)
    skin = tuple(  # type: ignore
        float(x) for x in np.clip(skin + rng.normal(0, 6, 3), 20, 250))
    dyed = rng.uniform() < .05
    hair = any_colour(rng) if dyed else _pick(
        rng, _HAIRS if tone < 4 else _HAIRS[:3])
    hair = scaled(hair, rng.uniform(.75, 1.2))
    brow = mix(scaled(hair, .75), scaled(skin, .45), rng.uniform(.1, .6))
    red = (70.0, 60.0, 190.0) if rng.uniform() < .75 else (50.0, 25.0, 175.0)
    lip = mix(scaled(skin, .86), red, rng.uniform(.15, .6))
    beard = float(rng.uniform(.15, .8)) if rng.uniform() < .22 else 0.0
    azimuth, height = rng.uniform(-1.3, 1.3), rng.uniform(-.9, .35)
    light = np.array([np.sin(azimuth), height, np.cos(azimuth)])
    return Look(
        skin=skin, hair=hair, brow=brow, lip=lip, iris=_pick(rng, _IRISES),
        cloth=any_colour(rng),
        hair_style=_pick(rng, ('short', 'fringe', 'side', 'long', 'bald'),
                         (3, 2.5, 2.5, 3, 1)),
        beard=beard,
        moustache=beard if beard and rng.uniform() < .8 else
        (float(rng.uniform(.3, .9)) if rng.uniform() < .06 else 0.0),
        glasses=_pick(rng, ('', 'frame', 'sun'), (.78, .18, .04)),
        hat=bool(rng.uniform() < .1), light=light / np.linalg.norm(light),
        contrast=float(rng.uniform(.1, .95)), relief=float(rng.uniform(.5, 2.0)),
        occluder=_pick(rng, ('', 'hand', 'box', 'disc'), (.82, .07, .07, .04)))
