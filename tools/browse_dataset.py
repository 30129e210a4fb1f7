"""Draw what a config feeds the network: augmented crops and their points.

    mmwing browse CONFIG --out samples.png

Look at it before training: points that sit beside the features, faces upside down or
cut off are seen here in a second.
"""

import argparse

from mmwing.config import (
    ConfigOptions,
    browse_dataset,
    exit_with_message,
    load_config,
)
from mmwing.files import check_file
from mmwing.visualization.suffixes import PICTURE_SUFFIXES
from mmwing.visualization.tile import save_picture


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--out', default='samples.png', help='picture to write')
    parser.add_argument('--split', default='train', choices=['train', 'val', 'test'])
    parser.add_argument('--number', type=int, default=64, help='samples, default: 64')
    parser.add_argument('--first', type=int, default=0, help='first sample, default: 0')
    parser.add_argument('--size', type=int, default=128,
                        help='pixels of a tile, default: 128')
    parser.add_argument('--seed', type=int, default=0, help='of the augmentation')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    check_file(args.out, PICTURE_SUFFIXES)
    cfg = load_config(args.config, args.cfg_options)
    save_picture(args.out, browse_dataset(cfg, args.split, args.number, args.seed,
                                          args.first, args.size))
    print(args.out)


if __name__ == '__main__':
    main()
