"""From the record of a run to the figures of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .bootstrap import bootstrap_interval
from .functional import (
    ced_areas,
    face_errors,
    failures,
    landmark_nme,
    mean_of_usable,
    pooled_nme,
    usable_errors,
)
from .layouts import find_layout
from .protocol import Protocol

if TYPE_CHECKING:
    from .run import RunRecord


def summarize(record: RunRecord, protocol: Protocol) -> dict[str, float]:
    """Compute the figures of a protocol, under one key each.

    Returns:
        Figures by key ``[NORMALIZER/][SUBSET/]NAME``; the normaliser's name stands
        in front where there is more than one. NAME is as in
        :func:`summarize_subsets`.

    Raises:
        ValueError: When there is no face, no usable face, or an empty subset.
    """
    return flatten(summarize_subsets(record, protocol), protocol)


def flatten(figures: Mapping[tuple[str, str], Mapping[str, float]],
            protocol: Protocol) -> dict[str, float]:
    """Bring the figures of :func:`summarize_subsets` under one key each."""
    flat: dict[str, float] = {}
    for (normalizer, subset), values in figures.items():
        prefix = f'{normalizer}/' if len(protocol.normalizers) > 1 else ''
        prefix += f'{subset}/' if subset else ''
        flat.update((prefix + name, value) for name, value in values.items())
    return flat


def summarize_subsets(record: RunRecord, protocol: Protocol
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
    subsets: dict[str, np.ndarray | slice] = {'': slice(None)}
    subsets.update((name, record.subsets[name])
                   for name in protocol.subset_names(record.subsets))
    figures = {}
    for normalizer in protocol.normalizers:
        errors = record.errors_by(normalizer)
        if np.isnan(errors).all():
            raise ValueError(
                f'none of the {len(record)} faces can be evaluated by the normalizer '
                f'{normalizer!r}: it is zero or unknown for each, or no landmark is '
                'annotated')
        for subset, members in subsets.items():
            figures[normalizer, subset] = {
                **_figures(errors[members], protocol),
                **_landmark_figures(record, normalizer, members, protocol),
                'num_faces': len(errors[members]),
                'num_unusable': int(np.isnan(errors[members]).sum())}
    return figures


def _figures(per_face: np.ndarray, protocol: Protocol) -> dict[str, float]:
    """Figures of the errors of some faces (N,)."""
    usable = usable_errors(per_face)
    columns = {'NME': usable}
    for threshold in protocol.thresholds:
        columns[f'FR@{threshold:g}'] = failures(usable, threshold)
        columns[f'AUC@{threshold:g}'] = ced_areas(usable, threshold)
    figures = {name: mean_of_usable(column) for name, column in columns.items()}
    if 'median' in protocol.statistics:
        figures['NME_median'] = _quantile(usable, 0.5)
    if 'p90' in protocol.statistics:
        figures['NME_p90'] = _quantile(usable, 0.9)
    if protocol.num_bootstrap and len(usable):
        low, high = bootstrap_interval(
            np.stack(list(columns.values()), axis=1), protocol.num_bootstrap,
            protocol.seed)
        for index, name in enumerate(columns):
            figures[f'{name}_low'] = float(low[index])
            figures[f'{name}_high'] = float(high[index])
    return figures


def _landmark_figures(record: RunRecord, normalizer: str, members: np.ndarray | slice,
                      protocol: Protocol) -> dict[str, float]:
    """Figures of the errors of the landmarks of some faces."""
    figures: dict[str, float] = {}
    if not ('pooled' in protocol.statistics or protocol.groups or protocol.landmarks):
        return figures
    errors = record.landmarks[members]
    lengths = record.lengths[normalizer][members]
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
    return figures


def _quantile(errors: np.ndarray, share: float) -> float:
    """Linear quantile; infinite where the order statistics beside it are."""
    if not len(errors):
        return float('nan')
    with np.errstate(invalid='ignore'):
        value = np.quantile(errors, share)
    # Interpolation between two infinities is NaN.
    return float('inf') if np.isnan(value) else float(value)
