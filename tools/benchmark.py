"""Measure what mmwing costs beside stock MMPose and PyTorch.

    OMP_NUM_THREADS=1 mmwing benchmark [PART…] [--quick] [--device cuda] [--out FILE]

Parts (default: all of them):
  losses      forward and backward, eager and compiled, on coordinates and heat maps
  loader      samples of a data loader, photos of 1,024 and crops of 320 pixels
  training    steps with the data, CNN-6 64x64 and ResNet-18 256x256
  arithmetic  such steps without data: channels last, compiled, in half precision
  evaluation  1,000 to 100,000 faces with everything switched on
  data        reading the annotations of 1,000 to 100,000 faces
  processes   training on one process and on two

In each table all ways take turns; it has medians with quartiles, and ratios round by
round to the first way. Photos are painted into --folder, once.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import torch

from mmwing.benchmark.data_cost import data_table
from mmwing.benchmark.loss_cost import loss_tables
from mmwing.benchmark.metric_cost import metric_table
from mmwing.benchmark.pipeline_cost import (
    NETWORKS,
    arithmetic_table,
    loader_table,
    training_table,
)
from mmwing.benchmark.process_cost import process_table
from mmwing.benchmark.turns import Table, machine
from mmwing.config import exit_with_message
from mmwing.files import check_file, write_json

PARTS = ('losses', 'loader', 'training', 'arithmetic', 'evaluation', 'data',
         'processes')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', metavar='PART', help=', '.join(PARTS))
    parser.add_argument('--quick', action='store_true',
                        help='few rounds of little: whether it runs, not how fast')
    parser.add_argument('--rounds', type=int, help='of each table; default: 400 for '
                        'losses on coordinates, else 10')
    parser.add_argument('--device', default='cpu',
                        help='of losses and trainings: cpu (default), cuda, cuda:1 …')
    parser.add_argument('--networks', nargs='+', choices=list(NETWORKS),
                        default=['cnn6', 'resnet18'], help='of training and arithmetic')
    parser.add_argument('--workers', nargs='+', type=int, default=[0, 1, 2],
                        help='of the loader; training takes the first')
    parser.add_argument('--folder', type=Path, help='for photos and canvases; default: '
                        'a temporary one')
    parser.add_argument('--out', metavar='JSON', help='write the numbers there, too')
    args = parser.parse_args()
    for part in args.parts:
        if part not in PARTS:
            parser.error(f'there is no part {part!r}; parts: {", ".join(PARTS)}')
    if args.rounds is not None and args.rounds < 1:
        parser.error(f'--rounds must be at least 1, got {args.rounds}')
    if min(args.workers) < 0:
        parser.error(f'--workers must not be negative, got {args.workers}')
    if torch.device(args.device).type == 'cuda' and not torch.cuda.is_available():
        parser.error(f'--device {args.device}: PyTorch sees no GPU')
    return args


def measure(args: argparse.Namespace, folder: Path) -> Iterator[Table]:
    """The tables of the parts that were asked for, as they come."""
    parts = args.parts or PARTS
    rounds = args.rounds or (1 if args.quick else 10)
    faces = 8 if args.quick else 96
    if 'losses' in parts:
        many = args.rounds or (2 if args.quick else 400)
        yield from loss_tables(many, 0 if args.quick else min(many, 10), args.device,
                               compiled=not args.quick)
    if 'loader' in parts:
        for pixels in (1024, 320):
            for workers in args.workers:
                yield loader_table(folder, pixels, faces, rounds, workers,
                                   32 if args.quick else 96)
    if 'training' in parts:
        for network in args.networks:
            steps = 1 if args.quick or network != 'cnn6' else 3
            yield training_table(folder, network, faces, rounds, args.device,
                                 args.workers[0], 8 if args.quick else 32, steps)
    if 'arithmetic' in parts:
        for network in args.networks:
            yield arithmetic_table(folder, network, rounds, args.device,
                                   8 if args.quick else 32,
                                   1 if args.quick or network != 'cnn6' else 3,
                                   compiled=not args.quick)
    if 'evaluation' in parts:
        yield metric_table([100] if args.quick else [1000, 10_000, 100_000])
    if 'data' in parts:
        yield data_table([10, 20] if args.quick else [1000, 10_000, 100_000],
                         lambda line: print(f'  {line}', file=sys.stderr, flush=True))
    if 'processes' in parts:
        yield process_table(rounds, 1 if args.quick else 10)


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.out:
        check_file(args.out)
    found = machine(args.device)
    print(', '.join(f'{name} {value}' for name, value in found.items()))
    tables = {}
    with nullcontext(args.folder) if args.folder else (
            tempfile.TemporaryDirectory()) as folder:
        for table in measure(args, Path(folder)):
            print(f'\n{table}', flush=True)
            tables[table.title] = table.data
    if args.out:
        write_json(args.out, {'machine': found, 'tables': tables}, indent=1)


if __name__ == '__main__':
    main()
