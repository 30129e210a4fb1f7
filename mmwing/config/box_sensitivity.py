"""How the error grows with the error of the face box."""

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmengine.runner import Runner

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
    figures = {}
    for level in levels:
        runner.test_loop.dataloader = runner.build_dataloader(
            with_box_error(config, level, seed=seed), seed=runner.seed)
        figures[level] = dict(runner.test())
    return figures


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
    directory.mkdir(parents=True, exist_ok=True)

    def write_table(path: Path) -> None:
        with path.open('w', newline='', encoding='utf-8') as file:
            writer = csv.writer(file)
            writer.writerow(['box_error', *keys])
            writer.writerows([level, *(values[key] for key in keys)]
                             for level, values in figures.items())

    _replace(directory / 'box_jitter.png',
             lambda path: draw_box_sensitivity(list(figures), curves, path))
    _replace(directory / 'box_jitter.csv', write_table)


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Let the file appear only when it is complete."""
    draft = path.with_name(f'.draft-{path.name}')
    try:
        write(draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
