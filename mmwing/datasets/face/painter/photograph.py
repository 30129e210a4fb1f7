"""Add what a camera adds: blur, noise, exposure, a colour cast, and development."""

import cv2
import numpy as np

from .polygons import Image


def photograph(image: Image, rng: np.random.Generator) -> Image:
    """Blur, noise, sometimes grey, exposure, colour, development, compression."""
    size = image.shape[0]
    sigma = rng.uniform(0, 1.1) * size / 128 if rng.uniform() < .5 else 0.0
    if sigma > .25:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    elif rng.uniform() < .12:
        length = max(3, size // 32 | 1)  # an even one would move the picture
        kernel = np.zeros((length, length), np.float32)
        if rng.uniform() < .5:
            kernel[length // 2] = 1 / length
        else:
            kernel[:, length // 2] = 1 / length
        image = cv2.filter2D(image, -1, kernel)
    noise = rng.uniform(0, 14) if rng.uniform() < .6 else 0.0
    if noise > 1:
        grain = np.frombuffer(rng.bytes(size * size * 3), np.uint8)
        image = cv2.addWeighted(image, 1, grain.reshape(image.shape), noise / 128,
                                -noise)
    saturation = 0.0 if rng.uniform() < .08 else 1.0
    saturation *= float(np.exp(rng.normal(0, .35)))
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    image = cv2.addWeighted(image, saturation, grey, 1 - saturation, 0)
    gamma = np.exp(rng.normal(0, .3))
    cast = np.exp(rng.normal(0, .12, 3))
    # A flash, or the sun: what is bright has lost its detail.
    exposure = rng.uniform(.8, 1.15) if rng.uniform() < .75 else rng.uniform(1.15, 1.8)
    ramp = (np.arange(256)[:, None] / 255) ** gamma * 255 * exposure
    table = np.clip(ramp * cast, 0, 255).astype(np.uint8)[:, None]
    image = _develop(cv2.LUT(image, table.reshape(1, 256, 3)), rng)
    if rng.uniform() < .6:
        quality = int(rng.uniform(25, 95))
        _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return image


def _develop(image: Image, rng: np.random.Generator) -> Image:
    """Add the detail of skin, contrast and sharpness, and expose for the face.

    The ranges give the middle of the picture the brightness, the contrast and the mean
    gradient of faces in photos, which paint alone falls short of.
    """
    size = image.shape[0]
    pores = np.zeros((size, size), np.float32)
    for sigma in (.6, 1.2, 2.5):
        layer = cv2.GaussianBlur(
            rng.standard_normal((size, size), np.float32), (0, 0), sigma)
        pores += layer * np.float32(rng.uniform() / layer.std())
    pores = 1 + pores * np.float32(rng.uniform(0, .04))
    picture = cv2.multiply(image, cv2.merge([pores, pores, pores]), dtype=cv2.CV_32F)
    for sigma, low, high in ((size * rng.uniform(.04, .1), -.1, .6),
                             (size / 160 * rng.uniform(.7, 1.5), -.2, .5)):
        strength = rng.uniform(low, high)
        soft = cv2.GaussianBlur(picture, (0, 0), sigma)
        picture = cv2.addWeighted(picture, 1 + strength, soft, -strength, 0)
    middle = picture[size // 4:-(size // 4), size // 4:-(size // 4)]
    level = max(10.0, float(middle.mean()))
    gain = (max(10.0, rng.normal(115, 18)) / level) ** .6
    return np.clip(picture * gain, 0, 255).astype(np.uint8)
