"""Measure what it costs to read the annotations of 1,000 to 100,000 faces.

    mmwing benchmark-data

The files are made on the way: painted faces with 98 points, without pictures. Each cell
of the table has the processor time, the most memory on the way (beyond what the imports
take), and what a worker of the data loader adds once it has read every annotation.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from mmwing.benchmark.data_cost import measure_data, table, write_faces
from mmwing.config import exit_with_message


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--faces', type=int, nargs='+', metavar='N',
                        default=[1000, 10_000, 100_000],
                        help='numbers of faces (default: 1000 10000 100000)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for number in args.faces:
            path = Path(folder) / f'{number}.json'
            write_faces(path, number)
            print(f'{number} faces:', file=sys.stderr)
            costs[number] = measure_data(
                path, lambda line: print(f'  {line}', file=sys.stderr, flush=True))
    print('\n'.join(table(costs)))


if __name__ == '__main__':
    main()
