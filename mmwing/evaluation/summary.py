"""Compute the figures of a protocol from evaluated faces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .bootstrap import bootstrap_interval
from .faces import EvaluatedFaces
from .functional import (
    ced_areas,
    check_threshold,
    face_errors,
    failures,
    landmark_nme,
    mean_of_usable,
    point_errors,
    pooled_nme,
)
from .layouts import find_layout
from .normalizers import (
    check_normalizer_name,
    check_own_distances,
    lengths_of_faces,
)

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
        if not self.normalizers:
            raise ValueError('normalizers must name at least one normaliser')
        check_own_distances(self.keypoint_indices)
        for name in self.normalizers:
            check_normalizer_name(name, tuple(self.keypoint_indices))
        for threshold in self.thresholds:
            check_threshold(threshold)
        for name, values in (('normalizers', self.normalizers),
                             ('thresholds', [f'{t:g}' for t in self.thresholds])):
            if len(set(values)) < len(values):
                raise ValueError(f'{name} must differ, for each has keys of its own; '
                                 f'got {list(values)}')
        unknown = set(self.statistics) - set(STATISTICS)
        if unknown:
            raise ValueError(f'statistics must be some of {STATISTICS}, got '
                             f'{sorted(unknown)}')
        if isinstance(self.subsets, str) and self.subsets != ALL_SUBSETS:
            raise ValueError(f'subsets must be a list of names or {ALL_SUBSETS!r}, '
                             f'got {self.subsets!r}')
        if self.num_bootstrap < 0:
            raise ValueError(
                f'num_bootstrap must not be negative, got {self.num_bootstrap}')

    def subset_names(self, faces: EvaluatedFaces) -> list[str]:
        """Names of the subsets to report.

        Raises:
            ValueError: When a subset that was asked for has no face.
        """
        if self.subsets == ALL_SUBSETS:
            return list(faces.subsets)
        for name in self.subsets:
            if name not in faces.subsets or not faces.subsets[name].any():
                raise ValueError(
                    f'subset {name!r} is empty: no face belongs to it; the '
                    f'annotations name {sorted(faces.subsets) or "no subset"}')
        return list(self.subsets)


def summarize(faces: EvaluatedFaces, protocol: Protocol) -> dict[str, float]:
    """Compute the figures of a protocol, under one key each.

    Returns:
        Figures by key ``[NORMALIZER/][SUBSET/]NAME``; the normaliser's name stands
        in front where there is more than one. NAME is as in
        :func:`summarize_subsets`.

    Raises:
        ValueError: When there is no face, no usable face, or an empty subset.
    """
    return flatten(summarize_subsets(faces, protocol), protocol)


def flatten(figures: Mapping[tuple[str, str], Mapping[str, float]],
            protocol: Protocol) -> dict[str, float]:
    """Bring the figures of :func:`summarize_subsets` under one key each."""
    flat: dict[str, float] = {}
    for (normalizer, subset), values in figures.items():
        prefix = f'{normalizer}/' if len(protocol.normalizers) > 1 else ''
        prefix += f'{subset}/' if subset else ''
        flat.update((prefix + name, value) for name, value in values.items())
    return flat


def summarize_subsets(faces: EvaluatedFaces, protocol: Protocol
                      ) -> dict[tuple[str, str], dict[str, float]]:
    """Compute the figures of each normaliser and subset.

    Returns:
        (normaliser, subset) to figures by name; the subset '' is all faces. A name
        is ``NME`` (mean over the usable faces of each face's mean error), ``FR@t``,
        ``AUC@t`` (all fractions), ``NME_median``, ``NME_p90``, ``NME_pooled``,
        ``NME_GROUP``, ``NME_landmark_INDEX``, an interval's end such as ``NME_low`` or
        ``NME_high``, ``num_faces``, or ``num_unusable``: faces that have no error
        because their normaliser is zero or unknown, or no landmark is annotated. Only
        the last two count those.

    Raises:
        ValueError: When there is no face, no usable face, or an empty subset.
    """
    if not len(faces):
        raise ValueError('there is no face to evaluate')
    errors = point_errors(faces.pred, faces.gt, faces.annotated)
    subsets: dict[str, np.ndarray | slice] = {'': slice(None)}
    subsets.update((name, faces.subsets[name])
                   for name in protocol.subset_names(faces))
    figures = {}
    for normalizer in protocol.normalizers:
        lengths = lengths_of_faces(normalizer, faces, protocol.keypoint_indices)
        if np.isnan(face_errors(errors, lengths)).all():
            raise ValueError(
                f'none of the {len(faces)} faces can be evaluated by the normalizer '
                f'{normalizer!r}: it is zero or unknown for each, or no landmark is '
                'annotated')
        for subset, members in subsets.items():
            figures[normalizer, subset] = _figures(
                errors[members], lengths[members], protocol)
    return figures


def _figures(errors: np.ndarray, lengths: np.ndarray,
             protocol: Protocol) -> dict[str, float]:
    """Figures for one set of faces: errors (N, K) and lengths (N,) in pixels."""
    per_face = face_errors(errors, lengths)
    usable = per_face[~np.isnan(per_face)]
    columns = {'NME': usable}
    for threshold in protocol.thresholds:
        columns[f'FR@{threshold:g}'] = failures(usable, threshold)
        columns[f'AUC@{threshold:g}'] = ced_areas(usable, threshold)
    figures = {name: mean_of_usable(column) for name, column in columns.items()}
    if 'median' in protocol.statistics:
        figures['NME_median'] = _quantile(usable, 0.5)
    if 'p90' in protocol.statistics:
        figures['NME_p90'] = _quantile(usable, 0.9)
    if 'pooled' in protocol.statistics:
        figures['NME_pooled'] = pooled_nme(errors, lengths)
    if protocol.groups:
        layout = find_layout(errors.shape[1])
        for group, indices in (layout.groups if layout else {}).items():
            figures[f'NME_{group}'] = mean_of_usable(
                face_errors(errors[:, indices], lengths))
    if protocol.landmarks:
        figures.update(
            (f'NME_landmark_{index}', float(error))
            for index, error in enumerate(landmark_nme(errors, lengths)))
    if protocol.num_bootstrap and len(usable):
        low, high = bootstrap_interval(
            np.stack(list(columns.values()), axis=1), protocol.num_bootstrap,
            protocol.seed)
        for index, name in enumerate(columns):
            figures[f'{name}_low'] = float(low[index])
            figures[f'{name}_high'] = float(high[index])
    figures['num_faces'] = len(per_face)
    figures['num_unusable'] = len(per_face) - len(usable)
    return figures


def _quantile(errors: np.ndarray, share: float) -> float:
    """Linear quantile; infinite where the order statistics beside it are."""
    if not len(errors):
        return float('nan')
    with np.errstate(invalid='ignore'):
        value = np.quantile(errors, share)
    # Interpolation between two infinities is NaN.
    return float('inf') if np.isnan(value) else float(value)
