"""Measure a model's confidence on faces that it was not trained on; put it right.

    mmwing calibrate MODEL [--report DIR] [--out CALIBRATED.pth]
    mmwing calibrate CONFIG CHECKPOINT ...

For heads with `confidence`. Errors are smaller on the faces of the training than on
others, and so are those that are expected: --out writes a copy of the checkpoint whose
expected errors are multiplied by what was found here. Prints expected beside actual
errors, what leaving out the most doubtful landmarks gains, and how well the mean score
of a face tells faces from random boxes beside them. See docs/use_a_model.md.
"""

import argparse
import os.path as osp
from pathlib import Path

import mmwing
from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.files import check_file
from mmwing.inference.calibration import (
    describe_confidence,
    measure_confidence,
    write_calibrated,
    write_confidence_report,
)
from mmwing.inference.models import find_model, load_evaluation_config


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('config', help='config file, or name of a config of mmwing; '
                        'may be left out if the checkpoint holds its config as data')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint file, work dir, or '
                        'name of a model of mmwing')
    parser.add_argument('--report', metavar='DIR',
                        help='write figures, a table and a picture there')
    parser.add_argument('--out', metavar='PTH', help='write the calibrated checkpoint')
    parser.add_argument('--work-dir', help='the dir to save logs')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings: key=value, nested keys by dots; '
                        'test_dataloader.dataset.ann_file names other faces')
    args = parser.parse_args()
    if args.checkpoint is None:
        args.config, args.checkpoint = None, args.config
    return args


@exit_with_message
def main() -> None:
    args = parse_args()
    cfg = (load_config(args.config, args.cfg_options) if args.config else
           load_evaluation_config(args.checkpoint, args.cfg_options))
    cfg.load_from = find_model(args.checkpoint)
    name = osp.splitext(osp.basename(osp.normpath(args.config or args.checkpoint)))[0]
    cfg.work_dir = args.work_dir or osp.join('work_dirs', name)
    check_data(cfg, ('test', ))
    for path in filter(None, (args.out, args.report and Path(args.report) / 'x')):
        check_file(path)
    measured = measure_confidence(cfg)
    if args.report:
        write_confidence_report(measured, args.report)
    print(describe_confidence(measured))
    if args.out:
        write_calibrated(cfg.load_from, measured.figures.factor, args.out)
        print(f'Calibrated: {args.out}')


if __name__ == '__main__':
    main()
