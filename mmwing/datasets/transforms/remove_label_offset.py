"""Move labels that are off by a known number of pixels to where they belong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from mmwing.arguments import check_flags, is_between, is_list
from mmwing.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RemoveLabelOffset(BaseTransform):
    """Subtract a constant offset from the landmarks, and from boxes made of them.

    Programs such as MATLAB count pixels from 1. In an image whose first pixel is 0,
    their labels lie one pixel to the right of and below the true points; those of the
    300-W files that MMPose offers do. As long as no face is mirrored that does no
    harm, because a network learns where the labels are. In a mirrored face, however,
    the labels lie one pixel to the left. The network cannot know which of the two it
    sees and learns what is in between: half of its training contradicts the other
    half, and all of its predictions are off by the offset in x. In y a mirror changes
    nothing.

    Put it behind the image loader of every pipeline, in training, validation and test
    alike, with the same offset. Predictions and the ground truth that the metric gets
    are then both true places, so that errors stay comparable: an offset that all
    labels shared changes none. ``raw_ann_info`` and the annotation file stay as they
    are.

    ``mmwing label-offset`` measures the offset in x and prints the line for
    the config.

    Required Keys: keypoints (1, K, 2) (optional). Without it nothing changes: a face to
    predict, whose box is a detector's.

    Modified Keys: keypoints; with ``move_boxes`` also bbox (1, 4) as x1, y1, x2, y2 and
    bbox_center (1, 2), where they are there.

    Args:
        offset (float | Sequence[float]): How far to the right of the true points the
            labels lie, in pixels of the image; or (x, y), y for how far below. Defaults
            to 0, which changes nothing.
        move_boxes (bool): Whether the annotated boxes are off by as much, as boxes
            around the labels are (300-W). A detector's boxes, which
            :class:`mmwing.BoxFromFile` puts in later, do not move. Defaults to
            ``True``.

    Raises:
        ValueError: If the offset is not one or two finite numbers; for a sample that
            is mirrored or cropped already.
    """

    def __init__(self, offset: float | Sequence[float] = 0.,
                 move_boxes: bool = True) -> None:
        x, y = offset if is_list(offset, 2) else (offset, 0.)
        if not is_between(x, -1e6, 1e6) or not is_between(y, -1e6, 1e6):
            raise ValueError('offset must be a number of pixels, or two (x, y), got '
                             f'{offset!r}')
        check_flags(move_boxes=move_boxes)
        self.offset = (float(x), float(y))
        self.move_boxes = move_boxes

    def transform(self, results: dict) -> dict:
        """See the class."""
        if results.get('keypoints') is None or self.offset == (0., 0.):
            return results
        if results.get('flip') or 'transformed_keypoints' in results:
            raise ValueError('RemoveLabelOffset must come before what mirrors or crops '
                             'the face: put it right behind the image loader')
        self._move(results, 'keypoints', 1)
        if self.move_boxes:
            self._move(results, 'bbox', 2)
            self._move(results, 'bbox_center', 1)
        return results

    def _move(self, results: dict, key: str, num_points: int) -> None:
        """Move the one or two points in the last axis of a value, in a copy."""
        if results.get(key) is not None:
            dtype = np.result_type(results[key], np.float32)
            moved = results[key].astype(dtype)
            moved[..., :2 * num_points] -= np.array(self.offset * num_points, dtype)
            results[key] = moved

    def __repr__(self) -> str:
        return (f'{type(self).__name__}(offset={self.offset}, '
                f'move_boxes={self.move_boxes})')
