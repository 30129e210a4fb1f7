"""Measure how far to the right of the true points the labels of a data set lie.

    mmwing label-offset CONFIG CHECKPOINT [--split val]

CHECKPOINT, a file or a work dir, is of a training with mirrored faces. Labels that
count pixels from 1 come out as about 1: each mirrored face then contradicts its
original by twice as much. Prints the line for the config that mends it, or says that
nothing is to be mended.
"""

import argparse

from mmwing.config import (
    ConfigOptions,
    build_runner,
    check_data,
    check_weights,
    exit_with_message,
    find_checkpoint,
    load_config,
)
from mmwing.config.face_metric import add_face_metric
from mmwing.evaluation.label_offset import measure_label_offset, removed_offset
from mmwing.evaluation.runner_report import face_metric


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('checkpoint', help='checkpoint file, or a work dir')
    parser.add_argument('--split', choices=('val', 'test'), default='val',
                        help='faces to measure on, default: val')
    parser.add_argument('--work-dir', default='work_dirs/measure_label_offset',
                        help='the dir to save logs')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options)
    check_data(cfg, (args.split, ))
    cfg.work_dir = args.work_dir
    cfg.load_from = find_checkpoint(args.checkpoint)
    cfg.test_dataloader = cfg[f'{args.split}_dataloader']
    cfg.model.test_cfg = dict(cfg.model.get('test_cfg') or {}, flip_test=True)
    cfg.test_evaluator = cfg[f'{args.split}_evaluator']
    add_face_metric(cfg)
    runner = build_runner(cfg)
    check_weights(runner.model, cfg.load_from)
    removed = removed_offset(runner.test_dataloader.dataset)
    runner.test()
    faces = face_metric(runner).faces
    if faces is None:  # not the main process
        return
    print(measure_label_offset(faces, removed).advice())


if __name__ == '__main__':
    main()
