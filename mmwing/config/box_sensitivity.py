"""Test a model with disturbed face boxes."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import Compose
from mmengine.runner import Runner

from mmwing.csv_cells import csv_text
from mmwing.files import replace_files
from mmwing.visualization.box_sensitivity import draw_box_sensitivity

from .boxes import with_box_error


def evaluate_box_errors(runner: Runner, levels: Sequence[float], seed: int = 0
                        ) -> dict[float, dict[str, float]]:
    """Test a runner's model once for each level of box error.

    Args:
        runner: A runner with a test dataloader; its model is loaded by the first test.
        levels: Box errors: standard deviation of the centre as a fraction of the
            box, and of the logarithm of the size. 0 is the undisturbed test.
        seed: Seed of the boxes.

    Returns:
        Level to the test's figures.
    """
    if not levels:
        raise ValueError('levels is empty: name box errors, such as 0 0.05 0.1')
    config = runner.cfg.test_dataloader
    dataset = runner.test_dataloader.dataset
    figures = {}
    for level in levels:
        changed = with_box_error(config, level, seed=seed)
        changed['dataset'] = _with_pipelines_of(dataset, changed['dataset'])
        runner.test_loop.dataloader = runner.build_dataloader(changed, seed=runner.seed)
        figures[level] = dict(runner.test())
    return figures


def _with_pipelines_of(dataset: Any, config: Mapping) -> Any:
    """A data set with the same annotations, and the pipelines of a config."""
    changed = copy.copy(dataset)
    if config.get('pipeline') is not None:
        changed.pipeline = Compose(config['pipeline'])
    if config.get('dataset') is not None:
        changed.dataset = _with_pipelines_of(dataset.dataset, config['dataset'])
    if config.get('datasets') is not None:
        changed.datasets = [
            _with_pipelines_of(*each)
            for each in zip(dataset.datasets, config['datasets'], strict=True)]
    return changed


def write_box_sensitivity(figures: Mapping[float, Mapping[str, float]],
                          directory: str | Path) -> None:
    """Write ``box_jitter.csv`` (all figures) and ``box_jitter.png`` (NME).

    Args:
        figures: Level of the box error to figures, from :func:`evaluate_box_errors`.
        directory: Where to; made when missing.

    Raises:
        ValueError: When there is no figure ``NME``; nothing is written then.
    """
    keys = list(next(iter(figures.values())))
    curves = {key: [values[key] for values in figures.values()] for key in keys
              if key.split('/')[-1] == 'NME'}
    directory = Path(directory)
    with replace_files(directory / 'box_jitter.csv',
                       directory / 'box_jitter.png') as (table, picture):
        table.write_text(csv_text([['box_error', *keys], *(
            [level, *(values[key] for key in keys)]
            for level, values in figures.items())]), encoding='utf-8')
        draw_box_sensitivity(list(figures), curves, picture)
