"""Draw the NME after each validation of one or several trainings.

    mmwing plot-curves WORK_DIR... --out curves.png

WORK_DIR is what mmwing train --work-dir was given; its name names the curve, with
the folders around it where names are equal.
"""

import argparse

from mmwing.config import exit_with_message
from mmwing.evaluation.learning_curve import (
    label_work_dirs,
    own_normalizers,
    read_learning_curve,
)
from mmwing.evaluation.normalizers import check_normalizer_name
from mmwing.files import check_file
from mmwing.visualization.learning_curves import draw_learning_curves, percent_factor
from mmwing.visualization.suffixes import FIGURE_SUFFIXES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR')
    parser.add_argument('--out', default='learning_curves.png',
                        help='picture to write (default: %(default)s)')
    parser.add_argument('--key', default='NME',
                        help='figure of the validation (default: %(default)s)')
    parser.add_argument('--normalizer', default='inter_ocular',
                        help='normaliser of an NME, for the axis (default: '
                        '%(default)s)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    check_file(args.out, FIGURE_SUFFIXES)
    labels = label_work_dirs(args.work_dirs)
    curves = {label: [read_learning_curve(work_dir, args.key)]
              for label, work_dir in zip(labels, args.work_dirs, strict=True)}
    own = [own_normalizers(work_dir) for work_dir in args.work_dirs]
    if all(own):  # a log does not tell them
        check_normalizer_name(args.normalizer, sum(own, []))
    draw_learning_curves(curves, args.out, args.normalizer, key=args.key)
    factor = percent_factor(args.key)
    for name, (curve,) in curves.items():
        print(name, ' '.join(f'{epoch:g}: {factor * value:.2f}'
                             for epoch, value in curve))
    print(f'wrote {args.out}')


if __name__ == '__main__':
    main()
