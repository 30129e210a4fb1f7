"""Train one config with several losses, or several changes, and make the table.

    mmwing compare-losses CONFIG --losses WingLoss L1Loss mmpose:WingLoss \\
        --seeds 0 1 2 --tune-lrs 3e-4 1e-3 3e-3 --out comparison.md

A loss is mmwing's (WingLoss), has arguments ('WingLoss(omega=5,epsilon=1)'), or is
MMPose's own on MMPose's stock head (mmpose:WingLoss); @config and @stock choose the
head (mmpose:WingLoss@config, WingLoss@stock). In a cascade each stage gets the loss.

    mmwing compare-losses CONFIG --variant full \\
        --variant 'no flip test' model.test_cfg.flip_test=False \\
        --variant PDB config:OTHER_CONFIG --variant 'L1, SGD' L1Loss KEY=VALUE \\
        --reference full --seeds 0 1 2 --budget 6

A variant has a label, and then any of: key=value, a config of its own, a loss.

All runs of a seed see the same pictures in the same order, unless a variant changes
them. A comparison that was interrupted goes on where it stopped. The finished runs
are the lines of one file beside the table (TABLE.jsonl); --table-only makes the table
from it, --overview TABLE.jsonl ... puts several such studies side by side, and CONFIG
--by-pose 0.5 0.9 splits one by how far the faces are turned.
"""

import argparse
import sys
from pathlib import Path

from mmengine.registry import init_default_scope

from mmwing.comparison import (
    Budget,
    OutOfBudget,
    Study,
    Variant,
    choose_lrs,
    default_at_once,
    plan_finals,
    plan_tuning,
    read_results,
    results_path,
    run_stage,
    split_by_pose,
    write_overview,
    write_tables,
)
from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.files import check_file
from mmwing.locks import lock_file
from mmwing.registry import DATASETS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?',
                        help='config file, or name of a config of mmwing')
    parser.add_argument('--losses', nargs='+', default=[], help='see above')
    parser.add_argument('--variant', nargs='+', action='append', default=[],
                        metavar=('LABEL', 'WORD'), help='see above')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0])
    parser.add_argument('--epochs', type=int, help="default: the config's")
    parser.add_argument('--iters', type=int, help='the same for a config that counts '
                        'iterations')
    parser.add_argument('--lrs', nargs='+', type=float,
                        help='one learning rate for all, or one for each loss and then '
                        "each variant; default: the config's")
    parser.add_argument('--tune-lrs', nargs='+', type=float,
                        help='choose the learning rate of each loss from these')
    parser.add_argument('--tune-epochs', type=int,
                        help='length of a run that chooses, default: 4')
    parser.add_argument('--tune-iters', type=int, help='the same for a config that '
                        'counts iterations')
    parser.add_argument('--tune-options', nargs='+', action=ConfigOptions, default={},
                        help='settings of these runs alone, key=value: '
                        'train_dataloader.dataset.ann_file=FIT '
                        'val_dataloader.dataset.ann_file=DEV')
    parser.add_argument('--jobs', type=int, help='runs at once, default: one for each '
                        'GPU, or for each CPU core')
    parser.add_argument('--processes', type=int, default=1,
                        help="processes that train one run, by torch's launcher")
    parser.add_argument('--budget', type=float, metavar='HOURS',
                        help='CPU time of all runs together, those of earlier days '
                        'included; once it is used up no further run begins')
    parser.add_argument('--work-dir', default='work_dirs/compare_losses',
                        help='logs and checkpoints')
    parser.add_argument('--out', help='the table, a .md file; default: comparison.md '
                        'in the work dir')
    parser.add_argument('--reference', help='loss that the others are compared with')
    parser.add_argument('--note', default='', help='what a reader must know of the '
                        'data; goes into the results and the table')
    parser.add_argument('--table-only', action='store_true',
                        help='train nothing; make the table from the file of results')
    parser.add_argument('--overview', nargs='+', metavar='STUDY',
                        help='train nothing; one line for each of these files of '
                        'results (or their tables), or NAME=FILE')
    parser.add_argument('--by-pose', nargs='+', type=float, metavar='SHARE',
                        help='train nothing; of the results at --out, a line for each '
                        'group of faces: 0.5 0.9 are the half that is turned least, '
                        'the next 40 %%, and the tenth that is turned most, of the '
                        'validation set of CONFIG')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions, default={},
                        help='override settings of the config, key=value')
    args = parser.parse_args()
    count = len(args.losses) + len(args.variant)
    if args.by_pose:
        if not (args.config and args.out):
            parser.error('--by-pose needs CONFIG and --out FILE.md')
    elif not (args.table_only or args.overview or args.config and count):
        parser.error('CONFIG and --losses or --variant are needed, or --table-only or '
                     '--overview')
    if args.overview and not args.out:
        parser.error('--overview needs --out FILE.md')
    if args.lrs and args.tune_lrs:
        parser.error('--lrs and --tune-lrs exclude each other')
    if args.lrs and len(args.lrs) not in (1, count):
        parser.error(f'--lrs: one for all, or {count}, one for each')
    if None not in (args.epochs, args.iters):
        parser.error('--epochs and --iters exclude each other')
    if None not in (args.tune_epochs, args.tune_iters):
        parser.error('--tune-epochs and --tune-iters exclude each other')
    if args.tune_lrs and args.iters is not None and args.tune_iters is None:
        parser.error('--tune-lrs of a config that counts iterations needs --tune-iters')
    return args


def train(args: argparse.Namespace, results: Path) -> int:
    """Run what has no result yet; returns the number of failed runs."""
    study = Study(args.config, Path(args.work_dir).resolve(), results, args.epochs,
                  args.cfg_options, args.note, args.iters)
    variants = [Variant.parse(text) for text in args.losses]
    variants += [Variant.labelled(label, words) for label, *words in args.variant]
    names = [str(variant) for variant in variants]
    if len({variant.slug for variant in variants}) < len(names):
        raise ValueError('each loss and each label once; labels, which name folders, '
                         f'must differ in more than punctuation, got {names}')
    budget = None
    if args.budget is not None:
        budget = Budget(args.budget, results, study.work_dir)
    at_once = default_at_once(args.processes) if args.jobs is None else args.jobs
    how = (at_once, args.processes, budget)
    if args.tune_lrs:
        epochs = args.tune_epochs
        if epochs is None and args.tune_iters is None:
            epochs = 4
        plan = plan_tuning(study, variants, args.tune_lrs, args.seeds[0],
                           args.tune_options, epochs, args.tune_iters)
        failed = run_stage(study, plan, *how)
        if failed:
            return failed
        planned = {result.name for _, result in plan}
        chosen = choose_lrs([result for result in read_results(results)
                             if result.name in planned])
        lrs = {name: chosen[name] for name in names}
        print('learning rates:', ', '.join(f'{k} {v:g}' for k, v in lrs.items()))
    else:
        rates = args.lrs or [None]
        rates = rates * len(names) if len(rates) == 1 else rates
        lrs = dict(zip(names, rates, strict=True))
    return run_stage(study, plan_finals(study, variants, lrs, args.seeds), *how)


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.overview:
        pairs = [text.rpartition('=') for text in args.overview]
        studies = {name or results_path(path).stem: read_results(results_path(path))
                   for name, _, path in pairs}
        write_overview(studies, args.out, args.reference)
        print(args.out)
        return
    out = Path(args.out or Path(args.work_dir) / 'comparison.md')
    if args.by_pose:
        cfg = load_config(args.config, args.cfg_options)
        check_data(cfg, ('val', ))
        init_default_scope(cfg.default_scope)
        groups = split_by_pose(read_results(results_path(out)),
                               DATASETS.build(cfg.val_dataloader.dataset), args.by_pose)
        by_pose = out.with_name(f'{out.stem}_by_pose.md')
        write_overview(groups, by_pose, args.reference)
        print(by_pose)
        return
    failed, left = 0, ''
    if not args.table_only:
        check_file(out)
        check_file(results_path(out))
        try:
            with lock_file(results_path(out)):
                failed = train(args, results_path(out))
        except OutOfBudget as stop:
            left = f'{stop}: the budget of {args.budget:g} CPU hours is used up'
            print(left)
    if failed:
        sys.exit(f'error: {failed} runs failed; the same command tries them again, '
                 'and --table-only makes the table of the others')
    results = read_results(results_path(out))
    if left and all(result.stage == 'tune' for result in results):
        return
    for path in write_tables(results, out, args.reference):
        print(path)


if __name__ == '__main__':
    main()
