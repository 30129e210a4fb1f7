"""Plan the runs of a study and choose learning rates."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path, PurePath
from typing import Any

from mmengine.config import Config, ConfigDict

from mmwing.config import check_data, load_config
from mmwing.datasets.canvases import painter_digest
from mmwing.evaluation.provenance import Provenance
from mmwing.evaluation.run import RunRecord, Training
from mmwing.evaluation.run_file import RECORD_NAME, read_record
from mmwing.resources import config_path, list_configs

from .jobs import Job, run_jobs
from .results import Result, add_result, read_results_if_any
from .schedule import set_epochs, set_iters
from .variant import Variant, models_with_heads

# Where things lie, what a run is given besides, and that the optimiser steps in one
# kernel (the same step, faster): no part of what is compared.
_NOT_COMPARED = ('work_dir', 'data_root', 'resume', 'launcher', 'fused')

# So many validations draw a curve; more would cost more than they show.
_MAX_VALIDATIONS = 50


@dataclass(frozen=True)
class Study:
    """One config, to be trained by several losses or with several changes.

    Attributes:
        config: Path or name of the config.
        work_dir: Where the runs work.
        results: The file of the results.
        epochs: Length of the training, if not the config's.
        iters: The same where the config counts iterations.
        options: Further settings, dotted key to value.
        note: What a reader must know of the data.
    """

    config: str
    work_dir: Path
    results: Path
    epochs: int | None = None
    options: Mapping = field(default_factory=dict)
    note: str = ''
    iters: int | None = None

    @property
    def name(self) -> str:
        """The config as another reader can give it: a name, or a path from here."""
        path = Path(self.config)
        if not path.is_file():
            return self.config
        name = path.name.removesuffix('.py')
        if name in list_configs() and path.samefile(config_path(name)):
            return name
        path, here = path.resolve(), Path.cwd()
        if path.is_relative_to(here):
            return path.relative_to(here).as_posix()
        return path.name

    def base(self, epochs: int | None = None, iters: int | None = None,
             options: Mapping | None = None, config: str = '') -> Config:
        """The config that all runs of a stage share, without loss, seed and rate.

        Data are loaded in the training process, so that augmentation can be the same
        for all, and validated after each epoch, or 50 times in a longer training.

        Args:
            epochs: Another length of the training than the study's.
            iters: The same for a config that counts iterations.
            options: Further settings, dotted key to value.
            config: Another config than the study's.

        Raises:
            FileNotFoundError: If the data are not there.
            ValueError: If the config cannot be shortened.
        """
        cfg = load_config(config or self.config, {**self.options, **(options or {})})
        check_data(cfg, ('train', 'val'))
        if epochs is None and iters is None:
            epochs, iters = self.epochs, self.iters
        if iters is not None:
            set_iters(cfg, iters)
        elif epochs is not None:
            set_epochs(cfg, epochs)
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.num_workers = 0
            loader.persistent_workers = False
            loader.pop('prefetch_factor', None)
        if 'max_epochs' in cfg.train_cfg:
            cfg.train_cfg.val_interval = max(
                1, cfg.train_cfg.max_epochs // _MAX_VALIDATIONS)
        cfg.default_hooks.checkpoint.update(max_keep_ckpts=1, save_best=None)
        return cfg

    def job(self, stage: str, base: Config, variant: Variant, lr: float | None,
            seed: int, options: Mapping | None = None) -> tuple[Job, Result]:
        """A run, and its result as far as it is known beforehand.

        Args:
            stage: ``'tune'`` or ``'final'``.
            base: What all runs share; a variant with a config of its own has another.
            variant: What is trained.
            lr: Learning rate; None is the config's.
            seed: Seed.
            options: Settings of this stage alone, dotted key to value.

        Raises:
            ValueError: If there is a result of another configuration, or the loss
                does not exist.
        """
        own = base
        if variant.config:
            own = self.base(base.train_cfg.get('max_epochs'),
                            base.train_cfg.get('max_iters'), options, variant.config)
        cfg = variant.apply(own)
        optimizer = cfg.optim_wrapper.optimizer
        if lr is not None:
            optimizer.lr = lr
        cfg.randomness = ConfigDict(cfg.get('randomness') or {}, seed=seed)
        provenance: dict[str, Any] = {
            'config': self.name, 'options': {**self.options, **(options or {})}}
        expected = Result(
            stage, str(variant), RunRecord(
                (), {}, (), Provenance(seed=seed, **provenance),
                training=Training(lr=float(optimizer.lr),
                                  epochs=cfg.train_cfg.get('max_epochs') or 0,
                                  iters=cfg.train_cfg.get('max_iters') or 0)),
            config_hash(base), _digest(cfg.to_dict()),
            list(variant.words) if variant.label else None, self.note)
        job = Job(f'{stage} {variant}, lr {optimizer.lr:g}, seed {seed}', cfg,
                  self.work_dir / expected.name)
        # Not part of the digests above. It tells whose the run's folder is.
        cfg.run_hash = expected.run_hash
        # The older one is for a damaged last one.
        cfg.default_hooks.checkpoint.max_keep_ckpts = 2
        cfg.custom_hooks = [
            *(cfg.get('custom_hooks') or []), {'type': 'mmwing.EpochSeedHook'},
            {'type': 'mmwing.RunRecordHook', 'path': str(job.record),
             'provenance': provenance, 'checksum': True}]
        found = self.finished().get(expected.name)
        for digest in ('config_hash', 'run_hash') if found else ():
            before, now = getattr(found, digest), getattr(expected, digest)
            if before and before != now:
                raise ValueError(
                    f'{expected.name} in {self.results} is of another configuration '
                    f'({digest} {before}, now {now}): write elsewhere by --out, call '
                    'the variant otherwise, or delete its line')
        return job, expected

    def finished(self) -> dict[str, Result]:
        """The results that there are, by name."""
        return {result.name: result for result in read_results_if_any(self.results)}


def config_hash(cfg: Config) -> str:
    """Digest of what a config trains, without loss, seed, learning rate and paths."""
    cfg = copy.deepcopy(cfg)
    for model in models_with_heads(cfg):
        model.get('head', {}).pop('loss', None)
    content = cfg.to_dict()
    content['optim_wrapper']['optimizer'].pop('lr', None)
    content.pop('randomness', None)
    return _digest(content)


def _digest(content: dict) -> str:
    # Of use to inference alone; without it results from before it was there count on.
    content = {key: value for key, value in content.items() if key != 'data_mode'}
    start = content.pop('load_from', None)
    if start:
        # File and folder: what is above them differs between machines, and the files
        # of all runs are called epoch_20.pth. None is left out, as it always was.
        content['load_from'] = '/'.join(PurePath(start).parts[-2:])
    text = json.dumps(_without_paths(content), sort_keys=True, default=str)
    if 'SyntheticFaceDataset' in text:  # whose pictures no key of the config tells
        text += painter_digest()
    return sha256(text.encode()).hexdigest()[:12]


def _without_paths(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_paths(each) for key, each in value.items()
                if key not in _NOT_COMPARED}
    if isinstance(value, (list, tuple)):
        return [_without_paths(each) for each in value]
    return value


def plan_tuning(study: Study, variants: Sequence[Variant], lrs: Sequence[float],
                seed: int, options: Mapping, epochs: int | None = None,
                iters: int | None = None) -> list[tuple[Job, Result]]:
    """Short runs of each loss with each learning rate.

    Args:
        study: The comparison.
        variants: The losses.
        lrs: The learning rates.
        seed: The one seed.
        options: Settings of the tuning alone, such as a validation set that the
            final figures are not measured on.
        epochs: Length of each run.
        iters: The same for a config that counts iterations.
    """
    base = study.base(epochs, iters, options)
    return [study.job('tune', base, variant, lr, seed, options)
            for lr in lrs for variant in variants]


def tunings(results: Iterable[Result]) -> list[list[Result]]:
    """The results that chose learning rates; those that compare are together.

    These are of one config, and so of one length, and of one seed.
    """
    groups: dict[tuple[str, int], list[Result]] = {}
    for result in results:
        if result.stage == 'tune':
            groups.setdefault((result.config_hash, result.seed), []).append(result)
    return list(groups.values())


def choose_lrs(results: Sequence[Result]) -> dict[str, float]:
    """For each loss, the learning rate with the lowest NME at the end of tuning.

    Raises:
        ValueError: If a loss reached no finite NME, or runs of different length, config
            or seed are to be compared.
    """
    groups = tunings(results)
    if len(groups) > 1:
        raise ValueError(
            'results must be of one tuning, got runs of '
            + ' and '.join(f'{group[0].config_hash}, seed {group[0].seed}'
                           for group in groups)
            + ' (config_hash): choose among each of tunings(results)')
    best: dict[str, Result] = {}
    for result in groups[0] if groups else ():
        if result.loss not in best or _rank(result) < _rank(best[result.loss]):
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


def complete(job: Job, expected: Result, results: str | Path) -> Result:
    """Keep the result of a run that has ended, from the record that it wrote.

    Raises:
        ValueError: If the record is of another run, or of one that has not ended.
    """
    job.check_folder()
    record = read_record(job.record)
    if record.training is None or not record.training.finished:
        raise ValueError(f'{job.name} ended early, see {job.log}')
    result = replace(expected, record=record)
    add_result(result, results)
    return result


def run_stage(study: Study, plan: Sequence[tuple[Job, Result]], at_once: int,
              processes: int = 1, budget: Budget | None = None,
              say: Callable[[str], None] = print) -> int:
    """Run what of a plan has no result yet.

    Checkpoints of runs that only chose a learning rate are not kept.

    Args:
        study: The comparison.
        plan: Runs, with what is known of their results.
        at_once: How many runs at a time.
        processes: How many processes train one run.
        budget: Machine time; once it is used up no further run begins.
        say: Where messages go.

    Returns:
        Number of runs that failed.

    Raises:
        OutOfBudget: If runs were left out; those that had begun are complete.
        ValueError: If the folder of a run holds a run of another config.
    """
    finished = study.finished()
    waiting = {job.name: (job, result) for job, result in plan
               if result.name not in finished}
    if len(waiting) < len(plan):
        say(f'{len(plan) - len(waiting)} of {len(plan)} runs have a result already')
    for job, result in plan:
        if result.name in finished:  # a kill may have come between the two
            _drop_checkpoints(job, result)

    def finish(job: Job) -> str:
        result = complete(*waiting[job.name], study.results)
        _drop_checkpoints(job, result)
        return (f'NME {100 * result.nme:.2f} %, '
                f'{result.training.cpu_seconds:.0f} CPU s')

    failed = run_jobs([job for job, _ in waiting.values()], at_once, finish, say,
                      processes, budget.counting(
                          [result.name for _, result in plan]) if budget else None)
    finished = study.finished()
    left = [job for job, result in waiting.values()
            if result.name not in finished and job not in failed]
    if left:
        raise OutOfBudget(f'{len(left)} of {len(plan)} runs were not begun, first '
                          f'{left[0].name}')
    return len(failed)


def _drop_checkpoints(job: Job, result: Result) -> None:
    """Remove the checkpoints of a run that only chose a learning rate."""
    if result.stage == 'tune' and not job.finds_another_run():
        for checkpoint in job.work_dir.glob('*.pth'):
            checkpoint.unlink()


class OutOfBudget(Exception):
    """Machine time is used up before all runs have begun."""


@dataclass(frozen=True)
class Budget:
    """Machine time of a study: what all of its runs may use, on whatever day.

    Attributes:
        hours: CPU time in hours.
        results: The file of the results of finished runs.
        work_dir: Where runs that are not finished keep their records, beside those of
            other studies.
    """

    hours: float
    results: Path
    work_dir: Path

    def used(self, names: Iterable[str]) -> float:
        """CPU hours of finished runs and, up to their last record, of others.

        Args:
            names: The runs that may have begun.
        """
        records = {name: self.work_dir / name / RECORD_NAME for name in names}
        begun = {name: read_record(path).training
                 for name, path in records.items() if path.is_file()}
        finished = {result.name: result.training
                    for result in read_results_if_any(self.results)}
        return sum(training.cpu_seconds for training in {**begun, **finished}.values()
                   if training) / 3600

    def counting(self, names: Sequence[str]) -> Callable[[], bool]:
        """A function that says whether another of these runs may begin."""
        return lambda: self.used(names) < self.hours
