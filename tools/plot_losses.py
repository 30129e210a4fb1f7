"""Draw losses in pixels, and what is left of them on normalised coordinates.

    mmwing plot-losses losses.png
    mmwing plot-losses losses.svg --input-size 64
"""

import argparse
import sys

from mmwing.comparison.loss_curves import draw_loss_curves
from mmwing.files import check_file
from mmwing.visualization.suffixes import FIGURE_SUFFIXES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', metavar='OUT',
                        help='picture to write; the suffix names the format')
    parser.add_argument('--input-size', type=int, default=256, metavar='PIXELS',
                        help='side of the network input, for the losses that '
                             'normalise by it (default: 256)')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    try:
        check_file(args.out, FIGURE_SUFFIXES)
        draw_loss_curves(args.out, args.input_size)
    except (ValueError, OSError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(f'wrote {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
