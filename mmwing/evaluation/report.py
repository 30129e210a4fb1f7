"""Write the report of one evaluation: figures, tables, pictures and a page."""

import csv
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from mmwing.version import __version__
from mmwing.visualization.ced import draw_ced
from mmwing.visualization.error_map import draw_error_map
from mmwing.visualization.face_sheet import draw_face_sheet

from .faces import EvaluatedFaces
from .functional import face_errors, landmark_nme, mean_face, point_errors
from .normalizers import lengths_of_faces
from .report_page import FaceRow, render_page
from .run import distinct_names, read_run
from .summary import (
    ALL_SUBSETS,
    STATISTICS,
    Protocol,
    flatten,
    summarize_subsets,
)

LoadImage = Callable[[str], np.ndarray | None]

DEFAULT_NUM_BOOTSTRAP = 1000
_FACES_A_SHEET = 16
_TILE_SIZE = 240


def write_report(faces: EvaluatedFaces, directory: str | Path,
                 protocol: Protocol | None = None, title: str | None = None,
                 overlay: Sequence[str | Path] = (), max_images: int = 400,
                 load_image: LoadImage | None = None) -> dict[str, float]:
    """Write the report of one evaluation into a directory.

    ``metrics.json`` (all figures), ``per_image.csv`` (one row a face, fractions),
    ``ced.png``, ``error_map.png``, ``faces_best.jpg``, ``faces_median.jpg``,
    ``faces_worst.jpg``, and ``report.html``, one page that holds all of it and needs
    no network. They appear together, when all of them are complete; other files in
    the directory stay.

    Args:
        faces: The evaluated faces.
        directory: Where to; made when missing. Its name is the run's name.
        protocol: What is computed. All statistics, subsets and groups are added, and
            1000 bootstrap resamples where it says none. The first normaliser and the
            last threshold are those of the pictures.
        title: Heading of the page; by default the directory's name.
        overlay: Directories of other reports, whose CEDs are drawn into the plot.
        max_images: The page shows pictures of that many faces, the worst ones; the
            table always has all.
        load_image: Image path to image (H, W, 3) uint8 BGR, or None when there is
            none. By default the file is read. A face without an image is drawn on
            black.

    Returns:
        The figures of ``metrics.json``.

    Raises:
        ValueError: When there is no usable face; nothing is written then.
    """
    directory = Path(directory)
    title = title or directory.resolve().name
    protocol = _complete(protocol or Protocol())
    others = [read_run(path) for path in overlay]
    figures = summarize_subsets(faces, protocol)
    points = point_errors(faces.pred, faces.gt, faces.annotated)
    lengths = {name: lengths_of_faces(name, faces, protocol.keypoint_indices)
               for name in protocol.normalizers}
    errors = {name: face_errors(points, length) for name, length in lengths.items()}
    landmarks = {name: landmark_nme(points, length)
                 for name, length in lengths.items()}
    main = protocol.normalizers[0]
    threshold = protocol.thresholds[-1]
    images = _Images(faces, load_image or _read_image)
    flat = flatten(figures, protocol)

    with _appear_together(directory) as draft:
        _write_metrics(draft / 'metrics.json', title, protocol, flat, landmarks)
        _write_per_image(draft / 'per_image.csv', faces, points, errors)
        curves = [errors[main], *(run.errors(main) for run in others)]
        names = distinct_names([title, *(run.name for run in others)])
        draw_ced(dict(zip(names, curves, strict=True)), draft / 'ced.png', threshold,
                 main)
        if np.isfinite(landmarks[main]).any():
            draw_error_map(mean_face(faces.gt, faces.annotated), landmarks[main],
                           draft / 'error_map.png', main)
        for name, indices in _selections(errors[main]).items():
            _draw_sheet(draft / f'faces_{name}.jpg', faces, errors[main], indices,
                        images)
        rows = _rows(faces, points, errors, images, max_images)
        page = render_page(
            title, protocol, figures, landmarks[main], rows,
            {path.stem: path.read_bytes() for path in draft.iterdir()
             if path.suffix in ('.png', '.jpg')})
        (draft / 'report.html').write_text(page, encoding='utf-8')
    return flat


def _complete(protocol: Protocol) -> Protocol:
    """The same protocol with everything that a report shows."""
    return replace(
        protocol, statistics=STATISTICS, subsets=ALL_SUBSETS, groups=True,
        thresholds=protocol.thresholds or (0.1,),
        num_bootstrap=protocol.num_bootstrap or DEFAULT_NUM_BOOTSTRAP)


@contextmanager
def _appear_together(directory: Path) -> Iterator[Path]:
    """A temporary directory whose files are moved to `directory` at the end.

    When the body fails, nothing is left behind and `directory` is as it was.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f'.{directory.name}-', dir=directory.parent))
    try:
        yield draft
        directory.mkdir(exist_ok=True)
        for path in sorted(draft.iterdir()):
            os.replace(path, directory / path.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_metrics(path: Path, title: str, protocol: Protocol,
                   figures: dict[str, float], landmarks: dict[str, np.ndarray]
                   ) -> None:
    content = {
        'title': title,
        'mmwing': __version__,
        'normalizers': list(protocol.normalizers),
        'thresholds': list(protocol.thresholds),
        'num_bootstrap': protocol.num_bootstrap,
        'figures': {key: _finite(value) for key, value in figures.items()},
        'landmark_nme': {name: [_finite(value) for value in values]
                         for name, values in landmarks.items()},
    }
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding='utf-8')


def _finite(value: float) -> float | None:
    """JSON has no NaN and no infinity: null."""
    return value if math.isfinite(value) else None


def _write_per_image(path: Path, faces: EvaluatedFaces, points: np.ndarray,
                     errors: dict[str, np.ndarray]) -> None:
    """One row a face; ``nme_NORMALIZER`` is empty for an unusable face."""
    worst, pixels = _worst_landmarks(points)
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(['name', 'image_path', *(f'nme_{name}' for name in errors),
                         'worst_landmark', 'worst_error_px', 'subsets'])
        for index, name in enumerate(faces.names):
            values = (column[index] for column in errors.values())
            writer.writerow([
                name, faces.image_paths[index],
                *('' if np.isnan(value) else f'{value:.8g}' for value in values),
                worst[index], f'{pixels[index]:.3f}',
                ';'.join(_subsets_of(faces, index))])


def _worst_landmarks(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index and error (pixels) of each face's worst landmark; -1 if none is known."""
    known = np.where(np.isnan(points), -1, points)
    worst = known.argmax(1)
    pixels = known[np.arange(len(known)), worst]
    return np.where(pixels < 0, -1, worst), np.where(pixels < 0, np.nan, pixels)


def _subsets_of(faces: EvaluatedFaces, index: int) -> list[str]:
    return [name for name, members in faces.subsets.items() if members[index]]


def _ranking(errors: np.ndarray) -> np.ndarray:
    """Indices of the usable faces, best first; equal errors keep their order."""
    usable = np.flatnonzero(~np.isnan(errors))
    return usable[np.argsort(errors[usable], kind='stable')]


def _selections(errors: np.ndarray) -> dict[str, np.ndarray]:
    """Faces of the three sheets."""
    ranking = _ranking(errors)
    middle = max(0, (len(ranking) - _FACES_A_SHEET) // 2)
    return {'best': ranking[:_FACES_A_SHEET],
            'median': ranking[middle:middle + _FACES_A_SHEET],
            'worst': ranking[::-1][:_FACES_A_SHEET]}


def _read_image(path: str) -> np.ndarray | None:
    return cv2.imread(path) if os.path.isfile(path) else None


class _Images:
    """Images of faces by index; black where there is none."""

    def __init__(self, faces: EvaluatedFaces, load: LoadImage) -> None:
        self._faces = faces
        self._load = load

    def get(self, index: int) -> np.ndarray:
        image = self._load(self._faces.image_paths[index])
        return np.zeros((2, 2, 3), np.uint8) if image is None else image


def _draw_sheet(path: Path, faces: EvaluatedFaces, errors: np.ndarray,
                indices: np.ndarray, images: _Images) -> None:
    gt = np.where(faces.annotated[indices][..., None], faces.gt[indices], np.nan)
    sheet = draw_face_sheet(
        [images.get(index) for index in indices], list(gt), list(faces.pred[indices]),
        [f'{100 * errors[index]:.2f} %' for index in indices], size=_TILE_SIZE)
    cv2.imwrite(str(path), sheet)


def _rows(faces: EvaluatedFaces, points: np.ndarray, errors: dict[str, np.ndarray],
          images: _Images, max_images: int) -> list[FaceRow]:
    """Rows of the page's table, worst face first, unusable faces at the end."""
    main = next(iter(errors.values()))
    ranking = _ranking(main)[::-1]
    order = np.concatenate([ranking, np.flatnonzero(np.isnan(main))])
    worst, pixels = _worst_landmarks(points)
    gt = np.where(faces.annotated[..., None], faces.gt, np.nan)
    rows = []
    for place, index in enumerate(order):
        row = FaceRow(
            faces.names[index], [float(column[index]) for column in errors.values()],
            int(worst[index]), float(pixels[index]), _subsets_of(faces, index))
        if place < max_images:
            row.add_picture(images.get(index), gt[index], faces.pred[index])
        rows.append(row)
    return rows
