"""Fill the report's page, ``report.html``, which needs no other file and no network."""

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import jinja2
import numpy as np

from mmwing.visualization.face_sheet import (
    LINK_COLOR,
    PREDICTED_COLOR,
    TRUE_COLOR,
    crop_face,
)

from .protocol import Protocol
from .run import RunRecord

_TILE_SIZE = 200
_TILE_MARGIN = 0.25
_JPEG_QUALITY = 80
_PARTS = ('contour', 'brows', 'nose', 'eyes', 'mouth')
Figures = Mapping[tuple[str, str], Mapping[str, float]]
Cell = dict[str, str]
Table = dict[str, Any]


@dataclass
class FaceRow:
    """One row of the page's table of faces.

    Attributes:
        name: The face's name.
        errors: Its error by each normaliser, fractions; NaN where unusable.
        worst_landmark: Index of its worst landmark; -1 where none is annotated.
        worst_error: Error of that landmark, pixels of the image.
        subsets: Subsets it belongs to.
        picture: What the page needs to show the face; empty without a picture.
    """

    name: str
    errors: list[float]
    worst_landmark: int
    worst_error: float
    subsets: list[str]
    picture: dict = field(default_factory=dict)

    def add_picture(self, image: np.ndarray, gt: np.ndarray, pred: np.ndarray) -> None:
        """Cut the face out and keep its landmarks (K, 2; NaN is not shown)."""
        if not np.isfinite(gt).all(1).any() and not np.isfinite(pred).all(1).any():
            return
        tile, scale, offset = crop_face(image, [gt, pred], _TILE_SIZE, _TILE_MARGIN)
        _, data = cv2.imencode('.jpg', tile, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        self.picture = {
            'jpeg': base64.b64encode(data.tobytes()).decode(),
            'gt': _tile_points(gt, scale, offset),
            'pred': _tile_points(pred, scale, offset)}

    def as_json(self) -> dict:
        """The row as the page's script reads it."""
        return {'name': self.name, 'errors': [_number(e) for e in self.errors],
                'landmark': self.worst_landmark,
                'pixels': _number(self.worst_error), 'subsets': self.subsets,
                **self.picture}


def _tile_points(landmarks: np.ndarray, scale: float, offset: np.ndarray) -> list:
    placed = np.asarray(landmarks, np.float64) * scale + offset
    # Far outside of the tile it does not matter where, but the number gets long.
    placed = np.clip(placed, -9999, 9999)
    return [[round(x, 1), round(y, 1)] if math.isfinite(x + y) else None
            for x, y in placed.tolist()]


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return 'inf' if math.isinf(value) else float(f'{value:.6g}')


def render_page(title: str, record: RunRecord, protocol: Protocol, figures: Figures,
                landmark_errors: np.ndarray, rows: Sequence[FaceRow],
                pictures: Mapping[str, bytes], sheets: Mapping[str, int]) -> str:
    """Build the page.

    Args:
        title: Heading.
        record: The run.
        protocol: What was computed.
        figures: (normaliser, subset) to figures by name.
        landmark_errors: Mean error of each landmark (K,), fractions of the first
            normaliser.
        rows: Faces, in the order in which the table first shows them.
        pictures: PNG or JPEG files by name: ``ced``, ``error_map``, ``faces_best``,
            ``faces_median``, ``faces_worst``; those that are missing are left out.
        sheets: How many faces are on the sheets ``worst``, ``median`` and ``best``.
    """
    # Names of faces, subsets and losses are anybody's: all is escaped.
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies['json.dumps_kwargs'] = {'separators': (',', ':')}
    return environment.get_template('report.html').render(
        title=title, protocol=protocol, facts=_facts(record), sheets=sheets,
        total=figures[protocol.normalizers[0], ''],
        figures=_figure_table(figures, protocol), parts=_part_table(figures, protocol),
        landmarks=[{'name': name, 'error': _percent(error)} for name, error in zip(
            record.landmark_names or [''] * len(landmark_errors),
            landmark_errors.tolist(), strict=True)],
        colors={'gt': _css_color(TRUE_COLOR), 'pred': _css_color(PREDICTED_COLOR),
                'link': _css_color(LINK_COLOR)},
        pictures={name: _data_uri(data) for name, data in pictures.items()},
        num_pictures=sum(bool(row.picture) for row in rows),
        data={'normalizers': list(protocol.normalizers), 'tile': _TILE_SIZE,
              'landmarks': list(record.landmark_names),
              'rows': [row.as_json() for row in rows]})


def _figure_table(figures: Figures, protocol: Protocol) -> Table:
    columns = {'num_faces': 'faces', 'num_unusable': 'unusable', 'NME': 'NME'}
    for threshold in protocol.thresholds:
        columns.update((f'{name}@{threshold:g}', f'{name}@{threshold:g}')
                       for name in ('FR', 'AUC'))
    return _table(figures, protocol, {
        **columns, 'NME_median': 'median NME', 'NME_p90': '90th percentile',
        'NME_pooled': 'pooled NME'})


def _part_table(figures: Figures, protocol: Protocol) -> Table | None:
    """NME of the parts of the face; None where the parts are not known."""
    columns = {f'NME_{part}': part for part in _PARTS if any(
        f'NME_{part}' in values for values in figures.values())}
    return _table(figures, protocol, columns) if columns else None


def _table(figures: Figures, protocol: Protocol, columns: Mapping[str, str]) -> Table:
    """A row for each normaliser and subset; ``columns`` are figures to headings."""
    several = len(protocol.normalizers) > 1
    return {
        'labels': 1 + several,
        'header': [*['normaliser'] * several, 'subset', *columns.values()],
        'rows': [[*[_cell(normalizer)] * several, _cell(subset or 'all'),
                  *(_figure_cell(values, name) for name in columns)]
                 for (normalizer, subset), values in figures.items()]}


def _cell(text: str, interval: str = '') -> Cell:
    return {'text': text, 'interval': interval}


def _figure_cell(values: Mapping[str, float], name: str) -> Cell:
    if name.startswith('num_'):
        return _cell(str(values[name]))
    ends = [values[f'{name}_{end}'] for end in ('low', 'high')
            if f'{name}_{end}' in values]
    return _cell(_percent(values[name]),
                 f'[{", ".join(map(_percent, ends))}]' if ends else '')


def _facts(record: RunRecord) -> dict[str, str]:
    """Where the run comes from, heading to text; what is not known is left out."""
    source = record.provenance
    checkpoint = source.checkpoint
    if source.checkpoint_sha256:
        checkpoint += f' (sha256 {source.checkpoint_sha256[:12]})'
    facts = {
        'Config': source.config,
        'Loss': source.loss,
        'Changed': ' '.join(f'{key}={value}' for key, value in source.options.items()),
        'Checkpoint': checkpoint,
        'Seed': '' if source.seed is None else str(source.seed),
        'Data': ', '.join(filter(None, (source.dataset, source.split))),
        'Evaluated': source.date,
        'Versions': ', '.join(f'{name} {number}' for name, number in
                              source.versions.items()),
    }
    return {heading: text for heading, text in facts.items() if text}


def _percent(value: float) -> str:
    if math.isnan(value):
        return '–'
    return '∞' if math.isinf(value) else f'{100 * value:.2f}'


def _css_color(bgr: tuple[int, int, int]) -> str:
    return '#{:02x}{:02x}{:02x}'.format(*bgr[::-1])


def _data_uri(data: bytes) -> str:
    kind = 'png' if data.startswith(b'\x89PNG') else 'jpeg'
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'
