"""Train one config with several losses, and make the table.

    python tools/compare_losses.py CONFIG --losses WingLoss L1Loss mmpose:WingLoss \
        --seeds 0 1 2 --tune-lrs 3e-4 1e-3 3e-3 --out comparison.md

A loss is mmwing's (WingLoss), has arguments ('WingLoss(omega=5,epsilon=1)'), or is
MMPose's own on MMPose's stock head (mmpose:WingLoss); @config and @stock choose the
head (mmpose:WingLoss@config, WingLoss@stock). All runs of a seed see the same pictures
in the same order. A comparison that was interrupted goes on where it stopped. Each
finished run leaves one file in the directory named like the table; --table-only makes
the table from these files.
"""

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmwing.apis import exit_with_message
from mmwing.comparison import (
    Study,
    Variant,
    choose_lrs,
    plan_finals,
    plan_tuning,
    read_results,
    run_stage,
    write_tables,
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', nargs='?',
                        help='config file, or name of a config of mmwing')
    parser.add_argument('--losses', nargs='+', default=[], help='see above')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0])
    parser.add_argument('--epochs', type=int, help="default: the config's")
    parser.add_argument('--lrs', nargs='+', type=float,
                        help='one learning rate for all losses, or one for each; '
                        "default: the config's")
    parser.add_argument('--tune-lrs', nargs='+', type=float,
                        help='choose the learning rate of each loss from these')
    parser.add_argument('--tune-epochs', type=int, default=4,
                        help='length of a run that chooses, default: 4')
    parser.add_argument('--tune-options', nargs='+', action=DictAction, default={},
                        help='settings of these runs alone, key=value: '
                        'train_dataloader.dataset.ann_file=FIT '
                        'val_dataloader.dataset.ann_file=DEV')
    parser.add_argument('--jobs', type=int, default=1, help='runs at once, default: 1')
    parser.add_argument('--work-dir', default='work_dirs/compare_losses',
                        help='logs and checkpoints')
    parser.add_argument('--out', help='the table, a .md file; default: comparison.md '
                        'in the work dir')
    parser.add_argument('--reference', help='loss that the others are compared with')
    parser.add_argument('--note', default='', help='what a reader must know of the '
                        'data; goes into the results and the table')
    parser.add_argument('--table-only', action='store_true',
                        help='train nothing; make the table from the result files')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={},
                        help='override settings of the config, key=value')
    args = parser.parse_args()
    if not args.table_only and not (args.config and args.losses):
        parser.error('CONFIG and --losses are needed, or --table-only')
    if args.lrs and args.tune_lrs:
        parser.error('--lrs and --tune-lrs exclude each other')
    if args.lrs and len(args.lrs) not in (1, len(args.losses)):
        parser.error(f'--lrs: one for all, or {len(args.losses)}, one for each loss')
    return args


def train(args: argparse.Namespace, results: Path) -> int:
    """Run what has no result yet; returns the number of failed runs."""
    study = Study(args.config, Path(args.work_dir).resolve(), results, args.epochs,
                  args.cfg_options, args.note)
    variants = [Variant.parse(text) for text in args.losses]
    if args.tune_lrs:
        plan = plan_tuning(study, variants, args.tune_lrs, args.tune_epochs,
                           args.seeds[0], args.tune_options)
        failed = run_stage(plan, args.jobs)
        if failed:
            return failed
        chosen = choose_lrs(read_results(results))
        lrs = {str(variant): chosen[str(variant)] for variant in variants}
        print('learning rates:', ', '.join(f'{k} {v:g}' for k, v in lrs.items()))
    else:
        rates = args.lrs or [None]
        rates = rates * len(variants) if len(rates) == 1 else rates
        lrs = dict(zip(map(str, variants), rates, strict=True))
    return run_stage(plan_finals(study, variants, lrs, args.seeds), args.jobs)


@exit_with_message
def main() -> None:
    args = parse_args()
    out = Path(args.out or Path(args.work_dir) / 'comparison.md')
    failed = 0 if args.table_only else train(args, out.with_suffix(''))
    if failed:
        sys.exit(f'error: {failed} runs failed; the same command tries them again, '
                 'and --table-only makes the table of the others')
    for path in write_tables(read_results(out.with_suffix('')), out, args.reference):
        print(path)


if __name__ == '__main__':
    main()
