"""Train a model; MMPose's options, on GPUs or CPUs.

Usage: mmwing train CONFIG [--work-dir DIR] [--resume [CHECKPOINT]] ...
CONFIG is a path, or the name of a config that mmwing ships.
"""

import argparse
import os
import os.path as osp
from contextlib import nullcontext

from mmengine.config import Config

import mmwing
from mmwing.config import (
    LAUNCHERS,
    ConfigOptions,
    build_runner,
    check_data,
    exit_with_message,
    find_checkpoint,
    load_config,
    resume_latest,
    use_mixed_precision,
)
from mmwing.config.agreement import check_start
from mmwing.config.distributed import is_first_process
from mmwing.config.lifetime import end_with_parent
from mmwing.config.run_record import keep_record
from mmwing.inference.models import find_model
from mmwing.locks import lock_folder


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Train a pose model', epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--work-dir', help='the dir to save logs and models')
    parser.add_argument(
        '--resume', nargs='?', const='auto', metavar='CHECKPOINT',
        help='resume from this checkpoint; without a value from the latest one in '
        'the work dir')
    parser.add_argument('--amp', action='store_true',
                        help='train with automatic mixed precision; on CPUs in '
                        'bfloat16 if they have units for it, else in float32')
    parser.add_argument('--no-validate', action='store_true',
                        help='do not evaluate during training')
    parser.add_argument('--auto-scale-lr', action='store_true',
                        help='scale the learning rate with the actual batch size')
    parser.add_argument('--show-dir',
                        help='directory for the pictures of validation samples')
    parser.add_argument('--show', action='store_true',
                        help='display the predictions in a window')
    parser.add_argument('--interval', type=int, default=1,
                        help='visualize every so many samples')
    parser.add_argument('--wait-time', type=float, default=1,
                        help='display time of every window (seconds)')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings: key=value, nested keys by dots')
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none',
                        help='job launcher; pytorch runs on CPUs, too')
    # torch.distributed.launch passes `--local-rank`.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Merge the command line into the config, as MMPose's tool does."""
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.launcher = args.launcher
    if args.amp:
        use_mixed_precision(cfg)
    if args.resume not in (None, 'auto'):
        cfg.resume, cfg.load_from = True, find_checkpoint(args.resume)
    else:
        if args.resume == 'auto':
            resume_latest(cfg)
        if cfg.get('load_from'):
            cfg.load_from = find_model(cfg.load_from)
    if args.auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise ValueError('--auto-scale-lr needs auto_scale_lr.base_batch_size '
                             'in the config')
        cfg.auto_scale_lr.enable = True
    if args.show or args.show_dir is not None:
        cfg.default_hooks.setdefault('visualization',
                                     dict(type='PoseVisualizationHook'))
        cfg.default_hooks.visualization.update(
            enable=True, show=args.show, out_dir=args.show_dir,
            interval=args.interval)
        if args.show:
            cfg.default_hooks.visualization.wait_time = args.wait_time
    return cfg


def set_work_dir(cfg: Config, args: argparse.Namespace) -> None:
    """That of the command line, else the config's, else one called like the config."""
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.launcher != 'none':
        end_with_parent()
    cfg = load_config(args.config, args.cfg_options)
    set_work_dir(cfg, args)
    # Two trainings in one folder would mix their checkpoints and records.
    with lock_folder(cfg.work_dir) if is_first_process() else nullcontext():
        merge_args(cfg, args)
        check_data(cfg, ('train', 'val'))
        check_start(cfg)
        keep_record(cfg, config=osp.splitext(osp.basename(args.config))[0],
                    options=args.cfg_options)
        build_runner(cfg).train()


if __name__ == '__main__':
    main()
