"""Paints the faces of :mod:`face_model` with numpy and OpenCV, and nothing else.

Everything that is painted goes through the projected landmarks, so the
annotation is exact by construction. The canvas is painted at twice its size and
reduced, then light, blur and noise are added.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .face_model import Array, Camera, Face, random_face

Image = NDArray[Any]  # uint8, BGR
Colour = tuple[float, float, float]

_OVERSAMPLE = 2
_SHIFT = 4  # OpenCV's fixed-point polygon coordinates: 1/16 pixel
# OpenCV's anti-aliased fill reaches this far (in pixels) past the polygon's edge.
_FILL_MARGIN = 0.7

# Blue, green, red.
_SKINS = ((205, 221, 245), (178, 200, 234), (150, 180, 222), (127, 160, 206),
          (98, 134, 186), (73, 104, 156), (52, 76, 122), (38, 55, 90))
_HAIRS = ((20, 20, 24), (26, 32, 44), (36, 54, 82), (50, 80, 124), (84, 132, 176),
          (120, 176, 212), (40, 66, 150), (150, 152, 156), (215, 216, 220))
_IRISES = ((30, 50, 80), (40, 70, 110), (150, 110, 70), (160, 130, 90),
           (80, 120, 90), (20, 30, 45))


def face_landmarks(seed: int, index: int, image_size: int = 128) -> Array:
    """Return the (68, 2) landmarks of a face without painting it.

    Args:
        seed: Which series of faces; two seeds share no face.
        index: Which face of the series.
        image_size: Side of the square canvas in pixels.

    Returns:
        iBUG's 68 points in pixels, 0-based pixel centres.
    """
    return _face(seed, index, image_size).landmarks


def paint_face(seed: int, index: int, image_size: int = 128) -> tuple[Image, Array]:
    """Paint a face.

    Args:
        seed: Which series of faces; two seeds share no face.
        index: Which face of the series.
        image_size: Side of the square canvas in pixels.

    Returns:
        The picture, uint8 BGR (image_size, image_size, 3), and its landmarks as
        :func:`face_landmarks` gives them. The same arguments give the same bytes.
    """
    face = _face(seed, index, image_size)
    rng = np.random.default_rng([seed, index, 1])
    look = _random_look(rng)
    canvas = _Canvas(_background(rng, image_size * _OVERSAMPLE), face.camera)
    _paint_head(canvas, face, look, rng)
    image = cv2.resize(canvas.image, (image_size, image_size),
                       interpolation=cv2.INTER_AREA)
    image = _light(image, face, look, rng)
    _occlude(image, face, look, rng)
    return _photograph(image, look, rng), face.landmarks


def _face(seed: int, index: int, image_size: int) -> Face:
    # The look has a stream of its own, so that landmarks are known unpainted.
    return random_face(np.random.default_rng([seed, index, 0]), image_size)


# --------------------------------------------------------------------- drawing

def _spline_basis(count: int, closed: bool, steps: int = 4) -> Array:
    """Matrix that turns ``count`` points into a Catmull-Rom curve through them."""
    rows = []
    segments = count if closed else count - 1
    for start in range(segments):
        for t in np.arange(steps) / steps:
            row = np.zeros(count)
            weights = (-.5 * t + t**2 - .5 * t**3, 1 - 2.5 * t**2 + 1.5 * t**3,
                       .5 * t + 2 * t**2 - 1.5 * t**3, -.5 * t**2 + .5 * t**3)
            for k, weight in zip(range(start - 1, start + 3), weights, strict=True):
                row[k % count if closed else min(max(k, 0), count - 1)] += weight
            rows.append(row)
    if not closed:
        rows.append(np.eye(count)[-1])
    return np.array(rows)


_BASIS = {(n, closed): _spline_basis(n, closed)
          for closed, counts in ((True, (8, 28)), (False, (3, 4, 5, 7, 9)))
          for n in counts}
_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 24, endpoint=False)),
                    np.sin(np.linspace(0, 2 * np.pi, 24, endpoint=False))], axis=1)
_DISC = np.pad(_CIRCLE, ((0, 0), (0, 1)))  # in the head's frontal plane


def _smooth(points: Array, closed: bool = False) -> Array:
    return _BASIS[len(points), closed] @ points


def _inset(polygon: Array, distance: float) -> Array:
    """Move a polygon's vertices inwards along their normals."""
    ring = np.concatenate([polygon[-1:], polygon, polygon[:1]])
    chord = ring[2:] - ring[:-2]
    length = np.sqrt((chord * chord).sum(1)) + 1e-6
    # Half the sum of vertex x chord is the area; its sign is the sense of turning.
    area = polygon[:, 0] @ chord[:, 1] - polygon[:, 1] @ chord[:, 0]
    step = (distance if area > 0 else -distance) / length
    moved = polygon.copy()
    moved[:, 0] -= chord[:, 1] * step
    moved[:, 1] += chord[:, 0] * step
    return moved


def _fixed(points: Array) -> NDArray[np.int32]:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def _fill(image: Image, polygon: Array, colour: float | Colour) -> None:
    """Fill a polygon, anti-aliased, given in pixels of ``image``."""
    cv2.fillPoly(image, [_fixed(_inset(polygon, _FILL_MARGIN))], colour,
                 cv2.LINE_AA, _SHIFT)


class _Canvas:
    """The oversampled picture, addressed in pixels of the final one."""

    def __init__(self, image: Image, camera: Camera,
                 origin: tuple[int, int] = (0, 0)) -> None:
        self.image = image
        self.camera = camera
        self.origin = np.array(origin)  # of a cut-out, in work pixels
        self.unit = camera.scale * _OVERSAMPLE  # work pixels per mm

    def _work(self, points: Array) -> Array:
        # Pixel centres: final pixel 0 covers work pixels 0 and 1.
        return points * _OVERSAMPLE + (_OVERSAMPLE - 1) / 2 - self.origin

    def fill(self, polygon: Array, colour: Colour) -> None:
        _fill(self.image, self._work(polygon), colour)

    def line(self, points: Array, colour: Colour, width: float,
             closed: bool = False) -> None:
        """Draw a line; ``width`` in mm of the head."""
        thickness = max(1, int(round(width * self.unit)))
        cv2.polylines(self.image, [_fixed(self._work(points))], closed, colour,
                      thickness, cv2.LINE_AA, _SHIFT)

    def dot(self, centre: Array, radius: float, colour: Colour) -> None:
        """Draw a disc; ``radius`` in mm of the head."""
        cv2.circle(self.image, _fixed(self._work(centre)).tolist(),
                   int(radius * self.unit * (1 << _SHIFT)), colour, -1,
                   cv2.LINE_AA, _SHIFT)

    def blend(self, polygon: Array, colour: Colour, alpha: float,
              soft: float = 0.0) -> None:
        """Lay a translucent polygon over the picture; ``soft`` (mm) blurs its edge."""
        mask, window = self._mask(polygon, soft)
        if mask is None:
            return
        weight = mask[..., None] * np.float32(alpha / 255)
        part = self.image[window]
        paint = np.array(colour, np.float32)
        part[...] = part + weight * (paint - part) + np.float32(.5)

    def clipped(self, polygon: Array) -> tuple[_Canvas, Image, tuple] | None:
        """Return a copy to paint on, of which :meth:`paste` keeps the polygon."""
        mask, window = self._mask(polygon, 0.0)
        if mask is None:
            return None
        copy = _Canvas(self.image[window].copy(), self.camera,
                       (window[1].start, window[0].start))
        return copy, mask, window

    def paste(self, clipped: tuple[_Canvas, Image, tuple]) -> None:
        copy, mask, window = clipped
        part = self.image[window]
        weight = mask[..., None] / np.float32(255)
        part[...] = part + weight * (np.float32(copy.image) - part) + np.float32(.5)

    def _mask(self, polygon: Array, soft: float) -> tuple[Image | None, tuple]:
        work = self._work(polygon)
        sigma = soft * self.unit
        margin = 2 + int(2.5 * sigma)
        height, width = self.image.shape[:2]
        low = np.maximum(np.floor(work.min(0)).astype(int) - margin, 0)
        high = np.minimum(np.ceil(work.max(0)).astype(int) + margin + 1,
                          (width, height))
        if (high <= low).any():
            return None, ()
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        _fill(mask, work - low, 255)
        if sigma > .3:
            mask = cv2.GaussianBlur(mask, (0, 0), sigma)
        return mask, (slice(low[1], high[1]), slice(low[0], high[0]))


# ------------------------------------------------------------------------ look

@dataclass(frozen=True)
class _Look:
    """What a face looks like apart from its geometry."""

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


def _mix(a: Colour, b: Colour, amount: float) -> Colour:
    return tuple(  # type: ignore
        x + (y - x) * amount for x, y in zip(a, b, strict=True))


def _scaled(colour: Colour, factor: float) -> Colour:
    return tuple(min(255.0, x * factor) for x in colour)  # type: ignore


def _any_colour(rng: np.random.Generator, low: int = 10, high: int = 245) -> Colour:
    """Any colour, more often a dull one."""
    bright = rng.uniform(low, high)
    colour = bright + rng.uniform(-.5, .5, 3) * (high - low) * rng.uniform() ** 1.5
    return tuple(float(x) for x in np.clip(colour, low, high))  # type: ignore


def _random_look(rng: np.random.Generator) -> _Look:
    tone = rng.uniform(0, len(_SKINS) - 1.001)
    skin = _mix(_SKINS[int(tone)], _SKINS[int(tone) + 1], tone % 1)
    skin = tuple(  # type: ignore
        float(x) for x in np.clip(skin + rng.normal(0, 6, 3), 20, 250))
    dyed = rng.uniform() < .05
    hair = _any_colour(rng) if dyed else _pick(
        rng, _HAIRS if tone < 4 else _HAIRS[:3], None)
    hair = _scaled(hair, rng.uniform(.75, 1.2))
    brow = _mix(_scaled(hair, .75), _scaled(skin, .45), rng.uniform(.1, .6))
    red = (70.0, 60.0, 190.0) if rng.uniform() < .75 else (50.0, 25.0, 175.0)
    lip = _mix(_scaled(skin, .86), red, rng.uniform(.15, .6))
    beard = float(rng.uniform(.15, .8)) if rng.uniform() < .22 else 0.0
    azimuth, height = rng.uniform(-1.3, 1.3), rng.uniform(-.9, .35)
    light = np.array([np.sin(azimuth), height, np.cos(azimuth)])
    return _Look(
        skin=skin, hair=hair, brow=brow, lip=lip, iris=_pick(rng, _IRISES),
        cloth=_any_colour(rng),
        hair_style=_pick(rng, ('short', 'fringe', 'side', 'long', 'bald'),
                         (3, 2.5, 2.5, 3, 1)),
        beard=beard,
        moustache=beard if beard and rng.uniform() < .8 else
        (float(rng.uniform(.3, .9)) if rng.uniform() < .06 else 0.0),
        glasses=_pick(rng, ('', 'frame', 'sun'), (.78, .18, .04)),
        hat=bool(rng.uniform() < .1), light=light / np.linalg.norm(light),
        contrast=float(rng.uniform(.2, .75)), relief=float(rng.uniform(.6, 1.3)),
        occluder=_pick(rng, ('', 'hand', 'box', 'disc'), (.82, .07, .07, .04)))


def _background(rng: np.random.Generator, size: int) -> Image:
    """Blurred colours, some shapes, some texture."""
    cells = int(rng.integers(2, 7))
    coarse = (np.array(_any_colour(rng))
              + rng.normal(0, rng.uniform(5, 45), (cells, cells, 1))
              + rng.normal(0, rng.uniform(2, 22), (cells, cells, 3)))
    coarse = np.clip(coarse, 0, 255).astype(np.uint8)
    image = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(rng.integers(0, 7))):
        colour, kind = _any_colour(rng), rng.uniform()
        centre, extent = rng.uniform(0, size, 2), rng.uniform(.05, .35, 2) * size
        if kind < .4:
            angle = rng.uniform(0, np.pi)
            turn = np.array([[np.cos(angle), -np.sin(angle)],
                             [np.sin(angle), np.cos(angle)]])
            corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * extent
            _fill(image, centre + corners @ turn.T, colour)
        elif kind < .7:
            _fill(image, centre + _CIRCLE * extent, colour)
        else:
            ends = np.stack([centre, rng.uniform(0, size, 2)])
            cv2.polylines(image, [_fixed(ends)], False, colour,
                          int(rng.integers(1, max(2, size // 20))), cv2.LINE_AA,
                          _SHIFT)
    return image


# ------------------------------------------------------------------------ head

def _ellipsoid(camera: Camera, centre: tuple, radii: tuple) -> Array:
    """Outline of an ellipsoid fixed to the head, as a polygon in pixels."""
    middle = np.array(centre, dtype=np.float64)
    size = np.array(radii, dtype=np.float64)
    spread = (camera.rotation * size**2) @ camera.rotation.T
    shape = np.linalg.cholesky(spread[:2, :2])
    # Perspective: things behind the face are a little smaller.
    depth = 1.0 - (camera.rotation @ middle)[2] / camera.distance
    return camera(middle) + _CIRCLE @ shape.T * (camera.scale / depth)


def _dome(camera: Camera, centre: tuple, radii: tuple, floor: float) -> Array:
    """Outline of the part of an ellipsoid above ``y = floor``, as a convex hull."""
    levels = np.linspace(0, 1, 5)[:, None]
    lowest = np.clip((floor - centre[1]) / radii[1], -1, 1)
    y = lowest + (-1 - lowest) * levels
    ring = np.sqrt(np.maximum(1 - y**2, 0))
    points = np.stack([ring * _CIRCLE[:, 0], y + 0 * _CIRCLE[:, 0],
                       ring * _CIRCLE[:, 1]], axis=-1).reshape(-1, 3)
    pixels = camera(points * radii + centre).astype(np.float32)
    return cv2.convexHull(pixels)[:, 0].astype(np.float64)


def _paint_head(canvas: _Canvas, face: Face, look: _Look,
                rng: np.random.Generator) -> None:
    width = 76 * face.width
    _paint_behind(canvas, face, look, rng, width)
    outline = _smooth(face.outline, closed=True)
    canvas.fill(outline, look.skin)
    _paint_skin(canvas, face, look, rng)
    for start, opening in ((36, face.eye_open[0]), (42, face.eye_open[1])):
        _paint_eye(canvas, face, look, rng, start, opening)
    _paint_brows(canvas, face, look, rng)
    _paint_mouth(canvas, face, look, rng)
    _paint_nose(canvas, face, look)
    _paint_fringe(canvas, face, look, rng, width)
    if look.glasses:
        _paint_glasses(canvas, face, look, rng)


def _paint_behind(canvas: _Canvas, face: Face, look: _Look,
                  rng: np.random.Generator, width: float) -> None:
    """Back hair, neck, clothes, skull and ears: what the face is painted over."""
    camera, scale = face.camera, face.camera.scale
    size = len(canvas.image) / _OVERSAMPLE
    if look.hair_style == 'long':
        length = rng.uniform(60, 170)
        mane = _ellipsoid(camera, (0, -10, -80), (width + 12, 92, 84))
        # The lower half of the mane hangs down, however the head is turned.
        hanging = np.maximum(mane[:, 1] - mane[:, 1].mean(), 0)
        mane[:, 1] += hanging * length / 90
        canvas.fill(mane, _scaled(look.hair, .7))

    throat = camera(np.array([0.0, 80.0, -62.0]))
    half = rng.uniform(.52, .68) * width * scale
    neck = throat + np.array([[-half, -20 * scale], [half, -20 * scale],
                              [half * 1.12, 2 * size], [-half * 1.12, 2 * size]])
    canvas.fill(neck, _scaled(look.skin, .72))
    collar = throat[1] + rng.uniform(62, 85) * scale
    shoulder = rng.uniform(150, 210) * scale
    x = throat[0]
    canvas.fill(np.array([
        [x - half * 1.05, collar - 8 * scale], [x, collar + 14 * scale],
        [x + half * 1.05, collar - 8 * scale], [x + shoulder, collar + 40 * scale],
        [x + shoulder * 1.1, collar + 3 * size],
        [x - shoulder * 1.1, collar + 3 * size],
        [x - shoulder, collar + 40 * scale]]), look.cloth)

    bald = look.hair_style == 'bald'
    bulk = 0 if bald else rng.uniform(3, 12)
    skull = _ellipsoid(camera, (0, -12, -72),
                       (width + bulk, 84 + bulk, 90 + bulk))
    canvas.fill(skull, _scaled(look.skin, .9) if bald else _scaled(look.hair, .9))

    if look.hair_style == 'long' and rng.uniform() < .6:
        return  # ears under the hair
    flare = rng.uniform(5, 14)
    for sign in (-1, 1):
        if sign * face.yaw > .45:
            continue  # turned away, behind the face
        turn = _CIRCLE * (13, 29)
        ear = np.stack([sign * (width - 2 + flare * (.6 - _CIRCLE[:, 0] * .5)),
                        16 + turn[:, 1] - .15 * turn[:, 0], -68 + turn[:, 0]], -1)
        ear[:, 0] += sign * flare * .4 * np.clip(-_CIRCLE[:, 1], 0, 1)
        canvas.fill(camera(ear), _scaled(look.skin, .93))
        inner = ear[:17] * (1, .72, 1) + (0, 4, 1.5)
        canvas.line(camera(inner), _scaled(look.skin, .66), 1.6)


def _paint_skin(canvas: _Canvas, face: Face, look: _Look,
                rng: np.random.Generator) -> None:
    """Cheeks, beard and folds."""
    camera, points, marks = face.camera, face.shape, face.landmarks
    if rng.uniform() < .5:
        blush = _mix(look.skin, (90.0, 80.0, 215.0), .55)
        for sign in (-1, 1):
            centre = np.array([sign * 42 * face.width, 38, 0])
            disc = _DISC * (15, 12, 0)
            canvas.blend(camera(centre + disc), blush, rng.uniform(.1, .45), 5)
    if look.beard:
        inner = points[[54, 54, 56, 58, 48, 48]] + np.array([
            (8, -14, -2), (9, 3, 0), (6, 9, 0), (-6, 9, 0), (-9, 3, 0), (-8, -14, -2)])
        outline = _smooth(face.outline, closed=True)  # 4 points a landmark
        patch = np.concatenate([outline[8:57], camera(inner)])
        clip = canvas.clipped(outline)
        if clip is not None:
            clip[0].blend(patch, _mix(look.hair, look.skin, .15), look.beard, 2.5)
            canvas.paste(clip)
    if look.moustache:
        patch = np.concatenate([points[48:55] - (0, 1, 0), points[[35, 33, 31]]
                                + (0, 3, 0)])
        canvas.blend(camera(patch), _mix(look.hair, look.skin, .15),
                     look.moustache, 1.5)
    fold = _scaled(look.skin, .72)
    depth = rng.uniform(0, .8)
    for nostril, corner, sign in ((31, 48, -1), (35, 54, 1)):
        start = points[nostril] + (sign * 6, -4, -4)
        end = points[corner] + (sign * 7, -2, -2)
        middle = (start + end) / 2 + (sign * 4, 0, 0)
        path = _smooth(np.stack([start, middle, end]))
        band = np.concatenate([path, path[::-1] + (sign * 2.4, 0, 0)])
        canvas.blend(camera(band), fold, depth, .8)
    if face.mouth_open < .3:
        crease = marks[[58, 57, 56]] * .72 + marks[[8]] * .28
        canvas.line(_smooth(crease), _mix(look.skin, fold, .5), 1.5)


def _paint_eye(canvas: _Canvas, face: Face, look: _Look,
               rng: np.random.Generator, start: int, opening: float) -> None:
    marks = face.landmarks[start:start + 6]
    unit = face.camera.scale
    upper, lower = _smooth(marks[:4]), _smooth(marks[[3, 4, 5, 0]])
    lid_shade = _scaled(look.skin, .62)
    up = face.camera.rotation[:2, 1] * unit
    if opening > .12:
        polygon = np.concatenate([upper[:-1], lower[:-1]])
        clip = canvas.clipped(polygon)
        if clip is not None:
            ball, _, _ = clip
            ball.image[:] = (225, 228, 232)
            gaze = rng.normal(0, .16, 2).clip(-.4, .4)
            socket = face.shape[start:start + 6]
            centre = socket[[0, 3]].mean(0) * .4 + socket[[1, 2, 4, 5]].mean(0) * .6
            span = float(np.linalg.norm(socket[3] - socket[0]))
            pupil = face.camera(centre + (gaze[0] * span * .6, gaze[1] * 7 - .6, 2))
            ball.dot(pupil, span * .23, _scaled(look.iris, .6))
            ball.dot(pupil, span * .195, look.iris)
            ball.dot(pupil, span * .1, (12, 10, 10))
            ball.dot(pupil + unit * np.array([-1.6, -1.8]), span * .05,
                     (250, 250, 250))
            # The upper lid throws a shadow on the ball.
            ball.line(upper + up * .6, (120, 125, 135), 1.4)
            canvas.paste(clip)
    canvas.line(lower, lid_shade, .8)
    canvas.line(upper, _scaled(look.brow, .6), 1.5)
    canvas.line(upper[2:] - up * 4.2, lid_shade, .9)


def _paint_brows(canvas: _Canvas, face: Face, look: _Look,
                 rng: np.random.Generator) -> None:
    up = face.camera.rotation[:2, 1] * face.camera.scale
    thickness = rng.uniform(1.6, 3.6)
    taper = np.interp(np.arange(17), [0, 5, 16], [.35, .8, 1.0])[:, None]
    for marks, half in ((face.landmarks[17:22], taper),
                        (face.landmarks[22:27], taper[::-1])):
        middle = _smooth(marks)
        band = half * thickness * up
        canvas.blend(np.concatenate([middle - band, (middle + band)[::-1]]),
                     look.brow, .92, .45)


def _paint_mouth(canvas: _Canvas, face: Face, look: _Look,
                 rng: np.random.Generator) -> None:
    marks = face.landmarks
    outer_up, outer_low = _smooth(marks[48:55]), _smooth(marks[[54, 55, 56, 57, 58,
                                                                59, 48]])
    inner_up = _smooth(marks[60:65])
    inner_low = _smooth(marks[[64, 65, 66, 67, 60]])
    canvas.fill(np.concatenate([outer_up[:-1], outer_low[:-1]]),
                _scaled(look.lip, .88))
    canvas.fill(np.concatenate([outer_low, inner_low[::-1]]), look.lip)
    polygon = np.concatenate([inner_up[:-1], inner_low[:-1]])
    gap = np.linalg.norm(marks[62] - marks[66]) / face.camera.scale
    if gap > 2.2:
        clip = canvas.clipped(polygon)
        if clip is not None:
            inside, _, _ = clip
            inside.image[:] = (28, 18, 45)
            down = face.camera.rotation[:2, 1] * face.camera.scale
            if rng.uniform() < .8:
                tongue = marks[66] + (_CIRCLE * (14, 7)) * face.camera.scale
                inside.fill(tongue - down * .5, (85, 75, 165))
            if rng.uniform() < .85:
                drop = down * rng.uniform(3, 7)
                inside.fill(np.concatenate([inner_up - down * 2,
                                            (inner_up + drop)[::-1]]),
                            (222, 232, 238))
            canvas.paste(clip)
    # The dark line between the lips, where they meet or part.
    canvas.line(inner_up, _scaled(look.lip, .42), 1.0)
    if gap > 2.2:
        canvas.line(inner_low, _scaled(look.lip, .6), .8)


def _paint_nose(canvas: _Canvas, face: Face, look: _Look) -> None:
    """The nose stands out of the face, so turned far it hides what is behind."""
    points, camera = face.shape, face.camera
    spread = np.abs(points[35, 0] - points[31, 0]) / 2
    wings = []
    for sign in (-1, 1):
        wings += [points[33] + (sign * spread * 1.12, -6, -10),
                  points[33] + (sign * spread * 1.0, -1, -8)]
    tip = points[30] + np.array([[-7, 1, -5], [7, 1, -5], [0, 6, -3], [0, -1, 1]])
    bridge = points[[28, 29]]
    hull = np.concatenate([points[27:31], wings, tip, bridge + (4, 0, -3),
                           bridge - (4, 0, 3), points[31:36]])
    turned = np.clip((abs(face.yaw) - .3) / .4, 0, 1)
    pixels = camera(hull)
    if turned > 0:
        shape = cv2.convexHull(pixels.astype(np.float32))[:, 0].astype(np.float64)
        canvas.blend(shape, look.skin, float(turned), .5)
    shade = _scaled(look.skin, .66)
    # The far flank is seen only as an edge, the darker the further it is turned.
    for sign in (-1, 1):
        flank = np.concatenate([points[27:30] + (sign * 4, 0, -4),
                                points[[30]] + (sign * 7, -1, -6),
                                points[[33]] + (sign * spread * 1.1, -8, -9)])
        strength = .5 if turned > 0 and sign * face.yaw > 0 else .22
        curve = _smooth(flank)
        band = np.concatenate([curve, curve[::-1] + (sign * 2.5, 0, -2)])
        canvas.blend(camera(band), shade, strength, .9)
    base = _smooth(points[31:36])
    canvas.blend(camera(np.concatenate([base, base[::-1] + (0, 2.6, -1)])), shade,
                 .75, .6)
    for nostril, inner in ((31, 32), (35, 34)):
        hole = points[[nostril, inner]].mean(0) - (0, 1.2, 0)
        disc = _DISC * (spread * .2, 1.7, 0)
        canvas.blend(camera(hole + disc), _scaled(look.skin, .22), .85, .4)
    for sign in (-1, 1):
        wing = points[33] + np.array([
            [sign * spread * .95, -11, -6], [sign * spread * 1.22, -5, -9],
            [sign * spread * 1.0, 0, -8]])
        canvas.line(camera(_smooth(wing)), _scaled(look.skin, .74), 1.0)
    ridge = _smooth(points[27:31])
    canvas.blend(camera(np.concatenate([ridge - (1.6, 0, 0),
                                        ridge[::-1] + (1.6, 0, 0)])),
                 _mix(look.skin, (255.0, 255.0, 255.0), .5), .45, .9)
    disc = _DISC * (3.0, 2.6, 0)
    canvas.blend(camera(points[30] + disc), _mix(look.skin, (255.0, 255.0, 255.0), .7),
                 .55, .8)


def _paint_fringe(canvas: _Canvas, face: Face, look: _Look,
                  rng: np.random.Generator, width: float) -> None:
    """Hair or a hat over the forehead."""
    camera = face.camera
    if look.hat:
        cap = _dome(camera, (0, -18, -62), (width + 8, 98, 98),
                    rng.uniform(-62, -38))
        canvas.fill(cap, look.cloth)
        return
    if look.hair_style not in ('fringe', 'side'):
        return
    top = face.outline_shape[17:]
    across = np.linspace(1, -1, 9)
    if look.hair_style == 'fringe':
        low = rng.uniform(-56, -32) + rng.uniform(-4, 12) * across**2
    else:
        parting = rng.uniform(.3, .8) * (1 if rng.uniform() < .5 else -1)
        low = -72 + rng.uniform(18, 40) * np.clip((parting - across * np.sign(parting))
                                                  / 1.6, 0, 1) ** 1.2
    low = low + rng.normal(0, 3.5, 9) * (1 - across**4)
    # Never above the hairline, where the fringe grows from.
    low = np.maximum(low, np.interp(across * width * .93, top[::-1, 0], top[::-1, 1]))
    # The fringe lies on the forehead, which is an ellipse seen from above.
    edge = np.stack([across * width * .93, low,
                     -58 + 74 * np.sqrt(np.clip(1 - (across * .93)**2, 0, 1))], -1)
    lower = camera(_smooth(edge))
    roof = camera(top * (1.03, 1.14, 1))
    polygon = np.concatenate([lower, roof[::-1]])
    canvas.fill(polygon, look.hair)


def _paint_glasses(canvas: _Canvas, face: Face, look: _Look,
                   rng: np.random.Generator) -> None:
    camera, points = face.camera, face.shape
    frame = _any_colour(rng, 5, 90) if rng.uniform() < .8 else _any_colour(rng)
    size = rng.uniform(.9, 1.12)
    power = rng.uniform(.55, 1.0)  # from nearly square to round
    rim = np.sign(_CIRCLE) * np.abs(_CIRCLE) ** power * (24 * size, 18 * size)
    thick = rng.uniform(1.2, 3.0)
    inner, outer = [], []
    for start, sign in ((36, -1), (42, 1)):
        middle = points[start:start + 6].mean(0)
        loop = np.stack([middle[0] + sign * 1.5 + rim[:, 0], middle[1] + 4 + rim[:, 1],
                         14 - sign * (rim[:, 0]) * .32], -1)
        seen = camera(loop)
        if look.glasses == 'sun':
            canvas.blend(seen, (22, 18, 18), .9)
        elif rng.uniform() < .5:
            canvas.blend(seen, (255, 250, 245), rng.uniform(.02, .2))
        canvas.line(seen, frame, thick, closed=True)
        order = np.argsort(loop[:, 0] * sign)
        inner.append(loop[order[0]])
        outer.append(loop[order[-1]])
    middle_bridge = (inner[0] + inner[1]) / 2 + (0, -4, 6)
    canvas.line(camera(_smooth(np.stack([inner[0], middle_bridge, inner[1]]))), frame,
                thick)
    for end, sign in zip(outer, (-1, 1), strict=True):
        if sign * face.yaw < .15:  # the far temple is behind the face
            ear = np.array([sign * 74 * face.width, 0, -66])
            canvas.line(camera(np.stack([end - (0, 6, 0), ear])), frame, thick)


# ------------------------------------------------------------- light and camera

def _light(image: Image, face: Face, look: _Look,
           rng: np.random.Generator) -> Image:
    """Shade the head like an ellipsoid, with hollows and ridges painted on."""
    size = image.shape[0]
    low = max(32, size // 4)
    ratio = low / size
    camera = face.camera
    head = np.array([0.0, 8.0, -58.0])
    radii = np.array([82 * face.width, 118.0, 84.0])
    grid = (np.arange(low) + .5) / ratio - .5
    x, y = np.meshgrid(grid, grid)
    seen = (np.stack([x, y], -1) - camera(head)) / camera.scale
    # Solve |(ray in the ellipsoid's own frame)| = 1 for the depth of each pixel.
    stretch = camera.rotation / radii  # columns: head axes, rows: picture axes
    flat = seen @ stretch[:2]
    ray = stretch[2]
    a, b = ray @ ray, flat @ ray
    c = (flat**2).sum(-1) - 1
    root = np.sqrt(np.maximum(b * b - a * c, 0))
    local = flat + ((root - b) / a)[..., None] * ray
    normal = (local / radii) @ camera.rotation.T
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    lambert = np.clip(normal @ look.light, -.2, 1)
    shade = 1 + look.contrast * (1.25 * lambert - .95)

    shade = cv2.resize(shade.astype(np.float32), (size, size),
                       interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((size, size), np.uint8)
    for part in (_ellipsoid(camera, (0, -12, -72), (76 * face.width, 84, 90)),
                 _smooth(face.outline, closed=True)):
        _fill(mask, part, 255)
    weight = mask.astype(np.float32) / 255
    gain = (1 + weight * (shade - 1)) * _relief(face, look, size)
    return cv2.multiply(image, cv2.merge([gain, gain, gain]), dtype=cv2.CV_8U)


def _relief(face: Face, look: _Look, size: int) -> NDArray[np.float32]:
    """Soft light and dark patches of eye sockets, cheeks, nose and chin."""
    points, camera = face.shape, face.camera
    layer = np.full((size, size), 128, np.uint8)
    side = float(np.sign(look.light[0]) or 1)

    def patch(polygon: Array, level: float) -> None:
        _fill(layer, camera(polygon), 128 + level * look.relief)

    def disc(centre: Array, radii: tuple[float, float], level: float) -> None:
        patch(centre + _DISC * (*radii, 0), level)

    for start, sign in ((36, -1), (42, 1)):
        eye = points[start:start + 6].mean(0)
        disc(eye + (-sign * 1, -5, 0), (18, 11), -26)
        disc(eye + (sign * 4, 30, 6), (13, 9), 16)
    disc(np.array([0, -52, 16]), (26, 14), 12)
    disc(points[8] + (0, -8, 4), (11, 7), 12)
    disc(points[57] + (0, 5.5, 0), (13, 3.5), -26)
    disc(points[33] + (0, 5, -4), (12, 4), -30)
    # The flank of the nose away from the light is dark, the other one bright.
    for toward, level in ((-side, -30), (side, 14)):
        flank = points[[33, 28]] + np.array([(toward * 12.5, -2.5, -10),
                                             (toward * 8.5, 0, -9)])
        patch(np.concatenate([points[27:31] + (toward * 1.5, 0, -1), flank]), level)
    soft: Image = cv2.GaussianBlur(layer, (0, 0), 2.6 * camera.scale)
    return soft.astype(np.float32) / np.float32(128)


def _occlude(image: Image, face: Face, look: _Look,
             rng: np.random.Generator) -> None:
    """Something in front of the face; its landmarks stay annotated, as in iBUG."""
    if not look.occluder:
        return
    scale = face.camera.scale
    target = face.landmarks[int(rng.integers(17))] * .75 + face.landmarks[30] * .25
    if look.occluder == 'hand':
        centre = face.landmarks[30]
        direction = (target - centre) / max(np.linalg.norm(target - centre), 1e-6)
        across = direction[::-1] * (-1, 1)
        for finger in range(4):
            aside = across * (finger - 1.5)
            base = target + (17 * aside + 90 * direction) * scale
            tip = target + (14 * aside - (2, 12, 10, 0)[finger] * direction) * scale
            for width, tone in ((19, .6), (16, .92)):
                cv2.polylines(image, [_fixed(np.stack([base, tip]))], False,
                              _scaled(look.skin, tone), max(1, int(width * scale)),
                              cv2.LINE_AA, _SHIFT)
    elif look.occluder == 'box':
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)],
                         [np.sin(angle), np.cos(angle)]])
        half = rng.uniform(.12, .26, 2) * 150 * scale
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        _fill(image, target + corners @ turn.T, _any_colour(rng))
        _fill(image, target + .8 * corners @ turn.T, _any_colour(rng))
    else:
        _fill(image, target + _CIRCLE * rng.uniform(12, 26) * scale, _any_colour(rng))


def _photograph(image: Image, look: _Look, rng: np.random.Generator) -> Image:
    """Colour cast, exposure, blur and noise of a camera."""
    size = image.shape[0]
    sigma = rng.uniform(0, 1.1) * size / 128 if rng.uniform() < .5 else 0.0
    if sigma > .25:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    elif rng.uniform() < .12:
        length = max(3, size // 32)
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
    if rng.uniform() < .08:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
                             cv2.COLOR_GRAY2BGR)
    gamma = np.exp(rng.normal(0, .22))
    cast = rng.normal(1, .05, 3)
    ramp = (np.arange(256)[:, None] / 255) ** gamma * 255 * rng.uniform(.85, 1.12)
    table = np.clip(ramp * cast, 0, 255).astype(np.uint8)[:, None]
    return cv2.LUT(image, table.reshape(1, 256, 3))
