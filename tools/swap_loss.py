"""Give a config of MMPose's another loss; writes a small config that inherits it.

Usage: mmwing swap CONFIG --loss NAME [--head keep|direct]
           [--set omega=40 epsilon=8] [--out FILE]
CONFIG is a path, or mmpose::face_2d_keypoint/... Without --out the new config goes to
the standard output, and what was changed to the standard error.
"""

import argparse
import contextlib
import sys

import mmwing
from mmwing.config import (
    HEADS,
    ConfigOptions,
    exit_with_message,
    load_config,
    swap_loss,
)


class LossArguments(ConfigOptions):
    """Arguments of a loss as ``KEY=VALUE``."""

    example = 'omega=40'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Swap the loss of a config of MMPose's",
        epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('config', help='config file, or mmpose::face_2d_keypoint/...')
    parser.add_argument('--loss', required=True, metavar='NAME',
                        help='a loss of mmwing, such as WingLoss')
    parser.add_argument(
        '--head', choices=HEADS, default='keep',
        help='keep the head, or turn the model into direct regression')
    parser.add_argument('--set', nargs='+', action=LossArguments, default={},
                        metavar='KEY=VALUE', help='arguments of the loss')
    parser.add_argument('--out', metavar='FILE', help='the config to be written')
    args = parser.parse_args()
    for key, value in args.set.items():
        if key in ('cfg', 'loss', 'head'):  # swap_loss's own arguments
            use = 'CONFIG comes first' if key == 'cfg' else f'use --{key}'
            parser.error(f'--set gives arguments of the loss, such as omega=40, and '
                         f'{key} is none: {use}; got {f"{key}={value}"!r}')
    return args


@exit_with_message
def main() -> None:
    args = parse_args()
    # MMEngine logs to the standard output, where the new config alone shall be.
    with contextlib.redirect_stdout(sys.stderr):
        swap = swap_loss(load_config(args.config), args.loss, args.head, **args.set)
        if args.out is None:
            text = swap.text()
        else:
            swap.write(args.out)
    if args.out is None:
        print(swap, file=sys.stderr)
        print(text, end='')
    else:
        print(swap)
        print(f'written: {args.out}')


if __name__ == '__main__':
    main()
