"""Measure time and memory of reading the annotations of many faces."""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import os
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets import WFLWDataset

from mmwing.datasets.checks import check_landmarks
from mmwing.datasets.converters.wflw import ATTRIBUTES
from mmwing.datasets.face import FaceLandmarkDataset
from mmwing.datasets.face.painter import face_landmarks
from mmwing.datasets.wrappers import PoseBalancedDataset, SubsetDataset
from mmwing.datasets.wrappers.annotation import annotation_of
from mmwing.files import replace_file

from .turns import Table, peak_megabytes

NUM_KEYPOINTS = 98
_IMAGE_SIZE = 256
# Faces painted for their landmarks; the others are these, moved and disturbed.
_PAINTED = 500


class DataCost(NamedTuple):
    """What it costs to read an annotation file once.

    Attributes:
        seconds: Of the processor: what others do on the machine does not count.
        peak: Most memory held on the way, in megabytes beyond what the imports take.
        worker: What a worker process adds once it has read all annotations, in
            megabytes: pages that it no longer shares with the main process. NaN for
            what no worker reads, and where the system does not tell.
    """

    seconds: float
    peak: float
    worker: float


def write_faces(path: str | os.PathLike, num_faces: int, seed: int = 0) -> None:
    """Write an annotation file of painted faces with 98 points, without pictures.

    Each face has an image of its own, and what ``mmwing prepare`` writes for WFLW:
    flags, subsets, centre and scale. The points lie between the 68 of the painter, in
    their order.

    Args:
        path: The ``.json`` to write.
        num_faces: Number of faces.
        seed: Seed of the faces.
    """
    drawn = np.stack([face_landmarks(seed, index, _IMAGE_SIZE)
                      for index in range(min(num_faces, _PAINTED))])
    places = np.linspace(0, drawn.shape[1] - 1, NUM_KEYPOINTS)
    low = places.astype(int).clip(max=drawn.shape[1] - 2)
    share = (places - low)[:, None]
    shapes = drawn[:, low] * (1 - share) + drawn[:, low + 1] * share
    rng = np.random.default_rng(seed)
    with replace_file(path) as draft, draft.open('w', encoding='utf-8') as file:
        images = ({'id': index, 'file_name': f'faces/{index:06d}.jpg',
                   'width': _IMAGE_SIZE, 'height': _IMAGE_SIZE}
                  for index in range(1, num_faces + 1))
        faces = (_annotation(index, shapes[index % len(shapes)], rng)
                 for index in range(1, num_faces + 1))
        file.write('{"images": [\n')
        file.write(',\n'.join(map(json.dumps, images)))
        file.write('],\n"annotations": [\n')
        file.write(',\n'.join(map(json.dumps, faces)))
        file.write('],\n"categories": [{"id": 1, "name": "face"}]}\n')


def _annotation(index: int, shape: np.ndarray, rng: np.random.Generator) -> dict:
    points = (shape + rng.normal(0, 0.5, shape.shape) + rng.uniform(-5, 5, 2)).clip(
        0, _IMAGE_SIZE - 1)
    low, high = points.min(0), points.max(0)
    flags = (rng.random(len(ATTRIBUTES)) < 0.2).astype(int).tolist()
    attributes = dict(zip(ATTRIBUTES, flags, strict=True))
    return {
        'id': index, 'image_id': index, 'category_id': 1, 'iscrowd': 0,
        'keypoints': np.column_stack(
            [points.round(3), np.ones(len(points))]).ravel().tolist(),
        'num_keypoints': len(points),
        'bbox': [*low.round(3).tolist(), *(high - low).round(3).tolist()],
        'area': round(float((high - low).prod()), 3),
        'center': ((low + high) / 2).round(3).tolist(),
        'scale': round(float((high - low).max()) / 200, 6),
        'subsets': ['full', *(name for name in ATTRIBUTES if attributes[name])],
        'attributes': attributes}


def measure_data(path: str | os.PathLike,
                 report: Callable[[str], None] = lambda line: None
                 ) -> dict[str, DataCost]:
    """Measure every way of reading an annotation file of :func:`write_faces`.

    Each runs in a process of its own, one after the other, which takes the ``fork`` of
    Linux and macOS.

    Args:
        path: The file.
        report: Is told of each measurement as it comes.

    Returns:
        dict[str, DataCost]: By what was measured. Parsing the JSON alone comes first:
        the least that each of the others can take.
    """
    costs = {}
    for name, read in READERS.items():
        costs[name] = _in_own_process(read, Path(path))
        report(f'{name}: {_cell(costs[name])}')
    return costs


def _parse(path: Path) -> None:
    json.loads(path.read_bytes())


def _mmpose(path: Path) -> WFLWDataset:
    return WFLWDataset(ann_file=str(path))


def _face_landmarks(path: Path) -> FaceLandmarkDataset:
    return FaceLandmarkDataset(ann_file=str(path), metainfo={'from_file': 'wflw.py'})


def _subsets(path: Path) -> SubsetDataset:
    return SubsetDataset({'type': 'WFLWDataset', 'ann_file': str(path)})


def _balanced(path: Path) -> PoseBalancedDataset:
    return PoseBalancedDataset({'type': 'WFLWDataset', 'ann_file': str(path)})


def _check(path: Path) -> None:
    check_landmarks([path], points_file='wflw.py', read_images=False)


#: What is measured, by the name that tables give it.
READERS: dict[str, Callable[[Path], Any]] = {
    'JSON alone': _parse,
    "MMPose's WFLWDataset": _mmpose,
    'FaceLandmarkDataset': _face_landmarks,
    'SubsetDataset of WFLWDataset': _subsets,
    'PoseBalancedDataset of WFLWDataset': _balanced,
    '`mmwing check` without images': _check,
}


def _in_own_process(read: Callable[[Path], Any], path: Path) -> DataCost:
    context = multiprocessing.get_context('fork')
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(theirs, read, path))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f'the process that measures {read.__name__} ended with '
                           f'status {process.exitcode}') from None
    finally:
        process.join()


def _measure(answer: Any, read: Callable[[Path], Any], path: Path) -> None:
    init_default_scope('mmpose')
    before = peak_megabytes()
    # COCO's tools print what they do, MMPose warns of where it found its own files.
    with contextlib.redirect_stdout(None), warnings.catch_warnings():
        warnings.simplefilter('ignore')
        start = time.process_time()
        dataset = read(path)
        seconds = time.process_time() - start
    peak = peak_megabytes() - before
    worker = float('nan') if dataset is None else _worker(dataset)
    answer.send(DataCost(seconds, peak, worker))


def _worker(dataset: Sequence) -> float:
    """Megabytes that a worker takes for itself by reading every annotation."""
    if not Path('/proc/self/smaps_rollup').exists():
        return float('nan')
    gc.collect()
    context = multiprocessing.get_context('fork')
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read_all, args=(theirs, dataset))
    process.start()
    grown = ours.recv()
    process.join()
    return grown


def _read_all(answer: Any, dataset: Any) -> None:
    gc.disable()
    if isinstance(dataset, PoseBalancedDataset):  # each face once
        dataset = dataset.dataset
    for index in range(min(10, len(dataset))):  # what the first call takes
        annotation_of(dataset, index)
    before = _private()
    for index in range(len(dataset)):
        annotation_of(dataset, index)
    answer.send(_private() - before)


def _private() -> float:
    """Megabytes of this process alone."""
    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines
               if line.startswith('Private_')) / 1024


def data_table(faces: Sequence[int],
               report: Callable[[str], None] = lambda line: None) -> Table:
    """Measure how every reader grows with the number of faces.

    Args:
        faces: Numbers of faces; an annotation file is made of each.
        report: Is told of each measurement as it comes.
    """
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in faces:
            path = Path(folder) / f'{number}.json'
            write_faces(path, number)
            costs[number] = measure_data(path, report)
    return Table(
        'Reading annotations', ['', *(f'{number:,} faces' for number in costs)],
        [[name, *(_cell(each[name]) for each in costs.values())] for name in READERS],
        {name: {str(number): each[name]._asdict() for number, each in costs.items()}
         for name in READERS})


def _cell(cost: DataCost) -> str:
    worker = '' if np.isnan(cost.worker) else f', worker {cost.worker:.0f} MB'
    return f'{cost.seconds:.1f} s, {cost.peak:.0f} MB{worker}'
