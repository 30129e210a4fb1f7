"""Data set of painted faces with known landmarks; needs no file."""
from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from pathlib import Path

import mmpose
import numpy as np
from mmengine.dataset import BaseDataset
from mmpose.datasets.datasets.base import BaseCocoStyleDataset

from mmwing.arguments import check_flags
from mmwing.registry import DATASETS

from .indices import check_indices
from .painted_image_backend import painted_image_path
from .painter import face_landmarks, paint_face
from .painter.polygons import Image

_MIN_IMAGE_SIZE = 32


@DATASETS.register_module()
class SyntheticFaceDataset(BaseCocoStyleDataset):
    """Painted faces with the 68 iBUG landmarks, known by construction.

    Landmarks are those of a head in space, seen by a camera. Corners and edges of eyes,
    nose, mouth and jaw are drawn up to a few millimetres beside theirs, by an amount
    that varies from face to face, as annotators of 300-W put labels beside them.

    Face ``i`` depends on ``seed`` and ``i`` alone. Data sets of different seeds
    share no face, so a training and a validation set differ in ``seed``. Landmarks
    are computed when the data set is initialised (1 to 2 ms a face), pictures are
    painted when a sample is read (about 30 ms at 128 pixels on one core).

    The fields of a sample are those of MMPose's face data sets, and ``img`` (BGR,
    uint8), which MMPose's ``LoadImage`` takes instead of reading a file:
    ``bbox`` (1, 4) as x1, y1, x2, y2: the square round the centre of the tight
    landmark box, ``bbox_scale`` times its longer side; ``keypoints`` (1, 68, 2)
    float32 in pixels, 0-based pixel centres; ``keypoints_visible`` (1, 68), all
    1 because iBUG annotates hidden points too; ``box_size``, the geometric mean
    of the tight landmark box's sides, for metrics that normalise by a given item.

    Args:
        num_samples: Number of faces, at least 1.
        seed: Which series of faces, in [0, 2**32).
        image_size: Side of the square canvas in pixels, at least 32. The face
            takes half to two thirds of it.
        bbox_scale: Side of the annotated box relative to the landmark box. MMPose's
            ``GetBBoxCenterScale`` multiplies it by its own ``padding``.
        cache: Keep painted pictures in memory, which processes forked afterwards
            (the data loader's workers) share; costs num_samples x image_size**2 x 3
            bytes once all are painted. Workers started by spawn each fill their own.
        data_mode: Only ``'topdown'``.
        metainfo: As in MMPose; default: that of 300-W.
        indices: Use only these samples, or the first ones, as in MMEngine.
        serialize_data: As in MMEngine.
        pipeline: As in MMEngine.
        test_mode: As in MMEngine.
        lazy_init: As in MMEngine.
        max_refetch: As in MMEngine.

    Raises:
        TypeError: An argument has the wrong type.
        ValueError: An argument is out of its range.
    """

    # The full path, because MMPose looks for a relative one below the working
    # directory first, where a file of that name may be something else.
    METAINFO: dict = {'from_file': str(
        Path(mmpose.__file__).parent / '.mim/configs/_base_/datasets/300w.py')}

    def __init__(self,
                 num_samples: int,
                 seed: int = 0,
                 image_size: int = 128,
                 bbox_scale: float = 1.25,
                 cache: bool = False,
                 data_mode: str = 'topdown',
                 metainfo: dict | None = None,
                 indices: int | Sequence[int] | None = None,
                 serialize_data: bool = True,
                 pipeline: Sequence[dict | Callable] = (),
                 test_mode: bool = False,
                 lazy_init: bool = False,
                 max_refetch: int = 1000) -> None:
        self.num_samples = _integer('num_samples', num_samples, 1, 2**32)
        self.seed = _integer('seed', seed, 0, 2**32)
        self.image_size = _integer('image_size', image_size, _MIN_IMAGE_SIZE, 2**14)
        if isinstance(bbox_scale, bool) or not isinstance(bbox_scale, Real):
            raise TypeError(f'bbox_scale must be a number, got {bbox_scale!r}')
        if not 0 < bbox_scale < np.inf:
            raise ValueError('bbox_scale must be positive and finite (1.25 is usual), '
                             f'got {bbox_scale!r}')
        if data_mode != 'topdown':
            raise ValueError("data_mode must be 'topdown': every picture holds one "
                             f'face; got {data_mode!r}')
        check_flags(cache=cache)
        check_indices(indices)
        self.bbox_scale: float = float(bbox_scale)
        self._cache: _PictureCache | None = (
            _PictureCache(self.num_samples, self.image_size) if cache else None)
        super().__init__(
            data_mode=data_mode, metainfo=metainfo, indices=indices,
            serialize_data=serialize_data, pipeline=list(pipeline),
            test_mode=test_mode, lazy_init=lazy_init, max_refetch=max_refetch)

    def load_data_list(self) -> list[dict]:
        """Return the annotations of all faces; no picture is painted."""
        return [self._annotation(index) for index in range(self.num_samples)]

    def get_data_info(self, idx: int) -> dict:
        """Return the annotation of a sample together with its picture."""
        data_info = super().get_data_info(idx)
        data_info['img'] = self._picture(data_info['img_id'])
        return data_info

    def get_annotation(self, idx: int) -> dict:
        """Return the annotation of a sample without its picture."""
        return BaseDataset.get_data_info(self, idx)

    def _annotation(self, index: int) -> dict:
        points = face_landmarks(self.seed, index, self.image_size)
        low, high = points.min(0), points.max(0)
        middle = (low + high) / 2
        half = self.bbox_scale * (high - low).max() / 2
        bbox = np.concatenate([middle - half, middle + half])[None]
        return {
            'id': index,
            'img_id': index,
            'img_path': painted_image_path(self.seed, index, self.image_size),
            'category_id': 1,
            'iscrowd': 0,
            'num_keypoints': len(points),
            'bbox': bbox.astype(np.float32),
            'bbox_score': np.ones(1, dtype=np.float32),
            'box_size': float(np.sqrt(np.prod(high - low))),
            'keypoints': points[None].astype(np.float32),
            'keypoints_visible': np.ones((1, len(points)), dtype=np.float32),
        }

    def _picture(self, index: int) -> Image:
        if self._cache is None:
            return paint_face(self.seed, index, self.image_size)[0]
        picture = self._cache.get(index)
        if picture is None:
            picture = paint_face(self.seed, index, self.image_size)[0]
            self._cache.put(index, picture)
        return picture


class _PictureCache:
    """Pictures in anonymous shared memory, which forked workers fill together.

    An ordinary dict would be filled by each worker for itself, and lost with it.
    """

    def __init__(self, count: int, size: int) -> None:
        self._shape = (count, size)
        length = size * size * 3
        try:
            # Pages take memory only once they are written.
            memory = mmap.mmap(-1, count * (length + 1))
        except (OSError, OverflowError) as error:
            raise ValueError(
                f'cache=True needs {count * length / 2**30:.1f} GiB for {count} '
                f'pictures of {size} pixels, which the system refuses ({error}); '
                'use cache=False or fewer samples') from error
        everything = np.frombuffer(memory, np.uint8)
        self._painted = everything[:count]
        self._pictures = everything[count:].reshape(count, size, size, 3)

    def get(self, index: int) -> Image | None:
        return self._pictures[index].copy() if self._painted[index] else None

    def put(self, index: int, picture: Image) -> None:
        self._pictures[index] = picture
        # Two workers may paint the same face; they write the same bytes.
        self._painted[index] = 1

    def __deepcopy__(self, memo: dict) -> _PictureCache:
        return self  # a subset shows the same faces

    def __reduce__(self) -> tuple:
        return _PictureCache, self._shape  # another process starts with none


def _integer(name: str, value: int, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f'{name} must be an integer, got {value!r}')
    if not low <= value < high:
        raise ValueError(f'{name} must be in [{low}, {high}), got {value}')
    return int(value)
