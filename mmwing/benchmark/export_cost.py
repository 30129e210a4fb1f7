"""Time a model as PyTorch runs it and as ONNX, and how long the first face takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.inference.checkpoint_config import find_test_pipeline
from mmwing.inference.onnx.export import crop_of, export_onnx
from mmwing.inference.onnx.network import LandmarkNetwork
from mmwing.runtime import OnnxLandmarker

from .turns import milliseconds, take_turns

PYTORCH = 'PyTorch, eager'

_FIRST_FACE = {
    'mmwing.runtime': 'from mmwing.runtime import OnnxLandmarker as Landmarker',
    'mmwing': 'from mmwing import FaceLandmarker as Landmarker'}


@dataclass(frozen=True)
class ExportCost:
    """What one form of a model costs.

    Attributes:
        megabytes: Of its file; NaN for PyTorch, whose file depends on what it holds.
        milliseconds: Faces at once -> times of the rounds (R,).
    """

    megabytes: float
    milliseconds: dict[int, np.ndarray]


def measure_export(model: Any, counts: Sequence[int] = (1, 32),
                   rounds: int = 20) -> dict[str, ExportCost]:
    """Time a model on one thread, from 8-bit crops to landmarks.

    In each round all forms take turns, so that a busy machine is busy for all of them.

    Args:
        model: As :func:`mmwing.inference.load_model` returns it.
        counts: Faces at once.
        rounds: How often; one more round warms up.

    Raises:
        ValueError: If ``counts`` is empty or ``rounds`` is not positive.
    """
    if not counts or rounds < 1:
        raise ValueError('counts must not be empty and rounds at least 1, got '
                         f'{tuple(counts)} and {rounds}')
    flip_test = bool((model.test_cfg or {}).get('flip_test', False))
    network = LandmarkNetwork(model, flip_test).eval()
    crop = crop_of(find_test_pipeline(model.cfg))
    painted = SyntheticFaceDataset(num_samples=max(counts), bbox_scale=1.)
    faces = [painted.get_data_info(index) for index in range(max(counts))]
    crops = np.stack([crop.cut(face['img'], face['bbox'][0]) for face in faces])
    sizes = {PYTORCH: np.nan}
    runs: dict[str, Callable[[np.ndarray], object]] = {
        PYTORCH: lambda batch: network(torch.from_numpy(batch))}
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder, torch.inference_mode(False):
            for name, fp16 in (('ONNX', False), ('ONNX, --fp16', True)):
                done = export_onnx(model, Path(folder) / 'model.onnx', fp16=fp16,
                                   overwrite=True)
                sizes[name] = done.size / 1e6
                session = OnnxLandmarker(done.path, detector=None, threads=1).session
                runs[name] = partial(_run, session)
        with torch.inference_mode():
            times = take_turns({
                f'{name} {count}': partial(milliseconds, partial(run, crops[:count]))
                for count in counts for name, run in runs.items()}, rounds)
    finally:
        torch.set_num_threads(threads)
    return {name: ExportCost(sizes[name], {
        count: times[f'{name} {count}'] for count in counts}) for name in runs}


def _run(session: Any, crops: np.ndarray) -> object:
    return session.run(None, {'crops': crops})


def measure_first_face(model: str, onnx_model: str,
                       rounds: int = 5) -> dict[str, np.ndarray]:
    """Seconds from the import to the landmarks of one photo, in fresh processes.

    Args:
        model: For :class:`mmwing.FaceLandmarker`.
        onnx_model: The same for :class:`mmwing.runtime.OnnxLandmarker`.
        rounds: Processes of each.

    Returns:
        ``'mmwing.runtime'`` and ``'mmwing'`` -> seconds (R,).
    """
    painted = SyntheticFaceDataset(num_samples=1, bbox_scale=1.).get_data_info(0)
    files = {'mmwing.runtime': onnx_model, 'mmwing': model}
    seconds: dict[str, list[float]] = {name: [] for name in files}
    with tempfile.TemporaryDirectory() as folder:
        photo = str(Path(folder) / 'photo.png')
        cv2.imwrite(photo, painted['img'])
        for _ in range(rounds):
            for name, file in files.items():
                code = ('import time; start = time.perf_counter(); '
                        f'{_FIRST_FACE[name]}; '
                        f'Landmarker({file!r}, detector=None)({photo!r}, '
                        f'boxes={painted["bbox"].tolist()}); '
                        'print(time.perf_counter() - start)')
                done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                                      capture_output=True, text=True, check=True)
                seconds[name].append(float(done.stdout.split()[-1]))
    return {name: np.array(of_name) for name, of_name in seconds.items()}
