"""Test a model; MMPose's options, a report with figures and pictures, other boxes.

Usage: mmwing test CONFIG CHECKPOINT [--report DIR] ...
       mmwing test MODEL [--report DIR] ...
CHECKPOINT or MODEL is a file, a work dir whose last checkpoint is taken, or the name of
a model that comes with mmwing. Alone, it is tested by the config that its file holds as
data. See docs/evaluation.md for what a report holds and how its figures are computed.
"""

import argparse
import os
import os.path as osp

import mmengine
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

import mmwing
from mmwing.config import (
    LAUNCHERS,
    ConfigOptions,
    build_runner,
    check_data,
    check_weights,
    exit_with_message,
    load_config,
)
from mmwing.config.box_sensitivity import (
    evaluate_box_errors,
    write_box_sensitivity,
)
from mmwing.config.boxes import count_without_box, with_box_file
from mmwing.config.face_metric import add_face_metric, name_subsets
from mmwing.config.lifetime import end_with_parent
from mmwing.config.looks import set_looks
from mmwing.evaluation.pose_groups import faces_by_pose
from mmwing.evaluation.runner_report import check_report, write_runner_report
from mmwing.files import check_file, replace_file
from mmwing.inference.models import find_model, load_evaluation_config

CONFIG_SUFFIXES = ('.py', '.json', '.yaml', '.yml')
#: What MMEngine writes figures as.
OUT_SUFFIXES = ('.json', '.yaml', '.yml', '.pkl', '.pickle')
BOX_ERRORS = (0., 0.025, 0.05, 0.075, 0.1, 0.15)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Test a pose model', epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('config', help='config file, or name of a config of mmwing; '
                        'may be left out if the checkpoint holds its config as data')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file, work dir, or '
                        'name of a model of mmwing')
    parser.add_argument('--work-dir', help='the dir to save logs')
    parser.add_argument('--report', metavar='DIR',
                        help='write figures, tables and pictures there')
    parser.add_argument('--overlay', nargs='+', default=[], metavar='REPORT',
                        help='reports whose CED curves are drawn into this one')
    parser.add_argument('--bbox-file', metavar='JSON',
                        help="test on a detector's boxes: a list of COCO detections, "
                        'or an annotation file with detector_bbox')
    parser.add_argument('--bbox-missing', choices=('error', 'keep'), default='error',
                        help='with --bbox-file, a face without a box is an error '
                        '(default), or keeps its annotated box')
    parser.add_argument('--looks', type=int, help='how many times the model looks at a '
                        'face, after the first in the box around what it has found; '
                        'default: model.test_cfg.looks of the config, or 1')
    parser.add_argument('--box-jitter', nargs='*', type=float, metavar='LEVEL',
                        help='with --report, test on disturbed boxes, too: levels are '
                        'standard deviations as fractions of the box (default: '
                        f'{" ".join(map(str, BOX_ERRORS))})')
    parser.add_argument('--by-pose', nargs='+', type=float, metavar='SHARE',
                        help='with --report, figures by how far faces are turned, too: '
                        '0.5 0.9 are the half that is turned least, the next 40 %%, '
                        'and the tenth that is turned most')
    parser.add_argument('--out', help='the file to save metric results: .json, .yaml '
                        'or .pkl')
    parser.add_argument('--dump', help='dump predictions to this pickle file')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
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
    if args.checkpoint is None:
        model = args.config
        if model.endswith(CONFIG_SUFFIXES) or model in mmwing.list_configs():
            parser.error(f'{model} is a config; the checkpoint is missing: mmwing test '
                         'CONFIG CHECKPOINT')
        args.config, args.checkpoint = None, model
    if args.overlay and not args.report:
        parser.error('--overlay goes with --report DIR, which draws the curves')
    if args.by_pose and not args.report:
        parser.error('--by-pose goes with --report DIR, where the figures go')
    if args.box_jitter is not None:
        if not args.report:
            parser.error('--box-jitter goes with --report DIR, where the curve goes')
        if args.dump or args.show or args.show_dir or args.badcase:
            parser.error('--box-jitter tests several times: run --dump, --show, '
                         '--show-dir and --badcase without it')
        if not all(0 <= level < 1 for level in args.box_jitter):
            parser.error('--box-jitter takes fractions of the box from 0 to 1, such '
                         f'as 0.05; got {args.box_jitter}')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def name_of(args: argparse.Namespace) -> str:
    """What work dir and report are called: the config, or the model."""
    return osp.splitext(osp.basename(osp.normpath(args.config or args.checkpoint)))[0]


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Merge the command line into the config, as MMPose's tool does."""
    cfg.launcher = args.launcher
    cfg.load_from = find_model(args.checkpoint)
    if args.trust_checkpoint:
        mmwing.stack.trust_checkpoint(cfg.load_from)
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        name = name_of(args)
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
    if args.out is not None and not args.out.endswith(OUT_SUFFIXES):
        raise ValueError(f'--out must name a file in {", ".join(OUT_SUFFIXES)}, got '
                         f'{args.out!r}')
    if args.dump is not None:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise ValueError(f'--dump must name a .pkl file, got {args.dump!r}')
        evaluators = cfg.test_evaluator
        if not isinstance(evaluators, (list, tuple)):
            evaluators = [evaluators]
        cfg.test_evaluator = [
            *evaluators, dict(type='DumpResults', out_file_path=args.dump)]
    return cfg


def write_report(runner: Runner, args: argparse.Namespace, figures: dict,
                 subsets: dict[str, list[str]]) -> None:
    """Write the report of the test that has given these figures."""
    options = dict(args.cfg_options or {})
    if args.bbox_file:
        options['bbox_file'] = osp.basename(args.bbox_file)
    if args.looks:
        options['looks'] = args.looks
    write_runner_report(
        runner, args.report, args.overlay, subsets, options=options,
        config=name_of(args))
    runner.logger.info(f'Report: {osp.join(args.report, "report.html")}')
    if args.box_jitter is not None:
        levels = sorted({0., *(args.box_jitter or BOX_ERRORS)})
        curve = {0.: figures, **evaluate_box_errors(runner, levels[1:])}
        if is_main_process():
            write_box_sensitivity(curve, args.report)
        runner.logger.info(f'Curve: {osp.join(args.report, "box_jitter.png")}')


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.launcher != 'none':
        end_with_parent()
    cfg = merge_args(
        load_config(args.config, args.cfg_options) if args.config else
        load_evaluation_config(args.checkpoint, args.cfg_options), args)
    check_data(cfg, ('test', ))
    if args.report:
        add_face_metric(cfg)
        name_subsets(cfg)
    if args.bbox_file:
        cfg.test_dataloader = with_box_file(cfg.test_dataloader, args.bbox_file,
                                            args.bbox_missing)
    set_looks(cfg, args.looks)
    runner = build_runner(cfg)
    check_weights(runner.model, cfg.load_from, runner.test_dataloader.dataset.metainfo)
    if args.report:
        check_report(runner, args.report, args.overlay)
    subsets = (faces_by_pose(runner.test_dataloader.dataset, args.by_pose)
               if args.by_pose else {})
    for path in filter(None, (args.out, args.dump)):
        check_file(path)
    if args.bbox_file:
        missing = count_without_box(runner.test_dataloader.dataset, args.bbox_file,
                                    args.bbox_missing)
        runner.logger.info(f'{args.bbox_file}: {missing} faces have no box there and '
                           'keep the annotated one')
    figures = runner.test()
    if args.out and is_main_process():
        with replace_file(args.out) as draft:
            mmengine.dump(figures, draft)
    if args.report:
        write_report(runner, args, figures, subsets)


if __name__ == '__main__':
    main()
