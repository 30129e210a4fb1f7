"""What an evaluation computes: normalisers, thresholds, statistics, subsets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmwing.arguments import check_flags, is_whole

from .functional import check_threshold
from .normalizers import check_normalizer_name, check_own_distances
from .units import check_fractions

STATISTICS = ('median', 'p90', 'pooled')
ALL_SUBSETS = 'all'


@dataclass(frozen=True)
class Protocol:
    """What is computed.

    Attributes:
        normalizers: Names of normalisers (:func:`.normalizers.lengths_of_faces`).
        thresholds: Thresholds of FR and AUC, fractions of the normaliser. The
            literature uses 0.1 for WFLW and 0.08 (earlier 0.1) for 300-W.
        keypoint_indices: Landmark distances of the user's own, by name.
        statistics: Some of ``median`` and ``p90`` (of the faces' errors) and
            ``pooled`` (MMPose's NME: one mean over all landmarks of all faces).
        subsets: Names of subsets, or ``'all'`` that the annotations name.
        groups: Whether to give the NME of each part of the face.
        landmarks: Whether to give the NME of each landmark.
        num_bootstrap: Resamples behind the 95 % intervals; 0 for no intervals.
        seed: Seed of the bootstrap.

    Raises:
        TypeError: If an attribute is no list or no flag where one is meant.
        ValueError: If a normaliser, threshold, statistic or number is none, or twice
            there.
    """

    normalizers: Sequence[str] = ('inter_ocular',)
    thresholds: Sequence[float] = (0.1,)
    keypoint_indices: Mapping[str, Sequence] = field(default_factory=dict)
    statistics: Sequence[str] = ()
    subsets: Sequence[str] | str = ()
    groups: bool = False
    landmarks: bool = False
    num_bootstrap: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        check_flags(groups=self.groups, landmarks=self.landmarks)
        for name, example in (('normalizers', 'inter_ocular'), ('thresholds', 0.08),
                              ('statistics', 'median')):
            value = getattr(self, name)
            # A text is a sequence, too: of its letters.
            if not isinstance(value, (list, tuple)):
                raise TypeError(f'{name} must be a list, such as [{example!r}], got '
                                f'{value!r}')
        if not self.normalizers:
            raise ValueError('normalizers must name at least one normaliser')
        check_own_distances(self.keypoint_indices)
        for name in self.normalizers:
            check_normalizer_name(name, tuple(self.keypoint_indices))
        for threshold in self.thresholds:
            check_threshold(threshold)
        check_fractions(self.thresholds)
        for name, values in (('normalizers', self.normalizers),
                             ('thresholds', [f'{t:g}' for t in self.thresholds])):
            if len(set(values)) < len(values):
                raise ValueError(f'{name} must differ, for each has keys of its own; '
                                 f'got {list(values)}')
        unknown = [name for name in self.statistics if name not in STATISTICS]
        if unknown:
            raise ValueError(f'statistics must be some of {STATISTICS}, got {unknown}')
        if isinstance(self.subsets, str) and self.subsets != ALL_SUBSETS:
            raise ValueError(f'subsets must be a list of names or {ALL_SUBSETS!r}, '
                             f'got {self.subsets!r}')
        for name, most in (('num_bootstrap', 2**31 - 1), ('seed', 2**63 - 1)):
            if not is_whole(getattr(self, name), 0, most):
                raise ValueError(f'{name} must be a whole number in [0, {most}], got '
                                 f'{getattr(self, name)!r}')

    def subset_names(self, found: Mapping[str, np.ndarray]) -> list[str]:
        """Names of the subsets to report.

        Args:
            found: The subsets that the annotations name, with their membership (N,).

        Raises:
            ValueError: When a subset that was asked for has no face.
        """
        if self.subsets == ALL_SUBSETS:
            return list(found)
        for name in self.subsets:
            if name not in found or not found[name].any():
                raise ValueError(
                    f'subset {name!r} is empty: no face belongs to it; the '
                    f'annotations name {sorted(found) or "no subset"}')
        return list(self.subsets)
