"""Draw the NME after each validation of one or several trainings.

    mmwing plot-curves WORK_DIR... --out curves.png

WORK_DIR is what mmwing train --work-dir was given; its name names the curve.
"""

import argparse
from pathlib import Path

from mmwing.config import exit_with_message
from mmwing.evaluation.learning_curve import read_learning_curve
from mmwing.files import check_file
from mmwing.visualization.learning_curves import draw_learning_curves


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR')
    parser.add_argument('--out', default='learning_curves.png',
                        help='picture to write (default: %(default)s)')
    parser.add_argument('--key', default='NME',
                        help='figure of the validation (default: %(default)s)')
    parser.add_argument('--normalizer', default='inter_ocular',
                        help='its normaliser, for the axis (default: %(default)s)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    check_file(args.out)
    curves = {Path(work_dir).resolve().name: [read_learning_curve(work_dir, args.key)]
              for work_dir in args.work_dirs}
    draw_learning_curves(curves, args.out, args.normalizer)
    for name, (curve,) in curves.items():
        print(name, ' '.join(f'{epoch:g}: {100 * value:.2f}' for epoch, value in curve))
    print(f'wrote {args.out}')


if __name__ == '__main__':
    main()
