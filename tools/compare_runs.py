"""Compare runs: a table with intervals of their differences, and one CED plot.

Usage: mmwing compare RUN RUN... [--out DIR]
RUN is what mmwing test --report DIR wrote, or the work dir of a training with
mmwing.RunRecordHook. The others are compared with the first, on the faces that all of
them have. Runs are called by what they differ in: config, loss, seed, ...
"""

import argparse

import mmwing
from mmwing.config import exit_with_message
from mmwing.evaluation.compare import write_comparison


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Compare runs on the same faces',
        epilog=f'mmwing {mmwing.__version__}')
    parser.add_argument('runs', nargs='+', metavar='RUN',
                        help='a report or work dir; the first is what others are '
                        'compared with')
    parser.add_argument('--out', default='comparison', metavar='DIR',
                        help='where comparison.md, comparison.csv and ced.png go '
                        '(default: %(default)s)')
    parser.add_argument('--names', nargs='+', default=[], metavar='NAME',
                        help='what to call the runs, one name for each')
    parser.add_argument('--normalizer', help="default: the first run's first one")
    parser.add_argument('--thr', type=float,
                        help="threshold of FR and AUC (default: the first run's last)")
    parser.add_argument('--num-bootstrap', type=int, default=1000,
                        help='resamples behind the intervals (default: %(default)s)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    comparison = write_comparison(args.runs, args.out, args.normalizer, args.thr,
                                  args.num_bootstrap, args.names)
    print(comparison.markdown())
    print(f'written to {args.out}: comparison.md, comparison.csv, ced.png')


if __name__ == '__main__':
    main()
