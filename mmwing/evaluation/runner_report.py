"""The report of what an MMEngine runner has just tested."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.runner import Runner

from mmwing.files import check_folder
from mmwing.images import ImageError, MissingImageError, read_image

from .metrics import FaceAlignmentMetric
from .provenance import describe_checkpoint, describe_config, now, stack_versions
from .report import REPORT_FILES, write_report
from .run_file import read_record


def check_report(runner: Runner, directory: str | Path,
                 overlay: Sequence[str | Path] = ()) -> None:
    """Refuse before a test what its report would fail on afterwards.

    Args:
        runner: The runner.
        directory: Where the report is to go.
        overlay: Other reports, for the CED plot.

    Raises:
        FileNotFoundError: If one of ``overlay`` holds no report.
        OSError: If the folder cannot be written.
        ValueError: If the runner's test evaluator has no FaceAlignmentMetric, a report
            of ``overlay`` has not its first normaliser, or the folder holds something
            else than a report.
    """
    check_folder(directory, REPORT_FILES)
    normalizer = face_metric(runner).protocol.normalizers[0]
    for directory in overlay:
        read_record(directory).errors_by(normalizer)


def write_runner_report(runner: Runner, directory: str | Path,
                        overlay: Sequence[str | Path] = (),
                        subsets: Mapping[str, Sequence[str]] | None = None,
                        **provenance: Any) -> None:
    """Write the report of a runner whose ``test()`` has ended.

    On processes other than the main one it does nothing.

    Args:
        runner: The runner.
        directory: Where to, see :func:`.report.write_report`.
        overlay: Other reports, for the CED plot.
        subsets: Name of a subset to names of its faces, beside the subsets that the
            annotations name.
        provenance: Fields of :class:`.Provenance` that the runner's config and its
            checkpoint do not tell, or tell otherwise.

    Raises:
        ValueError: When the runner's test evaluator has no FaceAlignmentMetric.
    """
    metric = face_metric(runner)
    if metric.faces is None or metric.record is None:
        return
    facts = describe_config(runner.cfg)
    if runner.cfg.get('load_from'):
        facts.update(describe_checkpoint(runner.cfg.load_from))
    members = {name: np.isin(metric.record.names, faces)
               for name, faces in (subsets or {}).items()}
    record = replace(
        metric.record, subsets={**metric.record.subsets, **members},
        provenance=replace(
            metric.record.provenance, versions=stack_versions(), date=now(),
            **{**facts, **provenance}))
    write_report(metric.faces, directory, metric.protocol, record=record,
                 overlay=overlay,
                 load_image=DatasetImages(runner.test_dataloader.dataset))


def face_metric(runner: Runner) -> FaceAlignmentMetric:
    """The metric of a runner that keeps the faces of its ``test()``.

    Raises:
        ValueError: When the runner's test evaluator has none.
    """
    for metric in runner.test_evaluator.metrics:
        if isinstance(metric, FaceAlignmentMetric):
            return metric
    raise ValueError("the config's test_evaluator has no "
                     "dict(type='mmwing.FaceAlignmentMetric'): a report needs it")


class DatasetImages:
    """Images of a data set by path: from the file, or from the data set itself.

    A data set that makes its images (``SyntheticFaceDataset``) has no files; its
    ``get_data_info`` gives ``img`` together with ``img_path``.

    Args:
        dataset: The data set.
    """

    def __init__(self, dataset: BaseDataset) -> None:
        self._dataset = dataset
        self._indices: dict[str, int] | None = None

    def __call__(self, path: str) -> np.ndarray | None:
        """Image (H, W, 3) uint8 BGR; None when there is none that can be read."""
        try:
            return read_image(path)
        except MissingImageError:
            pass
        except ImageError:
            return None
        if self._indices is None:
            self._indices = {
                self._dataset.get_data_info(index).get('img_path'): index
                for index in range(len(self._dataset))}
        if path not in self._indices:
            return None
        return self._dataset.get_data_info(self._indices[path]).get('img')
