"""Test a model; MMPose's options, and a report with figures and pictures.

Usage: python tools/test.py CONFIG CHECKPOINT [--report DIR] ...
CHECKPOINT is a file, or a work dir whose last checkpoint is taken.
"""

import argparse
import os
import os.path as osp

import mmengine
from mmengine.config import Config, DictAction
from mmengine.hooks import Hook

import mmwing
from mmwing.apis import (
    LAUNCHERS,
    build_runner,
    check_data,
    exit_with_message,
    find_checkpoint,
    load_config,
    require_face_metric,
    write_test_report,
)


class SaveMetricHook(Hook):
    """Write the metrics of the test to a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def after_test_epoch(self, runner, metrics=None) -> None:
        if metrics is not None:
            mmengine.dump(metrics, self.path)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Test a pose model', epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('checkpoint', help='checkpoint file, or a work dir')
    parser.add_argument('--work-dir', help='the dir to save logs')
    parser.add_argument('--report', metavar='DIR',
                        help='write figures, tables and pictures there')
    parser.add_argument('--overlay', nargs='+', default=[], metavar='REPORT',
                        help='reports whose CED curves are drawn into this one')
    parser.add_argument('--out', help='the file to save metric results')
    parser.add_argument('--dump', help='dump predictions to this pickle file')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction,
                        help='override settings: key=value, nested keys by dots')
    parser.add_argument('--show-dir', help='directory for the pictures of samples')
    parser.add_argument('--show', action='store_true',
                        help='display the predictions in a window')
    parser.add_argument('--interval', type=int, default=1,
                        help='visualize every so many samples')
    parser.add_argument('--wait-time', type=float, default=1,
                        help='display time of every window (seconds)')
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none',
                        help='job launcher; pytorch runs on CPUs, too')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    parser.add_argument('--badcase', action='store_true',
                        help='analyse the bad cases')
    parser.add_argument('--trust-checkpoint', action='store_true',
                        help='load the checkpoint even if it holds Python objects '
                        'that can run code')
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Merge the command line into the config, as MMPose's tool does."""
    cfg.launcher = args.launcher
    cfg.load_from = find_checkpoint(args.checkpoint)
    if args.trust_checkpoint:
        mmwing.stack.trust_checkpoint(cfg.load_from)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = osp.splitext(osp.basename(args.config))[0]
        cfg.work_dir = osp.join('./work_dirs', name)
    if (args.show and not args.badcase) or args.show_dir is not None:
        cfg.default_hooks.setdefault('visualization',
                                     dict(type='PoseVisualizationHook'))
        cfg.default_hooks.visualization.update(
            enable=True, show=args.show, out_dir=args.show_dir,
            interval=args.interval)
        if args.show:
            cfg.default_hooks.visualization.wait_time = args.wait_time
    if args.badcase:
        cfg.default_hooks.setdefault('badcase', dict(type='BadCaseAnalysisHook'))
        cfg.default_hooks.badcase.update(enable=True, show=args.show,
                                         interval=args.interval)
        if cfg.default_hooks.badcase.get('metric_type', 'loss') == 'loss':
            cfg.default_hooks.badcase.setdefault('metric', cfg.model.head.loss)
        else:
            cfg.default_hooks.badcase.setdefault('metric', cfg.test_evaluator)
    if args.dump is not None:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise ValueError(f'--dump must name a .pkl file, got {args.dump!r}')
        evaluators = cfg.test_evaluator
        if not isinstance(evaluators, (list, tuple)):
            evaluators = [evaluators]
        cfg.test_evaluator = [
            *evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    return cfg


@exit_with_message
def main() -> None:
    args = parse_args()
    cfg = merge_args(load_config(args.config, args.cfg_options), args)
    check_data(cfg, ('test', ))
    if args.report:
        require_face_metric(cfg)
    runner = build_runner(cfg)
    if args.out:
        runner.register_hook(SaveMetricHook(args.out), 'LOWEST')
    runner.test()
    if args.report:
        write_test_report(runner, args.report, osp.splitext(
            osp.basename(args.config))[0], args.overlay)
        runner.logger.info(f'Report: {osp.join(args.report, "report.html")}')


if __name__ == '__main__':
    main()
