"""Check a user's own landmarks before training: JSON, CSV or folders of .pts.

    mmwing check data/mine/train.json data/mine/val.json \\
        --images data/mine/images --points data/mine/points.yaml --out sheet.png

Names what is broken and draws a sheet with numbered points. Without --points it
proposes flip pairs by geometry. Ends with status 1 if something is broken.
See docs/your_own_points.md.
"""

import argparse
import sys

from mmwing.config import exit_with_message
from mmwing.datasets.checks import check_landmarks, draw_check_sheet
from mmwing.files import check_file
from mmwing.visualization.suffixes import PICTURE_SUFFIXES
from mmwing.visualization.tile import save_picture


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('annotations', nargs='+', metavar='ANNOTATIONS',
                        help='.json, .csv, or folder of images and .pts; several are '
                             'also checked against each other')
    parser.add_argument('--images', metavar='DIR',
                        help="folder that image names start from (default: the "
                             "annotation file's own)")
    parser.add_argument('--points', metavar='FILE',
                        help='points file (.yaml, .json), or a data set file of '
                             "MMPose's, such as wflw.py")
    parser.add_argument('--num-points', type=int, metavar='K',
                        help='points of each face (default: as --points says, or the '
                             'most frequent number)')
    parser.add_argument('--origin', type=int, choices=[0, 1],
                        help="coordinate of the first pixel's centre (default: 1 for "
                             '.pts, otherwise 0)')
    parser.add_argument('--category', metavar='NAME',
                        help='category of the faces in a .json with several (default: '
                             'face)')
    parser.add_argument('--no-images', action='store_true',
                        help='do not open the images')
    parser.add_argument('--jobs', type=int, metavar='N',
                        help='images to decode at a time (default: processors)')
    parser.add_argument('--all', action='store_true',
                        help='name every offender instead of ten of each kind')
    parser.add_argument('--out', metavar='SHEET.png',
                        help='draw a sheet of numbered faces')
    parser.add_argument('--num', type=int, default=8, help='faces on the sheet')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.out:
        check_file(args.out, PICTURE_SUFFIXES)
    report = check_landmarks(
        args.annotations, args.images, args.points, args.num_points, args.origin,
        read_images=not args.no_images, jobs=args.jobs, category=args.category)
    print(report.text(None if args.all else 10))
    if args.out:
        save_picture(args.out, draw_check_sheet(report, args.num))
        print(f'wrote {args.out}')
    sys.exit(int(report.broken))


if __name__ == '__main__':
    main()
