"""Hand a canvas on to the device, which crops, changes and encodes it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpose.datasets.transforms import PackPoseInputs

from mmwing.arguments import is_between, is_list
from mmwing.datasets.canvases import CanvasFace, check_covered
from mmwing.geometry import transform_points
from mmwing.registry import TRANSFORMS

META_KEYS = ('id', 'img_id', 'img_path', 'category_id', 'ori_shape', 'flip_indices',
             'dataset_name', 'subsets', 'attributes')


@TRANSFORMS.register_module()
class PackCanvas(BaseTransform):
    """The end of a pipeline on canvases whose crop :class:`mmwing.FaceAugmentor` makes.

    Required Keys: what :class:`mmwing.CanvasDataset` gives, bbox_center (1, 2),
    bbox_scale (1, 2), keypoints (1, K, 2), keypoints_visible (1, K) or (1, K, 2).

    Returns a dict of ``inputs``, the canvas as it is, uint8 (size, size, 3), unless it
    is on the device already, and ``data_samples``, a
    :class:`mmwing.datasets.canvases.CanvasFace`.

    Args:
        reach (float): How far from the centre of the box the augmentation may look, in
            longer sides of the box. Defaults to 0.5, that of a plain crop.
        meta_keys (Sequence[str]): What of the sample goes into its meta information.

    Raises:
        ValueError: For a face whose canvas shows less than ``reach``.
    """

    def __init__(self, reach: float = 0.5,
                 meta_keys: Sequence[str] = META_KEYS) -> None:
        if not is_between(reach, 0, 1000) or reach == 0:
            raise ValueError(f'reach must be positive, up to 1,000, got {reach!r}')
        if not is_list(meta_keys) or not all(isinstance(key, str) for key in meta_keys):
            raise ValueError(f'meta_keys must be a list of keys, got {meta_keys!r}')
        self.reach = reach
        self.meta_keys = tuple(meta_keys)
        self._kept = {*self.meta_keys, *PackPoseInputs.instance_mapping_table,
                      'bbox_center'}

    def transform(self, results: dict) -> dict:
        """See the class."""
        matrix = results['canvas_matrix']
        centre = np.asarray(results['bbox_center'], np.float64)
        sides = results['bbox_scale'][0]
        if len(centre) != 1 or not np.isfinite(centre).all() or not min(sides) > 0:
            raise ValueError(
                'PackCanvas needs one finite box of positive size, got centre '
                f'{centre.tolist()} and scale {results["bbox_scale"].tolist()} for '
                f'{results.get("img_path")!r}')
        check_covered(centre[0], np.full(2, self.reach * max(sides)),
                      results['ori_shape'], matrix, results['canvas_size'],
                      results.get('img_path'))
        visible = results['keypoints_visible'][0]
        face = CanvasFace(
            transform_points(matrix, results['keypoints'][0, :, :2].astype(np.float64)
                             ).astype(np.float32),
            np.asarray(visible if visible.ndim == 1 else visible[:, 0], np.float32),
            transform_points(matrix, centre)[0].astype(np.float32),
            (sides * matrix[0, 0]).astype(np.float32), matrix,
            {key: results[key] for key in self._kept if key in results},
            results['canvas_index'], results.get('canvas_file'))
        if 'img' not in results:
            return {'data_samples': face}
        # A copy: the canvas itself is a part of a file, which nobody may change.
        return {'inputs': torch.from_numpy(np.array(results['img'])),
                'data_samples': face}

    def __repr__(self) -> str:
        return f'{type(self).__name__}(reach={self.reach})'
