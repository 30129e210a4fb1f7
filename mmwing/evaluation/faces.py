"""The faces of one evaluation: predictions, true landmarks, boxes and subsets."""

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePath

import numpy as np

from .arrays import as_array


def digest_names(names: Iterable[str]) -> str:
    """Digest of the faces' names, in any order."""
    return sha256('\n'.join(sorted(names)).encode(
        errors='backslashreplace')).hexdigest()[:16]


def face_name(image_path: str, identity: object = None) -> str:
    """A face's name: the same on a machine that has the data elsewhere.

    Args:
        image_path: Of which the last two parts count.
        identity: Number of the annotation, if there is one.
    """
    name = '/'.join(PurePath(image_path).parts[-2:])
    return name if identity is None else f'{name}#{identity}'


@dataclass(frozen=True, eq=False)
class EvaluatedFaces:
    """N faces with K landmarks each, in pixels of their original images.

    Arrays may be given as tensors or lists; they are numpy arrays afterwards.

    Attributes:
        pred: Predicted landmarks (N, K, 2).
        gt: True landmarks (N, K, 2).
        visible: (N, K), true where ``gt`` holds a ground truth.
        boxes: Boxes (N, 4) that the faces were cropped from, as x1, y1, x2, y2;
            NaN where there is none; None where no face has one.
        names: A name for each face that is the same in every run on the data.
        image_paths: The image of each face; empty where unknown, one or all.
        items: Further numbers (N,) by name, such as AFLW's ``box_size``.
        subsets: Name of a subset to its membership (N,), bool.

    Raises:
        TypeError: If a field is not an array of numbers, or holds names that are no
            text.
        ValueError: If a field has not N faces, or not the landmarks of ``pred``.
    """

    pred: np.ndarray
    gt: np.ndarray
    visible: np.ndarray
    boxes: np.ndarray
    names: Sequence[str]
    image_paths: Sequence[str]
    items: dict[str, np.ndarray] = field(default_factory=dict)
    subsets: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {name: as_array(getattr(self, name), name)
                  for name in ('pred', 'gt', 'visible')}
        shape = arrays['pred'].shape
        if len(shape) != 3 or shape[-1] != 2 or not shape[1]:
            raise ValueError('pred must have the shape (N, K, 2), with at least one '
                             f'landmark, got {shape}')
        arrays['boxes'] = (np.full((shape[0], 4), np.nan) if self.boxes is None else
                           as_array(self.boxes, 'boxes'))
        for name, wanted in (('gt', shape), ('visible', shape[:2]),
                             ('boxes', (shape[0], 4))):
            _check_shape(name, arrays[name], wanted)
        arrays['visible'] = _as_bool(arrays['visible'])
        texts = {'names': _texts('names', self.names, shape[0]),
                 'image_paths': _texts('image_paths', self.image_paths, shape[0])}
        columns = {name: _columns(name, getattr(self, name), shape[0])
                   for name in ('items', 'subsets')}
        columns['subsets'] = {name: _as_bool(members)
                              for name, members in columns['subsets'].items()}
        for name, value in {**arrays, **texts, **columns}.items():
            object.__setattr__(self, name, value)  # the class is frozen

    def __len__(self) -> int:
        return len(self.pred)

    @property
    def num_keypoints(self) -> int:
        """K."""
        return self.pred.shape[1]

    @property
    def digest(self) -> str:
        """Of the names, in any order: equal digests, the same faces."""
        return digest_names(self.names)


def _check_shape(name: str, array: np.ndarray, wanted: tuple[int, ...]) -> None:
    if array.shape != wanted:
        raise ValueError(f'{name} must have the shape {wanted} to go with pred, got '
                         f'{array.shape}')


def _texts(name: str, texts: object, count: int) -> Sequence[str]:
    if isinstance(texts, str) or not isinstance(texts, (Sequence, np.ndarray)) or not (
            all(isinstance(text, (str, PurePath)) for text in texts)):
        raise TypeError(f'{name} must be a list of texts, one for each face, got '
                        f'{reprlib.repr(texts)}')
    if name == 'image_paths' and not len(texts):
        return [''] * count
    if len(texts) != count:
        raise ValueError(f'{name} must be {count} texts, one for each face of pred, '
                         f'got {len(texts)}')
    return [str(text) for text in texts]


def _columns(name: str, columns: object, count: int) -> dict[str, np.ndarray]:
    """Arrays (N,) by name."""
    if not isinstance(columns, Mapping):
        raise TypeError(f'{name} must be a dict of a name to an array ({count},), got '
                        f'{reprlib.repr(columns)}')
    arrays = {key: as_array(values, f'{name}[{key!r}]')
              for key, values in columns.items()}
    for key, values in arrays.items():
        _check_shape(f'{name}[{key!r}]', values, (count,))
    return arrays


def _as_bool(array: np.ndarray) -> np.ndarray:
    return array if array.dtype == bool else array > 0
