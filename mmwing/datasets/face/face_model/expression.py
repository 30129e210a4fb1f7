"""Give a face an expression: mouth, brows and eyelids."""

import numpy as np

from .camera import Array

_JAW_ANGLE_LIMIT = 0.30  # radians: about 30 mm between the lips
_HINGE = np.array([0.0, 15.0, -65.0])
# How far each landmark follows the lower jaw.
_JAW_WEIGHT = np.zeros(68)
_JAW_WEIGHT[0:17] = [.05, .2, .35, .65, .9, 1, 1, 1, 1, 1, 1, 1, .9, .65, .35, .2, .05]
_JAW_WEIGHT[[48, 54, 60, 64]] = .42
_JAW_WEIGHT[[59, 55]] = .8
_JAW_WEIGHT[[56, 57, 58, 65, 66, 67]] = 1


def random_expression(rng: np.random.Generator, points: Array
                      ) -> tuple[Array, float, tuple[float, float]]:
    """Draw one expression and move the landmarks (68, 3) accordingly.

    Returns:
        tuple: The moved landmarks, the opening of the jaw in [0, 1], and the openings
        of the left and right eye, 0 (closed) to 1.25.
    """
    points = points.copy()
    mouth_open = 0.0 if rng.uniform() < .65 else float(rng.uniform(.05, 1) ** 1.5)
    # People smile at cameras: half of the faces do, and most smiles bare the teeth.
    if rng.uniform() < .5:
        smile = float(rng.uniform(.4, 1.5))
        bared = float(rng.uniform(.25, 1)) if rng.uniform() < .75 else 0.0
    else:
        smile, bared = float(np.clip(rng.normal(0, .45), -.8, .8)), 0.0
    pucker = float(rng.uniform(.3, 1)) if rng.uniform() < .1 else 0.0

    mouth = points[48:68]
    corners = np.zeros(20)
    corners[[0, 6, 12, 16]] = 1
    corners[[1, 5, 7, 11]] = .45
    side = np.sign(mouth[:, 0])
    mouth[:, 0] += side * corners * (5.5 * smile if smile > 0 else 1.5 * smile)
    mouth[:, 1] -= corners * (5.5 * smile if smile > 0 else 4.0 * smile)
    mouth[:, 2] -= corners * 4.0 * max(smile, 0)
    mouth[:, 0] *= 1 - .3 * pucker
    mouth[:, 2] += 5 * pucker
    # Smiling and shouting lift the upper lip and bare the teeth.
    lift = max(smile, 0) * rng.uniform(0, 3) + 2.5 * mouth_open
    mouth[[1, 2, 3, 4, 5, 13, 14, 15], 1] -= lift * np.array(
        [.6, 1, 1, 1, .6, 1, 1, 1])
    # Lips that are drawn apart over the teeth are thin.
    mouth[[13, 14, 15], 1] -= 2.5 * bared * np.array([.7, 1, .7])
    mouth[[17, 18, 19], 1] += 4.5 * bared * np.array([.7, 1, .7])
    mouth[[7, 8, 9, 10, 11], 1] += 2.0 * bared * np.array([.5, 1, 1, 1, .5])

    if mouth_open == 0 and bared == 0:
        _close_lips(mouth)

    # Behind bared teeth the jaw opens a little, too.
    points = _open_jaw(points, _JAW_ANGLE_LIMIT * mouth_open + .02 * bared)

    raised, frown = rng.normal(0, 2.6), max(0.0, rng.normal(0, 2))
    for brow, inner in ((points[17:22], slice(2, 5)), (points[22:27], slice(0, 3))):
        brow[:, 1] -= np.clip(raised + rng.normal(0, 1.0), -4, 8)
        weight = np.array([.2, .6, 1]) if inner.start else np.array([1, .6, .2])
        brow[inner, 1] += frown * weight
        brow[inner, 0] -= np.sign(brow[inner, 0]) * frown * .6 * weight

    usual = 0.0 if rng.uniform() < .08 else float(
        np.clip(rng.normal(.95 - .15 * max(smile, 0), .22), .12, 1.25))
    opening = [usual, usual]
    if rng.uniform() < .04:  # a wink
        opening[int(rng.integers(2))] = 0.0
    for start, amount in ((36, opening[0]), (42, opening[1])):
        eye = points[start:start + 6]
        upper, lower = eye[[1, 2]], eye[[5, 4]]
        # A lid falls on the lower one, which hardly moves.
        shut = lower[:, 1] - .25 * (lower[:, 1] - upper[:, 1])
        eye[[1, 2], 1] = shut + (upper[:, 1] - shut) * amount
        eye[[5, 4], 1] = shut + (lower[:, 1] - shut) * (.3 + .7 * min(amount, 1.0))
    return points, mouth_open, (opening[0], opening[1])


def _close_lips(mouth: Array) -> None:
    """Let both lips, of unchanged thickness, meet half way, in place."""
    half = (mouth[[19, 18, 17]] - mouth[[13, 14, 15]]) / 2
    mouth[[13, 14, 15]] += half
    mouth[[2, 3, 4]] += half
    mouth[[19, 18, 17]] -= half
    mouth[[10, 9, 8]] -= half


def _open_jaw(points: Array, angle: float) -> Array:
    """Turn the lower jaw about the hinge in front of the ears."""
    turn = angle * _JAW_WEIGHT
    cos, sin = np.cos(turn), np.sin(turn)
    y, z = points[:, 1] - _HINGE[1], points[:, 2] - _HINGE[2]
    return np.stack([points[:, 0], cos * y + sin * z + _HINGE[1],
                     cos * z - sin * y + _HINGE[2]], axis=1)
