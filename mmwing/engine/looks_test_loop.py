"""Test a model that looks at each face more than once."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.runner import Runner, TestLoop
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.structures.bbox import bbox_cs2xyxy, bbox_xyxy2cs
from torch.utils.data import DataLoader

from mmwing.arguments import check_count
from mmwing.datasets.transforms import FaceContext, PackCanvas
from mmwing.datasets.wrappers import inner_datasets
from mmwing.registry import LOOPS
from mmwing.runtime.boxes import next_box


@LOOPS.register_module()
class LooksTestLoop(TestLoop):
    """A test in which the model looks again, in the box around what it has found.

    What :class:`mmwing.FaceLandmarker` does with ``looks``: the landmarks of the first
    look, whatever box it had, give the box of the second, and so on; the last look is
    evaluated. For models trained on boxes tightly around the landmarks. A look costs
    as much as a test.

    Args:
        runner (Runner): As in MMEngine.
        dataloader (dict | DataLoader): As in MMEngine.
        evaluator (dict | list | Evaluator): As in MMEngine.
        fp16 (bool): As in MMEngine.
        looks (int): How many times the model looks at a face. Defaults to 2.

    Raises:
        ValueError: If ``looks`` is not a whole number of at least 1; in the test, if a
            pipeline has no ``GetBBoxCenterScale``.
    """

    dataloader: Any

    def __init__(self, runner: Runner, dataloader: dict | DataLoader,
                 evaluator: dict | list | Evaluator, fp16: bool = False,
                 looks: int = 2) -> None:
        super().__init__(runner, dataloader, evaluator, fp16)
        self.looks = check_count('looks', looks)

    def run(self) -> dict:
        """Test; returns the figures."""
        dataloader = self.dataloader
        # The looks belong between the hooks that come before the first batch, such as
        # the one that puts averaged weights into the model, and the evaluation.
        self.dataloader = _LastLook(self, dataloader)
        try:
            return super().run()
        finally:
            self.dataloader = dataloader

    @torch.no_grad()
    def look(self, dataloader: DataLoader) -> dict[tuple, np.ndarray]:
        """Landmarks (K, 2) of each face of a dataloader, by :func:`_key`."""
        found = {}
        for batch in dataloader:
            with torch.autocast(next(self.runner.model.parameters()).device.type,
                                enabled=self.fp16):
                samples = self.runner.model.test_step(batch)
            for sample in samples:
                found[_key(sample.metainfo)] = np.asarray(
                    sample.pred_instances.keypoints)[0, :, :2]
        return found


class _LastLook:
    """The batches of the last look, for which those before are taken first."""

    def __init__(self, loop: LooksTestLoop, dataloader: DataLoader) -> None:
        self._loop = loop
        self._dataloader = dataloader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataloader, name)

    def __len__(self) -> int:
        return len(self._dataloader)

    def __iter__(self) -> Iterator:
        dataloader = self._dataloader
        for look in range(1, self._loop.looks):
            print_log(f'Look {look} of {self._loop.looks}', 'current')
            dataloader = _looking_at(dataloader, self._loop.look(dataloader))
        return iter(dataloader)


class _LookAt:
    """Put the box around landmarks that were found in the place of the face box.

    Args:
        found: Landmarks (K, 2) of faces, by :func:`_key`.
        padding: Of the boxes, that of ``GetBBoxCenterScale``.
    """

    def __init__(self, found: dict[tuple, np.ndarray], padding: float) -> None:
        self.found = found
        self.padding = padding

    def __call__(self, results: dict) -> dict:
        box = bbox_cs2xyxy(results['bbox_center'][0], results['bbox_scale'][0],
                           padding=self.padding)
        center, scale = bbox_xyxy2cs(next_box(self.found[_key(results)], box),
                                     padding=self.padding)
        results['bbox_center'] = center[None].astype(np.float32)
        results['bbox_scale'] = scale[None].astype(np.float32)
        return results


def _key(face: Mapping) -> tuple:
    """What tells a face from others, also in data sets of several files."""
    return face.get('img_path'), face['id']


def _looking_at(dataloader: DataLoader, found: dict[tuple, np.ndarray]) -> DataLoader:
    """The same faces, in the boxes around the landmarks that were found."""
    return DataLoader(
        _with_boxes(dataloader.dataset, found),
        batch_sampler=dataloader.batch_sampler, num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn, pin_memory=dataloader.pin_memory,
        worker_init_fn=dataloader.worker_init_fn)


def _with_boxes(dataset: Any, found: dict[tuple, np.ndarray]) -> Any:
    """A data set with the same annotations, whose pipelines have a :class:`_LookAt`.

    Raises:
        ValueError: If there is no ``GetBBoxCenterScale`` in any of its pipelines.
    """
    changed = copy.copy(dataset)
    steps = list(getattr(getattr(dataset, 'pipeline', None), 'transforms', ()))
    crops = [index for index, step in enumerate(steps)
             if isinstance(step, GetBBoxCenterScale)]
    if crops:
        # Behind all that says where the box is, before what cuts by it.
        place = next((index for index, step in enumerate(steps) if index > crops[-1]
                      and isinstance(step, (FaceContext, PackCanvas, TopdownAffine))),
                     len(steps))
        steps.insert(place, _LookAt(found, steps[crops[-1]].padding))
        changed.pipeline = Compose(steps)
        return changed
    if not inner_datasets(dataset):
        raise ValueError('no pipeline of the test has a GetBBoxCenterScale: there is '
                         'no box to change for another look')
    if getattr(dataset, 'dataset', None) is not None:
        changed.dataset = _with_boxes(dataset.dataset, found)
    else:
        changed.datasets = [_with_boxes(each, found) for each in dataset.datasets]
    return changed
