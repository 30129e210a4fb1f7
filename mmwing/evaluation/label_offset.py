"""How far right of what they name the labels of a data set lie."""

import numpy as np

from .bootstrap import bootstrap_means
from .faces import EvaluatedFaces


def label_offset(faces: EvaluatedFaces,
                 known: float = 0.) -> tuple[float, float, float]:
    """Offset in x between labels and what they name, as a mirror shows it.

    A network that was trained with mirrored faces cannot learn an offset of the labels
    in x: in half of its training it lies on the other side. What its predictions,
    averaged with those on the mirrored image (``flip_test``), are off by in x, over all
    landmarks and faces, is the offset. In y a mirror shows nothing.

    Args:
        faces: What a test with ``flip_test`` has found.
        known: ``label_offset`` that the model was trained and is tested with.

    Returns:
        What ``label_offset`` of :class:`mmwing.RandomFaceBox` and of ``test_cfg``
        should be, in pixels of the image, and the ends of its 95 % interval over faces.

    Raises:
        ValueError: If no face has a landmark.
    """
    usable = faces.annotated.any(1)
    if not usable.any():
        raise ValueError('there is no annotated face to measure an offset on')
    errors = np.where(faces.annotated, faces.pred[..., 0] - faces.gt[..., 0], 0)[usable]
    offsets = known - errors.sum(1) / faces.annotated[usable].sum(1)
    low, high = np.quantile(bootstrap_means(offsets[:, None])[:, 0], (.025, .975))
    return float(offsets.mean()), float(low), float(high)
