"""Which runs a comparison consists of."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
from mmengine.config import Config, ConfigDict

from mmwing.apis.runner import check_data, load_config

from .jobs import Job, run_jobs
from .results import Result, read_result, stack_versions, write_result
from .schedule import set_epochs
from .variant import Variant

# Where things lie, and what a run is given besides: no part of what is compared.
_NOT_COMPARED = ('work_dir', 'data_root', 'load_from', 'resume', 'launcher')


@dataclass(frozen=True)
class Study:
    """One config, to be trained by several losses.

    Attributes:
        config: Path or name of the config.
        work_dir: Where the runs work.
        results: Directory of the result files.
        epochs: Length of the training, if not the config's.
        options: Further settings, dotted key to value.
        note: What a reader must know of the data.
    """

    config: str
    work_dir: Path
    results: Path
    epochs: int | None = None
    options: Mapping = field(default_factory=dict)
    note: str = ''

    @property
    def name(self) -> str:
        """Name of the config."""
        return Path(self.config).name.removesuffix('.py')

    def base(self, epochs: int | None = None, options: Mapping | None = None) -> Config:
        """The config that all runs of a stage share, without loss, seed and rate.

        Data are loaded in the training process, so that augmentation can be the same
        for all, and validated after each epoch.

        Raises:
            FileNotFoundError: If the data are not there.
            ValueError: If the config cannot be shortened.
        """
        cfg = load_config(self.config, {**self.options, **(options or {})})
        check_data(cfg, ('train', 'val'))
        epochs = epochs or self.epochs
        if epochs:
            set_epochs(cfg, epochs)
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.num_workers = 0
            loader.persistent_workers = False
            loader.pop('prefetch_factor', None)
        if 'max_epochs' in cfg.train_cfg:
            cfg.train_cfg.val_interval = 1
        cfg.default_hooks.checkpoint.update(max_keep_ckpts=1, save_best=None)
        return cfg

    def job(self, stage: str, base: Config, variant: Variant, lr: float | None,
            seed: int, options: Mapping | None = None) -> tuple[Job, Result]:
        """A run, and its result as far as it is known beforehand.

        Raises:
            ValueError: If there is a result of another configuration, or the loss
                does not exist.
        """
        cfg = variant.apply(base)
        optimizer = cfg.optim_wrapper.optimizer
        if lr is not None:
            optimizer.lr = lr
        cfg.randomness = ConfigDict(cfg.get('randomness') or {}, seed=seed)
        run = f'{stage}_{variant.slug}_lr{optimizer.lr:g}_seed{seed}'
        job = Job(f'{stage} {variant}, lr {optimizer.lr:g}, seed {seed}', cfg,
                  self.work_dir / run, self.results / f'{run}.json')
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or []), {'type': 'mmwing.EpochSeedHook'},
            {'type': 'mmwing.RunRecordHook', 'path': str(job.record)}]
        expected = Result(
            stage=stage, loss=str(variant), seed=seed, lr=float(optimizer.lr),
            epochs=cfg.train_cfg.get('max_epochs') or 0, config=self.name,
            config_hash=config_hash(base), options={**self.options, **(options or {})},
            curve=[], normalizer='', threshold=0.0, errors=np.empty(0), faces='',
            batches=[], cpu_seconds=0.0, versions=stack_versions(), note=self.note)
        if job.result.is_file():
            found = read_result(job.result)
            if found.config_hash != expected.config_hash:
                raise ValueError(
                    f'{job.result} is of another configuration (digest '
                    f'{found.config_hash}, now {expected.config_hash}): write '
                    'elsewhere by --out, or delete it')
        return job, expected


def config_hash(cfg: Config) -> str:
    """Digest of what a config trains, without loss, seed, learning rate and paths."""
    content = cfg.to_dict()
    content['model'].get('head', {}).pop('loss', None)
    content['optim_wrapper']['optimizer'].pop('lr', None)
    content.pop('randomness', None)
    text = json.dumps(_without_paths(content), sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:12]


def _without_paths(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_paths(each) for key, each in value.items()
                if key not in _NOT_COMPARED}
    if isinstance(value, (list, tuple)):
        return [_without_paths(each) for each in value]
    return value


def plan_tuning(study: Study, variants: Sequence[Variant], lrs: Sequence[float],
                epochs: int, seed: int, options: Mapping) -> list[tuple[Job, Result]]:
    """Short runs of each loss with each learning rate.

    Args:
        study: The comparison.
        variants: The losses.
        lrs: The learning rates.
        epochs: Length of each run.
        seed: The one seed.
        options: Settings of the tuning alone, such as a validation set that the
            final figures are not measured on.
    """
    base = study.base(epochs, options)
    return [study.job('tune', base, variant, lr, seed, options)
            for lr in lrs for variant in variants]


def choose_lrs(results: Sequence[Result]) -> dict[str, float]:
    """For each loss, the learning rate with the lowest NME at the end of tuning.

    Raises:
        ValueError: If a loss reached no finite NME.
    """
    best: dict[str, Result] = {}
    for result in results:
        if result.stage == 'tune' and (
                result.loss not in best or _rank(result) < _rank(best[result.loss])):
            best[result.loss] = result
    for loss, result in best.items():
        if not math.isfinite(result.nme):
            raise ValueError(f'{loss} reached no finite NME with any learning rate of '
                             'the tuning: try smaller ones')
    return {loss: result.lr for loss, result in best.items()}


def _rank(result: Result) -> float:
    return result.nme if math.isfinite(result.nme) else math.inf


def plan_finals(study: Study, variants: Sequence[Variant],
                lrs: Mapping[str, float | None],
                seeds: Sequence[int]) -> list[tuple[Job, Result]]:
    """The runs that are compared: each loss with each seed.

    Args:
        study: The comparison.
        variants: The losses.
        lrs: Text of the loss to its learning rate; None is the config's.
        seeds: The seeds.
    """
    base = study.base()
    return [study.job('final', base, variant, lrs[str(variant)], seed)
            for seed in seeds for variant in variants]


def complete(job: Job, expected: Result) -> Result:
    """Write the result of a run that has ended, from the record that it kept."""
    record = json.loads(job.record.read_text(encoding='utf-8'))
    if not record['finished']:
        raise ValueError(f'{job.name} ended early, see {job.log}')
    known = {name: record[name] for name in (
        'normalizer', 'threshold', 'faces', 'batches')}
    result = Result(**{
        **vars(expected), **known,
        'cpu_seconds': round(record['cpu_seconds'], 1),
        'errors': np.array(record['errors'], np.float64),
        'curve': [(point['epoch'], _nme(point)) for point in record['curve']]})
    write_result(result, job.result)
    return result


def _nme(point: Mapping) -> float:
    """The NME of a validation; the normaliser's name may stand in front."""
    for key, value in point.items():
        if key == 'NME' or key.endswith('/NME'):
            return math.nan if value is None else value
    return math.nan


def run_stage(plan: Sequence[tuple[Job, Result]], at_once: int) -> int:
    """Run what of a plan has no result yet.

    Checkpoints of runs that only chose a learning rate are not kept.

    Args:
        plan: Runs, with what is known of their results.
        at_once: How many runs at a time.

    Returns:
        Number of runs that failed.
    """
    expected = {job.result: result for job, result in plan}

    def finish(job: Job) -> str:
        result = complete(job, expected[job.result])
        if result.stage == 'tune':
            for checkpoint in job.work_dir.glob('*.pth'):
                checkpoint.unlink()
        return f'NME {100 * result.nme:.2f} %, {result.cpu_seconds:.0f} CPU s'

    return len(run_jobs([job for job, _ in plan], at_once, finish))
