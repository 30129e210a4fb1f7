"""The faces of one evaluation: predictions, true landmarks, boxes and subsets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePath

import numpy as np


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

    Attributes:
        pred: Predicted landmarks (N, K, 2).
        gt: True landmarks (N, K, 2).
        visible: (N, K), true where ``gt`` holds a ground truth.
        boxes: Boxes (N, 4) that the faces were cropped from, as x1, y1, x2, y2;
            NaN where there is none.
        names: A name for each face that is the same in every run on the data.
        image_paths: The image of each face; empty where unknown.
        items: Further numbers (N,) by name, such as AFLW's ``box_size``.
        subsets: Name of a subset to its membership (N,), bool.
    """

    pred: np.ndarray
    gt: np.ndarray
    visible: np.ndarray
    boxes: np.ndarray
    names: Sequence[str]
    image_paths: Sequence[str]
    items: dict[str, np.ndarray] = field(default_factory=dict)
    subsets: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pred)

    @property
    def num_keypoints(self) -> int:
        """K."""
        return self.pred.shape[1]

    @property
    def digest(self) -> str:
        """Of the names, in any order: equal digests, the same faces."""
        return sha256('\n'.join(sorted(self.names)).encode(
            errors='backslashreplace')).hexdigest()[:16]
