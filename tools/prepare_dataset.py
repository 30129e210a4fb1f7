"""Turn a raw face data set into what MMPose's data set classes read.

    mmwing prepare wflw downloads/wflw data/wflw
    mmwing prepare 300w downloads/300w data/300w --crop 2 --size 320
    mmwing prepare 300w downloads/300w data/300w --canvases \\
        td-reg_cnn6-device_wing_1xb16-20e_300w-64x64

Writes what is whole and names the rest; ends with status 1 if something is broken, by
the checks of `mmwing check`. See docs/prepare_datasets.md for what each data set needs.
"""

import argparse
import sys

from mmwing.config import load_config, write_canvases
from mmwing.datasets.converters import CONVERTERS, prepare


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('dataset', choices=list(CONVERTERS), help='which data set')
    parser.add_argument('raw', metavar='RAW',
                        help='directory with the unpacked archives of the authors')
    parser.add_argument('out', metavar='OUT',
                        help='directory to write annotations/ and images/ to')
    what = parser.add_mutually_exclusive_group()
    what.add_argument('--images', choices=['copy', 'link'],
                      help='copy whole images (default) or make symbolic links')
    what.add_argument('--crop', type=float, metavar='FACTOR',
                      help='crop each face to a square of this many times its '
                           'landmark box')
    parser.add_argument('--size', type=int, metavar='PIXELS',
                        help='reduce larger crops to this side')
    parser.add_argument('--origin', type=int, choices=[0, 1],
                        help="coordinate of the first pixel's centre in the raw "
                             "annotations; the default is each data set's own")
    parser.add_argument('--jobs', type=int, metavar='N',
                        help='images to work on at a time (default: processors)')
    parser.add_argument('--canvases', metavar='CONFIG',
                        help='also cut the canvases from which trainings of this '
                             'config read, into OUT/canvases')
    parser.add_argument('--strict', action='store_true',
                        help='stop at the first broken thing instead of leaving it '
                             'out and listing it')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    try:
        report = prepare(
            args.dataset, args.raw, args.out,
            images=args.images or ('copy' if args.crop is None else 'crop'),
            crop=args.crop,
            size=args.size, origin=args.origin, strict=args.strict, jobs=args.jobs,
            progress=True)
        canvases = [] if args.canvases is None else write_canvases(
            load_config(args.canvases), args.out)
    except (ValueError, OSError, ImportError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(report)
    for file in canvases:
        print(f'canvases: {file}')
    print(f'MMPose class: {report.dataset_type}; full report: '
          f'{report.out}/prepare_report.json')
    return int(report.broken)


if __name__ == '__main__':
    sys.exit(main())
