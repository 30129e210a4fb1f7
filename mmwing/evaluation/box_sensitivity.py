"""How the error grows with the error of the face box."""

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmengine.runner import Runner

from mmwing.visualization.box_sensitivity import draw_box_sensitivity

_AFTER = 'GetBBoxCenterScale'


def with_box_error(dataloader: Mapping, shift: float, scale: float | None = None,
                   seed: int = 0) -> dict:
    """Copy a dataloader's config, with :class:`mmwing.BoxError` in its pipelines.

    Args:
        dataloader: Config of a dataloader.
        shift: See :class:`mmwing.BoxError`.
        scale: See there; by default as large as ``shift``.
        seed: See there.

    Raises:
        ValueError: When no pipeline has a ``GetBBoxCenterScale``.
    """
    transform = {'type': 'mmwing.BoxError', 'shift': shift,
                 'scale': shift if scale is None else scale, 'seed': seed}
    disturbed, count = _disturb(dataloader['dataset'], transform)
    if not count:
        raise ValueError(f'no pipeline of the dataloader has a {_AFTER}: there is no '
                         'box to disturb')
    return {**dataloader, 'dataset': disturbed}


def _disturb(dataset: Mapping, transform: Mapping) -> tuple[dict, int]:
    """Copy a data set's config with the transform in it and in those it wraps.

    Pipelines are copied, not extended in place: data sets may share one.
    """
    changed, count = dict(dataset), 0
    pipeline = list(dataset.get('pipeline') or [])
    for index, step in enumerate(pipeline):
        if str(step['type']).endswith(_AFTER):
            changed['pipeline'] = [*pipeline[:index + 1], dict(transform),
                                   *pipeline[index + 1:]]
            count = 1
            break
    if dataset.get('dataset'):
        changed['dataset'], inner = _disturb(dataset['dataset'], transform)
        count += inner
    if dataset.get('datasets'):
        children = [_disturb(child, transform) for child in dataset['datasets']]
        changed['datasets'] = [child for child, _ in children]
        count += sum(inner for _, inner in children)
    return changed, count


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
