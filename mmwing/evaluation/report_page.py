"""The report as one HTML page that needs no other file and no network."""

import base64
import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from mmwing.visualization.face_sheet import crop_face

from .summary import Protocol

_TILE_SIZE = 200
_TILE_MARGIN = 0.25
_JPEG_QUALITY = 80
Figures = Mapping[tuple[str, str], Mapping[str, float]]


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


def render_page(title: str, protocol: Protocol, figures: Figures,
                landmark_errors: np.ndarray, rows: Sequence[FaceRow],
                pictures: Mapping[str, bytes]) -> str:
    """Build the page.

    Args:
        title: Heading.
        protocol: What was computed.
        figures: (normaliser, subset) to figures by name.
        landmark_errors: Mean error of each landmark (K,), fractions of the first
            normaliser.
        rows: Faces, in the order in which the table first shows them.
        pictures: PNG or JPEG files by name: ``ced``, ``error_map``, ``faces_best``,
            ``faces_median``, ``faces_worst``; those that are missing are left out.
    """
    total = figures[protocol.normalizers[0], '']
    data = {'normalizers': list(protocol.normalizers), 'tile': _TILE_SIZE,
            'rows': [row.as_json() for row in rows]}
    # A name may hold '</script>'; as an escape it cannot end the element.
    script_data = json.dumps(data, separators=(',', ':')).replace('<', '\\u003c')
    shown = sum(bool(row.picture) for row in rows)
    replacements = {
        'TITLE': html.escape(title),
        'LEAD': _lead(total, protocol),
        'FIGURES': _figure_table(figures, protocol),
        'GROUPS': _group_table(figures, protocol),
        'LANDMARKS': _landmark_table(landmark_errors),
        'CED': _picture(pictures, 'ced', 'Cumulative error distribution'),
        'MAP': _picture(pictures, 'error_map', 'Error of each landmark'),
        'WORST': _picture(pictures, 'faces_worst', 'The worst faces'),
        'MEDIAN': _picture(pictures, 'faces_median', 'Faces around the median'),
        'BEST': _picture(pictures, 'faces_best', 'The best faces'),
        'SHOWN': '' if shown == len(rows) else
                 f' Pictures: the {shown} worst of {len(rows)} faces.',
        'DATA': script_data,
    }
    # The template is cut at its marks before anything is filled in, so that a name
    # that looks like a mark stays a name.
    parts = _TEMPLATE.split('@@')
    return ''.join(replacements[part] if place % 2 else part
                   for place, part in enumerate(parts))


def _lead(total: Mapping[str, float], protocol: Protocol) -> str:
    unusable = total['num_unusable']
    text = (f'{total["num_faces"]:.0f} faces. NME is the mean over faces of each '
            "face's mean error, in % of the normaliser. In brackets: 95 % interval, "
            f'{protocol.num_bootstrap} bootstrap resamples of the faces.')
    if unusable:
        text += (f' <strong>{unusable:.0f} faces are in no figure</strong>: their '
                 'normaliser is zero or unknown, or no landmark is annotated.')
    return text


def _percent(value: float) -> str:
    if math.isnan(value):
        return '–'
    return '∞' if math.isinf(value) else f'{100 * value:.2f}'


def _with_interval(values: Mapping[str, float], name: str) -> str:
    text = _percent(values[name])
    if f'{name}_low' in values:
        text += (f' <small>[{_percent(values[name + "_low"])}, '
                 f'{_percent(values[name + "_high"])}]</small>')
    return text


def _table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    head = ''.join(f'<th>{html.escape(cell)}</th>' for cell in header)
    lines = ''.join('<tr>' + ''.join(f'<td>{cell}</td>' for cell in line) + '</tr>'
                    for line in body)
    return (f'<div class="wide"><table class="figures"><thead><tr>{head}</tr></thead>'
            f'<tbody>{lines}</tbody></table></div>')


def _row_names(normalizer: str, subset: str, protocol: Protocol) -> list[str]:
    names = [html.escape(subset) or '<strong>all</strong>']
    if len(protocol.normalizers) > 1:
        names.insert(0, html.escape(normalizer))
    return names


def _row_header(protocol: Protocol) -> list[str]:
    return (['normaliser'] if len(protocol.normalizers) > 1 else []) + ['subset']


def _figure_table(figures: Figures, protocol: Protocol) -> str:
    intervals = ['NME', *(f'{name}@{threshold:g}' for threshold in protocol.thresholds
                          for name in ('FR', 'AUC'))]
    header = [*_row_header(protocol), 'faces', 'unusable',
              *(f'{name}, %' for name in intervals), 'median, %', '90th percentile, %',
              'pooled, %']
    return _table(header, [
        [*_row_names(normalizer, subset, protocol), f'{values["num_faces"]:.0f}',
         f'{values["num_unusable"]:.0f}',
         *(_with_interval(values, name) for name in intervals),
         *(_percent(values[name]) for name in ('NME_median', 'NME_p90', 'NME_pooled'))]
        for (normalizer, subset), values in figures.items()])


def _group_table(figures: Figures, protocol: Protocol) -> str:
    groups = [name for name in ('contour', 'brows', 'nose', 'eyes', 'mouth')
              if any(f'NME_{name}' in values for values in figures.values())]
    if not groups:
        return '<p>The parts of the face are not known for these landmarks.</p>'
    return _table([*_row_header(protocol), *(f'{name}, %' for name in groups)], [
        [*_row_names(normalizer, subset, protocol),
         *(_percent(values[f'NME_{name}']) for name in groups)]
        for (normalizer, subset), values in figures.items()])


def _landmark_table(errors: np.ndarray) -> str:
    cells = ''.join(f'<li><b>{index}</b> {_percent(error)}</li>'
                    for index, error in enumerate(errors.tolist()))
    return f'<ul class="landmarks">{cells}</ul>'


def _picture(pictures: Mapping[str, bytes], name: str, text: str) -> str:
    if name not in pictures:
        return ''
    kind = 'png' if pictures[name].startswith(b'\x89PNG') else 'jpeg'
    data = base64.b64encode(pictures[name]).decode()
    return f'<img alt="{text}" src="data:image/{kind};base64,{data}">'


_TEMPLATE = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>@@TITLE@@</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1180px; margin: 0 auto;
  padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 0.5rem; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.pair img { flex: 1 1 380px; min-width: 0; max-width: 560px; background: white; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; }
th:first-child, td:first-child, th.text, td.text { text-align: left; }
small { opacity: 0.7; }
#faces { width: 100%; }
#faces td.text { white-space: normal; overflow-wrap: anywhere; min-width: 9rem; }
#faces th { white-space: normal; vertical-align: bottom; }
#faces th button { text-align: inherit; font: inherit; font-weight: 600; border: 0;
  background: none; color: inherit; cursor: pointer; padding: 0; }
#faces th[aria-sort=ascending] button::after { content: " \\25B2"; }
#faces th[aria-sort=descending] button::after { content: " \\25BC"; }
#faces tbody tr { cursor: pointer; }
#faces tbody tr:hover, #faces tbody tr:focus { background: var(--soft); }
#faces img { width: 56px; height: 56px; max-width: none; display: block;
  border-radius: 4px; }
.landmarks { list-style: none; padding: 0; columns: 6rem auto; margin: 0;
  font-variant-numeric: tabular-nums; }
dialog { border: 1px solid var(--line); border-radius: 8px; max-width: 96vw; }
dialog svg { width: min(72vh, 90vw); height: min(72vh, 90vw); display: block;
  background: #222; }
dialog p { margin: 0.4rem 0; overflow-wrap: anywhere; }
.gt { fill: #3fd23f; } .pred { fill: #ff3c3c; } .link { stroke: #ffd700; }
.key { display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%; }
.off-gt .gt, .off-pred .pred, .off-gt .link, .off-pred .link { display: none; }
</style>
</head>
<body>
<h1>@@TITLE@@</h1>
<p>@@LEAD@@</p>
<h2>Figures</h2>
@@FIGURES@@
<div class="pair">@@CED@@@@MAP@@</div>
<h2>Parts of the face (NME)</h2>
@@GROUPS@@
<details><summary>Each landmark, NME in %</summary>@@LANDMARKS@@</details>
<h2>Worst faces</h2>
<p>Green: true landmarks. Red: predictions. Below each face its NME.</p>
@@WORST@@
<details><summary>Faces around the median</summary>@@MEDIAN@@</details>
<details><summary>Best faces</summary>@@BEST@@</details>
<h2>All faces</h2>
<p>Click a heading to sort, a row to see the face.@@SHOWN@@
<label>Show names or subsets with <input id="filter" type="search"></label>
<span id="count" role="status"></span></p>
<div class="wide"><table id="faces"><thead><tr></tr></thead><tbody></tbody></table>
</div>
<p><button id="more" type="button">Show more</button></p>
<dialog id="view"><p id="caption"></p><div id="stage"></div>
<p><label><input type="checkbox" id="gt" checked> <span class="key"
style="background:#3fd23f"></span> truth</label>
<label><input type="checkbox" id="pred" checked> <span class="key"
style="background:#ff3c3c"></span> prediction</label>
<button type="button" id="previous">Previous</button>
<button type="button" id="next">Next</button>
<button type="button" id="close">Close</button></p></dialog>
<script type="application/json" id="data">@@DATA@@</script>
<script>
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const page = 100;
const error = value => value === 'inf' ? Infinity : value;
const percent = value => value === null ? '–'
  : value === 'inf' ? '∞' : (100 * value).toFixed(2);
const columns = [
  {title: '', cell: thumbnail},
  {title: 'Face', text: true, value: row => row.name},
  ...data.normalizers.map((name, index) => ({
    title: data.normalizers.length > 1 ? `NME, % (${name})` : 'NME, %',
    value: row => error(row.errors[index]),
    show: row => percent(row.errors[index])})),
  {title: 'Worst landmark', value: row => row.landmark < 0 ? null : row.landmark},
  {title: 'its error, px', value: row => error(row.pixels),
    show: row => row.pixels === null ? '–'
      : row.pixels === 'inf' ? '∞' : row.pixels.toFixed(1)},
];
if (data.rows.some(row => row.subsets.length)) {
  columns.push({title: 'Subsets', text: true, value: row => row.subsets.join(', ')});
}
let order = data.rows.slice();
let shown = page;
const body = document.querySelector('#faces tbody');
const view = document.getElementById('view');
let current = 0;

function thumbnail(row) {
  if (!row.jpeg) return '';
  const image = document.createElement('img');
  image.src = 'data:image/jpeg;base64,' + row.jpeg;
  image.alt = '';
  image.loading = 'lazy';
  return image;
}

function draw() {
  body.replaceChildren(...order.slice(0, shown).map((row, place) => {
    const line = document.createElement('tr');
    line.tabIndex = 0;
    line.addEventListener('click', () => open(place));
    line.addEventListener('keydown', event => {
      if (event.key === 'Enter') open(place);
    });
    for (const column of columns) {
      const cell = line.insertCell();
      if (column.text) cell.className = 'text';
      const content = column.cell ? column.cell(row)
        : column.show ? column.show(row) : column.value(row) ?? '–';
      cell.append(content);
    }
    return line;
  }));
  document.getElementById('more').hidden = shown >= order.length;
  document.getElementById('count').textContent =
    `${Math.min(shown, order.length)} of ${order.length} shown`;
}

function compare(a, b) {
  return typeof a === 'string' ? a.localeCompare(b, undefined, {numeric: true})
    : a === b ? 0 : a < b ? -1 : 1;
}

function sort(column, header) {
  const ascending = header.getAttribute('aria-sort') === 'descending';
  for (const other of header.parentNode.children) other.removeAttribute('aria-sort');
  header.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
  const sign = ascending ? 1 : -1;
  order.sort((left, right) => {
    const a = column.value(left), b = column.value(right);
    // Faces without a value stay at the end in both directions.
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * compare(a, b);
  });
  shown = page;
  draw();
}

function open(place) {
  current = place;
  const row = order[place];
  document.getElementById('caption').textContent =
    `${row.name}: ` + data.normalizers.map((name, index) =>
      `NME ${percent(row.errors[index])} % of ${name}`).join(', ');
  const stage = document.getElementById('stage');
  if (row.jpeg) {
    stage.replaceChildren(picture(row));
  } else {
    stage.textContent = 'This page has no picture of this face.';
  }
  document.getElementById('previous').disabled = place === 0;
  document.getElementById('next').disabled = place + 1 >= order.length;
  if (!view.open) view.showModal();
}

function element(name, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  return node;
}

function picture(row) {
  // A pixel's centre is at an integer; in SVG its square begins there.
  const svg = element('svg',
    {viewBox: `-0.5 -0.5 ${data.tile} ${data.tile}`, role: 'img'});
  svg.append(element('image', {x: -0.5, y: -0.5, width: data.tile, height: data.tile,
    href: 'data:image/jpeg;base64,' + row.jpeg}));
  row.gt.forEach((point, index) => {
    const other = row.pred[index];
    if (point && other) svg.append(element('line', {class: 'link', x1: point[0],
      y1: point[1], x2: other[0], y2: other[1], 'stroke-width': 0.5}));
  });
  for (const kind of ['gt', 'pred']) {
    row[kind].forEach((point, index) => {
      if (!point) return;
      const dot = element('circle', {class: kind, cx: point[0], cy: point[1], r: 1.1});
      const title = element('title', {});
      title.textContent = `${kind === 'gt' ? 'truth' : 'prediction'} ${index}`;
      dot.append(title);
      svg.append(dot);
    });
  }
  return svg;
}

columns.forEach(column => {
  const header = document.createElement('th');
  if (column.text) header.className = 'text';
  if (column.value) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = column.title;
    button.addEventListener('click', () => sort(column, header));
    header.append(button);
  }
  document.querySelector('#faces thead tr').append(header);
});
document.querySelectorAll('#faces th')[2].setAttribute('aria-sort', 'descending');
document.getElementById('more').addEventListener('click', () => {
  shown += page;
  draw();
});
document.getElementById('filter').addEventListener('input', event => {
  const wanted = event.target.value.toLowerCase();
  const kept = new Set(data.rows.filter(row =>
    (row.name + ' ' + row.subsets.join(' ')).toLowerCase().includes(wanted)));
  const sorted = document.querySelector('#faces th[aria-sort]');
  order = [...kept];
  // The rows come in the page's first order: sort again as the heading says.
  sorted.setAttribute('aria-sort', sorted.getAttribute('aria-sort') === 'ascending'
    ? 'descending' : 'ascending');
  sorted.querySelector('button').click();
});
for (const kind of ['gt', 'pred']) {
  document.getElementById(kind).addEventListener('change', event =>
    view.classList.toggle('off-' + kind, !event.target.checked));
}
document.getElementById('previous').addEventListener('click', () => open(current - 1));
document.getElementById('next').addEventListener('click', () => open(current + 1));
document.getElementById('close').addEventListener('click', () => view.close());
view.addEventListener('keydown', event => {
  if (event.key === 'ArrowLeft' && current > 0) open(current - 1);
  if (event.key === 'ArrowRight' && current + 1 < order.length) open(current + 1);
});
draw();
</script>
</body>
</html>
'''
