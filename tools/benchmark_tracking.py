"""Measure what the filter of landmarks does to jitter and lag in videos.

    mmwing benchmark-tracking work_dirs/my_model

Painted faces with known landmarks stand still or move at 25 frames a second, with noise
in each frame. Prints a table: in per cent of the face's longer side, and frames.
"""

import argparse
from functools import partial

import mmwing
from mmwing.benchmark.tracking import describe_filter
from mmwing.config import exit_with_message
from mmwing.inference import OneEuroFilter


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='checkpoint, work dir, or name of a model of 68 '
                        'points')
    parser.add_argument('--config', help='config file or name, for checkpoints that do '
                        'not hold their config as data')
    parser.add_argument('--faces', type=int, default=2, metavar='N',
                        help='painted faces for each motion (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=50, metavar='N',
                        help='frames of each video (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0,
                        help='of faces and noise (default: %(default)s)')
    parser.add_argument('--min-cutoff', type=float, default=OneEuroFilter().min_cutoff,
                        help='of the filter, in Hz (default: %(default)s)')
    parser.add_argument('--beta', type=float, default=OneEuroFilter().beta,
                        help='of the filter (default: %(default)s)')
    parser.add_argument('--no-flip-test', action='store_true',
                        help='do not average faces and their mirror images')
    parser.add_argument('--device', help='cpu, cuda, …; default: an accelerator if '
                        'there is one')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    landmarker = mmwing.FaceLandmarker(
        args.model, args.config, detector=None, device=args.device,
        flip_test=False if args.no_flip_test else None)
    print(describe_filter(landmarker, args.faces, args.frames, args.seed,
                          partial(OneEuroFilter, args.min_cutoff, args.beta)))


if __name__ == '__main__':
    main()
