"""The report of one evaluation: record, table of faces, pictures, and a page."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmwing.csv_cells import csv_text
from mmwing.files import printable, replace_folder, write_text
from mmwing.geometry import mean_shape
from mmwing.images import ImageError, read_image
from mmwing.visualization.ced import draw_ced
from mmwing.visualization.error_map import draw_error_map
from mmwing.visualization.face_sheet import draw_face_sheet
from mmwing.visualization.tile import save_picture

from .faces import EvaluatedFaces
from .functional import landmark_nme
from .protocol import ALL_SUBSETS, STATISTICS, Protocol
from .report_page import FaceRow, render_page
from .run import RunRecord, label_runs
from .run_file import RECORD_NAME, read_record, write_record
from .summary import flatten, summarize_subsets

LoadImage = Callable[[str], np.ndarray | None]

#: What the folder of a report may hold, and what those of earlier versions held.
REPORT_FILES = (RECORD_NAME, 'report.html', 'per_image.csv', 'ced.png',
                'error_map.png', 'faces_*.jpg', 'box_jitter.*', 'metrics.json')
DEFAULT_NUM_BOOTSTRAP = 1000
_FACES_A_SHEET = 16
_TILE_SIZE = 240


def write_report(faces: EvaluatedFaces, directory: str | Path,
                 protocol: Protocol | None = None, *,
                 record: RunRecord | None = None, title: str | None = None,
                 overlay: Sequence[str | Path] = (), max_images: int = 400,
                 load_image: LoadImage | None = None) -> RunRecord:
    """Write the report of one evaluation into a folder.

    ``run.json`` (the record, with all figures), ``per_image.csv`` (one row a face,
    fractions), ``ced.png``, ``error_map.png``, ``faces_best.jpg``,
    ``faces_median.jpg``, ``faces_worst.jpg``, and ``report.html``, one page that holds
    all of it and needs no network. They appear together, when all of them are complete,
    and nothing of an earlier report remains.

    Args:
        faces: The evaluated faces, for the pictures.
        directory: Where to; made when missing. A folder that holds something else than
            a report is refused.
        protocol: What is computed. All statistics, subsets and groups are added, and
            1000 bootstrap resamples where it says none. The first normaliser and the
            last threshold are those of the pictures.
        record: The record of the same faces, such as the metric's; by default it is
            computed by the protocol.
        title: Heading of the page; by default the config's name, or the folder's.
        overlay: Folders of other reports, whose CEDs are drawn into the plot.
        max_images: The page shows pictures of that many faces, the worst ones; the
            table always has all.
        load_image: Image path to image (H, W, 3) uint8 BGR, or None when there is
            none that can be read. By default the file is read. A face without an
            image is drawn on black.

    Returns:
        The record as it was written.

    Raises:
        ValueError: If there is no usable face, or the folder holds something else than
            a report; nothing is written then.
    """
    directory = Path(directory)
    protocol = _complete(protocol or Protocol())
    if record is None:
        record = RunRecord.of_faces(faces, protocol)
    title = title or record.provenance.config or directory.resolve().name
    others = [read_record(path) for path in overlay]
    figures = summarize_subsets(record, protocol)
    record = replace(record, figures=flatten(figures, protocol))
    main = protocol.normalizers[0]
    landmarks = landmark_nme(record.landmarks, record.lengths[main])
    images = _Images(faces, load_image or _read_image)

    with replace_folder(directory, REPORT_FILES) as draft:
        write_record(record, draft / RECORD_NAME)
        _write_per_image(draft / 'per_image.csv', faces, record)
        runs = [record, *others]
        names = label_runs(runs) if others else [title]
        curves = {name: run.errors_by(main)
                  for name, run in zip(names, runs, strict=True)}
        draw_ced(curves, draft / 'ced.png', protocol.thresholds[-1], main)
        if np.isfinite(landmarks).any():
            true = np.where(faces.visible[..., None], faces.gt, np.nan)
            draw_error_map(mean_shape(true), landmarks, draft / 'error_map.png', main)
        sheets = _selections(record.errors_by(main))
        for name, indices in sheets.items():
            _draw_sheet(draft / f'faces_{name}.jpg', faces, record.errors_by(main),
                        indices, images)
        page = render_page(
            printable(title), record, protocol, figures, landmarks,
            _rows(faces, record, images, max_images),
            {path.stem: path.read_bytes() for path in draft.iterdir()
             if path.suffix in ('.png', '.jpg')},
            {name: len(indices) for name, indices in sheets.items()})
        write_text(draft / 'report.html', page)
    return record


def _complete(protocol: Protocol) -> Protocol:
    """The same protocol with everything that a report shows."""
    return replace(
        protocol, statistics=STATISTICS, subsets=ALL_SUBSETS, groups=True,
        thresholds=protocol.thresholds or (0.1,),
        num_bootstrap=protocol.num_bootstrap or DEFAULT_NUM_BOOTSTRAP)


def _write_per_image(path: Path, faces: EvaluatedFaces, record: RunRecord) -> None:
    """One row a face; ``nme_NORMALIZER`` is empty for an unusable face."""
    worst, pixels = _worst_landmarks(record)
    rows: list[list] = [['name', 'image_path', *(f'nme_{name}' for name in
                                                 record.normalizers),
                         'worst_landmark', 'worst_error_px', 'subsets']]
    for index, name in enumerate(record.names):
        values = (column[index] for column in record.errors.values())
        rows.append([
            name, faces.image_paths[index],
            *('' if np.isnan(value) else f'{value:.8g}' for value in values),
            worst[index], f'{pixels[index]:.3f}',
            ';'.join(_subsets_of(record, index))])
    write_text(path, csv_text(rows))


def _worst_landmarks(record: RunRecord) -> tuple[np.ndarray, np.ndarray]:
    """Index and error (pixels) of each face's worst landmark; -1 if none is known."""
    known = np.where(np.isnan(record.landmarks), -1, record.landmarks)
    worst = known.argmax(1)
    pixels = known[np.arange(len(known)), worst]
    return np.where(pixels < 0, -1, worst), np.where(pixels < 0, np.nan, pixels)


def _subsets_of(record: RunRecord, index: int) -> list[str]:
    return [name for name, members in record.subsets.items() if members[index]]


def _ranking(errors: np.ndarray) -> np.ndarray:
    """Indices of the usable faces, best first; equal errors keep their order."""
    usable = np.flatnonzero(~np.isnan(errors))
    return usable[np.argsort(errors[usable], kind='stable')]


def _selections(errors: np.ndarray) -> dict[str, np.ndarray]:
    """Faces of the three sheets, thirds of a small set: no face is on two of them."""
    ranking = _ranking(errors)
    size = min(_FACES_A_SHEET, max(1, len(ranking) // 3))
    worst, best = ranking[::-1][:size], ranking[:-size][:size]
    between = ranking[size:-size]
    start = max(0, (len(between) - _FACES_A_SHEET) // 2)
    sheets = {'worst': worst, 'median': between[start:start + _FACES_A_SHEET],
              'best': best}
    return {name: indices for name, indices in sheets.items() if len(indices)}


def _read_image(path: str) -> np.ndarray | None:
    try:
        return read_image(path)
    except ImageError:
        return None


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
    gt = np.where(faces.visible[indices][..., None], faces.gt[indices], np.nan)
    sheet = draw_face_sheet(
        [images.get(index) for index in indices], list(gt), list(faces.pred[indices]),
        [f'{100 * errors[index]:.2f} %' for index in indices], size=_TILE_SIZE)
    save_picture(path, sheet)


def _rows(faces: EvaluatedFaces, record: RunRecord, images: _Images,
          max_images: int) -> list[FaceRow]:
    """Rows of the page's table, worst face first, unusable faces at the end."""
    main = record.errors_by()
    ranking = _ranking(main)[::-1]
    order = np.concatenate([ranking, np.flatnonzero(np.isnan(main))])
    worst, pixels = _worst_landmarks(record)
    gt = np.where(faces.visible[..., None], faces.gt, np.nan)
    rows = []
    for place, index in enumerate(order):
        row = FaceRow(
            printable(record.names[index]),
            [float(column[index]) for column in record.errors.values()],
            int(worst[index]), float(pixels[index]), _subsets_of(record, index))
        if place < max_images:
            row.add_picture(images.get(index), gt[index], faces.pred[index])
        rows.append(row)
    return rows
