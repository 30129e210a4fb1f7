"""Warp the face box, mirrored or not, onto the network input, without aliasing."""

import cv2
import numpy as np
from mmpose.datasets.transforms import TopdownAffine
from mmpose.structures.bbox import get_warp_matrix

from mmwing.arguments import check_flags, is_image_size
from mmwing.datasets.canvases import check_covered
from mmwing.geometry import compose, invert
from mmwing.registry import TRANSFORMS
from mmwing.runtime.crops import supersampled_warp, supersampling


@TRANSFORMS.register_module()
class FaceAffine(TopdownAffine):
    """MMPose's ``TopdownAffine`` with a mirror and without aliasing.

    Where :class:`mmwing.RandomFaceBox` has drawn it (``bbox_mirrored``), the
    reflection about the centre of the box is part of the one warp, and the landmarks
    and their visibility change index with it: the mirrored left eye is a right eye.
    ``flip`` and ``flip_direction`` say so, as MMPose's ``RandomFlip`` does.

    A bilinear warp reads four source pixels an output pixel: a face of 200 pixels on
    a 64-pixel input skips most of them. ``antialias`` averages as many samples as the
    reduction needs (MATLAB's ``imresize`` does the same; OpenCV's warp and
    ``grid_sample`` do not).

    The matrix is MMPose's own (box centre to w/2, h/2), which is what its decoding
    of regressed coordinates undoes. There is no ``use_udp``: that decoding would
    leave an error of 1/w with it.

    Required Keys: img, bbox_center (1, 2), bbox_scale (1, 2); optional:
    bbox_rotation (1,), bbox_mirrored (bool), keypoints (1, K, 2), keypoints_visible
    (1, K) or (1, K, 2), flip_indices (K,); canvas_matrix (2, 3), from pixels of the
    photo, in which all else is, to those of img, with ori_shape.

    Modified Keys: img, bbox_scale; keypoints and keypoints_visible, whose order is
    that of the mirrored face if it is mirrored. The coordinates remain those of the
    source image.

    Added Keys: input_size, input_center, input_scale, transformed_keypoints
    (1, K, 2) in input pixels, warp_mat (2, 3) float64 from image to input pixels,
    which maps each of keypoints to that of transformed_keypoints; flip and
    flip_direction, in the place of bbox_mirrored.

    Args:
        input_size (tuple[int, int]): Network input (w, h).
        antialias (bool): Average over the source pixels when the crop shrinks.
            Defaults to True.
    """

    def __init__(self, input_size: tuple, antialias: bool = True) -> None:
        if not is_image_size(input_size):
            raise ValueError('input_size must be two positive integers (w, h), '
                             f'got {input_size!r}')
        check_flags(antialias=antialias)
        width, height = input_size
        super().__init__((int(width), int(height)))
        self.antialias = antialias

    def transform(self, results: dict) -> dict:
        """See the class.

        Raises:
            ValueError: If there is more than one box, or an empty one, or a canvas does
                not show all that the crop may.
        """
        width, height = self.input_size
        if results['bbox_center'].shape[0] != 1:
            raise ValueError('FaceAffine crops one face a sample, got bbox_center '
                             f'of shape {results["bbox_center"].shape}')
        results['bbox_scale'] = self._fix_aspect_ratio(
            results['bbox_scale'], aspect_ratio=width / height)
        center = results['bbox_center'][0]
        scale = results['bbox_scale'][0]
        if not np.isfinite(center).all() or not (scale > 0).all():
            raise ValueError(
                'FaceAffine needs a finite box of positive size, got center '
                f'{center}, scale {scale} for {results.get("img_path")!r}')
        rotation = results['bbox_rotation'][0] if 'bbox_rotation' in results else 0.

        matrix = get_warp_matrix(center, scale, rotation, self.input_size)
        if 'bbox_mirrored' in results:
            mirrored = results.pop('bbox_mirrored')
            results['flip'] = mirrored
            results['flip_direction'] = 'horizontal' if mirrored else None
            if mirrored:
                matrix[:, 2] += matrix[:, 0] * 2 * center[0]
                matrix[:, 0] *= -1
                for key in ('keypoints', 'keypoints_visible'):
                    if results.get(key) is not None:
                        results[key] = results[key].take(results['flip_indices'], 1)

        images, source = results['img'], matrix
        reduction = scale[0] / width
        if 'canvas_matrix' in results:
            canvas_matrix = results['canvas_matrix']
            corners = cv2.transform(
                np.array([[(-.5, -.5), (width - .5, -.5), (width - .5, height - .5),
                           (-.5, height - .5)]]), cv2.invertAffineTransform(matrix))[0]
            check_covered(center, np.abs(corners - center).max(0), results['ori_shape'],
                          canvas_matrix, len(images), results.get('img_path'))
            source = compose(matrix, invert(canvas_matrix))
            reduction *= canvas_matrix[0, 0]
        factor = supersampling(reduction) if self.antialias else 1
        if isinstance(images, list):
            results['img'] = [
                supersampled_warp(image, source, self.input_size, factor)
                for image in images
            ]
        else:
            results['img'] = supersampled_warp(images, source, self.input_size, factor)

        keypoints = results.get('keypoints')
        if keypoints is not None:
            warped = keypoints.copy()
            warped[..., :2] = keypoints[..., :2] @ matrix[:, :2].T + matrix[:, 2]
            results['transformed_keypoints'] = warped
        else:
            # As the parent: test pipelines without annotation pack these.
            results['transformed_keypoints'] = np.zeros([])
            results['keypoints_visible'] = np.ones((1, 1, 1))

        results['warp_mat'] = matrix
        results['input_size'] = self.input_size
        results['input_center'] = center
        results['input_scale'] = scale
        return results

    def __repr__(self) -> str:
        return (f'{self.__class__.__name__}(input_size={self.input_size}, '
                f'antialias={self.antialias})')
