"""Measure what the evaluation of random faces costs, with everything switched on.

    mmwing benchmark-metric

Statistics, parts of the face, single landmarks, seven subsets, two thresholds and 95 %
intervals. Memory is the peak of the process, with PyTorch and MMPose in it.
"""

import argparse

from mmwing.benchmark.metric_cost import measure_metric
from mmwing.config import exit_with_message


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--faces', type=int, default=10_000, metavar='N',
                        help='number of faces (default: %(default)s)')
    parser.add_argument('--landmarks', type=int, default=98, metavar='K',
                        help='landmarks of each (default: %(default)s)')
    parser.add_argument('--num-bootstrap', type=int, default=1000, metavar='N',
                        help='resamples behind the intervals (default: %(default)s)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    cost = measure_metric(args.faces, args.landmarks, args.num_bootstrap)
    print(f'{args.faces} faces x {args.landmarks} landmarks, {args.num_bootstrap} '
          f'resamples, {len(cost.figures)} figures: {cost.seconds:.1f} s '
          f'({cost.processor_seconds:.1f} s of processor time), peak '
          f'{cost.megabytes:.0f} MB')


if __name__ == '__main__':
    main()
