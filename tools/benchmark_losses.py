"""Compare what WingLoss costs with MMPose's: forward and backward on the CPU.

    OMP_NUM_THREADS=1 mmwing benchmark-losses

Times are medians (quartiles in brackets) over interleaved rounds, memory is the peak
beyond output and target, in tensors of the output's size. PyTorch's profiler may
write lines of its own to stderr.
"""

import argparse
import sys

import torch

from mmwing.benchmark.loss_cost import compare_wing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=400, metavar='N',
                        help='rounds on coordinates (default: 400)')
    parser.add_argument('--heatmap-rounds', type=int, default=10, metavar='N',
                        help='rounds on heat maps, about a second each and half a '
                             'gigabyte; 0 to leave them out (default: 10)')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    cases: list[tuple[tuple[int, ...], float, int]] = [
        ((64, 98, 2), 64.0, args.rounds)]
    if args.heatmap_rounds:
        cases.append(((32, 98, 64, 64), 1.0, args.heatmap_rounds))
    print(f'torch {torch.__version__}, {torch.get_num_threads()} thread(s)')
    print(f'{"shape":18} {"WingLoss of":16} {"ms":>9}  {"quartiles":20} tensors')
    for shape, scale, rounds in cases:
        try:
            costs = compare_wing(shape, scale, rounds)
        except ValueError as error:
            print(f'error: {error}', file=sys.stderr)
            return 1
        for name, cost in costs.items():
            low, median, high = cost.quartiles()
            print(f'{str(shape):18} {name:16} {median:9.3f}  '
                  f'{f"[{low:.3f}, {high:.3f}]":20} {cost.peak_tensors:7.2f}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
