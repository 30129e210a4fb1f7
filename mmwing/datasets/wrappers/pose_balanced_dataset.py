"""Pose-based data balancing (PDB): repeat faces with rare head poses."""

import warnings

import numpy as np
from mmengine.dataset import BaseDataset, ClassBalancedDataset

from mmwing.arguments import check_flags
from mmwing.registry import DATASETS

from .annotation import annotation_of
from .shape_modes import pose_modes, yaw_mode


@DATASETS.register_module()
class PoseBalancedDataset(ClassBalancedDataset):
    """Repeat the samples of rare poses (Feng et al., CVPR 2018, section 5).

    The landmarks of all samples are aligned to their mean (rotation and scale, no
    reflection) and projected on the mode of their PCA that carries yaw. The range of
    the projections is cut into ``num_bins`` equal bins; each sample of a bin that
    holds n appears ``round(max / n)`` times, ``max`` being the count of the fullest
    bin. Nothing is random and nothing is dropped: samples keep their order, copies
    follow each other, and every process of a distributed run computes the same list,
    so that any sampler works on top. Augmentation makes the copies differ.

    Like MMEngine's ``ClassBalancedDataset``, of which it is one by another rule for
    the repeats, it wraps a data set and is not one itself.

    What happens in odd cases:

    - Points without annotation (``keypoints_visible`` 0, or NaN) are estimated from
      the sample's other points, see :func:`pose_modes`.
    - A sample with fewer than three annotated points, or all in one place, has no
      pose: it appears once, with a warning that counts such samples.
    - No sample has a pose: ValueError.
    - All shapes are the same (one sample, copies, or faces that differ by a
      similarity only): each appears once, with a warning.
    - Fewer samples than bins: empty bins have nothing to repeat; the rest is as usual.
    - One outlier in a bin of its own is repeated ``max`` times; ``max_repeats``
      limits that.

    Args:
        dataset (BaseDataset | dict): Top-down data set, one face a sample, whose
            ``get_data_info`` gives keypoints (1, K, 2) and keypoints_visible (1, K)
            or (1, K, 2).
        num_bins (int): Defaults to 9, as in the authors' script.
        mode (str | int): Which mode of the PCA, from 0 by falling variance. The
            authors take the first (0), and the second (1) for AFLW's 19 points.
            ``'yaw'`` takes the one with most variance that a mirror reverses, for
            which the metainfo must have flip pairs. Defaults to ``'yaw'``.
        absolute (bool): Bin the absolute value: left and right count as one, as in
            the authors' script, which suits training with flips. Defaults to True.
        max_repeats (int | None): Upper limit of a sample's repeats. Defaults to None.
        lazy_init (bool): Whether to leave loading to the first use. Defaults to
            False.

    Attributes (after ``full_init``):
        pose_mode (int): The mode in use.
        pose (np.ndarray): (N,) what is binned, in units of the mean shape's norm; NaN
            without a pose.
        bin_edges (np.ndarray): (num_bins + 1,).
        bins (np.ndarray): (N,) bin of each sample, -1 without a pose.
        repeats (np.ndarray): (N,) how often each sample appears.
    """

    def __init__(self,
                 dataset: BaseDataset | dict,
                 num_bins: int = 9,
                 mode: str | int = 'yaw',
                 absolute: bool = True,
                 max_repeats: int | None = None,
                 lazy_init: bool = False) -> None:
        for name, value in (('num_bins', num_bins), ('max_repeats', max_repeats)):
            if name == 'max_repeats' and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f'{name} must be a positive integer, got {value!r}')
        if mode != 'yaw' and (isinstance(mode, bool) or not isinstance(mode, int)
                              or mode < 0):
            raise ValueError("mode must be 'yaw' or the index of a mode, from 0, got "
                             f'{mode!r}')
        check_flags(absolute=absolute)
        self.num_bins = num_bins
        self.mode = mode
        self.absolute = absolute
        self.max_repeats = max_repeats
        # MMEngine's own registry would not find MMPose's data sets by bare name.
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        super().__init__(dataset, oversample_thr=0., lazy_init=lazy_init)

    def _get_repeat_factors(self, dataset: BaseDataset,
                            repeat_thr: float) -> np.ndarray:
        """(N,) int, called once by the parent's ``full_init``."""
        found = pose_modes(*_landmarks(dataset))
        self.pose_mode = self._choose_mode(found)
        pose = found.coefficients[:, self.pose_mode]
        self.pose = np.abs(pose) if self.absolute else pose

        posed = np.isfinite(self.pose)
        if not posed.all():
            warnings.warn(
                f'{(~posed).sum()} of {len(pose)} samples have fewer than three '
                'separate annotated points and thus no pose: they are not repeated',
                stacklevel=2)
        self.bins = np.full(len(pose), -1)
        self.repeats = np.ones(len(pose), int)
        # Below this, differences are rounding errors of float32 coordinates.
        if np.ptp(self.pose[posed]) < 1e-5:
            warnings.warn(
                f'all {posed.sum()} shapes have the same pose: nothing to balance',
                stacklevel=2)
            self.bins[posed] = 0
            self.bin_edges = np.linspace(0, 1, self.num_bins + 1)
            return self.repeats

        self.bin_edges = np.histogram_bin_edges(self.pose[posed], self.num_bins)
        self.bins[posed] = np.searchsorted(
            self.bin_edges[1:-1], self.pose[posed], side='right')
        counts = np.bincount(self.bins[posed], minlength=self.num_bins)
        # Half a repeat counts as one, as in MATLAB; Python would round it to even.
        per_bin = np.floor(counts.max() / np.maximum(counts, 1) + 0.5).astype(int)
        if self.max_repeats is not None:
            per_bin = np.minimum(per_bin, self.max_repeats)
        self.repeats[posed] = per_bin[self.bins[posed]]
        return self.repeats

    def _choose_mode(self, found) -> int:
        if self.mode == 'yaw':
            flip_indices = self.metainfo.get('flip_indices')
            if flip_indices is None or np.array_equal(
                    flip_indices, np.arange(len(found.mean))):
                raise ValueError(
                    "mode='yaw' looks for what a mirror reverses, but the metainfo "
                    'of the data set swaps no points (flip_indices): give the '
                    'index of the mode, the authors take 0')
            return yaw_mode(found, flip_indices)
        mode = int(self.mode)
        if mode >= len(found.modes):
            raise ValueError(f'mode must be less than {len(found.modes)} for '
                             f'{len(found.mean)} points, got {mode}')
        return mode


def _landmarks(dataset: BaseDataset) -> tuple:
    """Shapes (N, K, 2) and visible (N, K) of all samples."""
    shapes, visible = [], []
    for index in range(len(dataset)):
        info = annotation_of(dataset, index)
        keypoints = info.get('keypoints')
        if keypoints is None or keypoints.shape[0] != 1:
            got = 'no keypoints' if keypoints is None else (
                f'keypoints of shape {keypoints.shape}')
            raise ValueError(
                'PoseBalancedDataset needs a top-down data set with keypoints '
                f'(1, K, 2) in each sample; sample {index} '
                f'({info.get("img_path")}) has {got}')
        known = info.get('keypoints_visible', np.ones(keypoints.shape[:2]))
        shapes.append(keypoints[0, :, :2])
        visible.append(known.reshape(*keypoints.shape[:2], -1)[0, :, 0] > 0)
    if not shapes:
        raise ValueError('PoseBalancedDataset got an empty data set')
    return np.stack(shapes), np.stack(visible)
