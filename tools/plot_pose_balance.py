"""Draw the head poses of a config's training set, before and after balancing.

    mmwing plot-poses CONFIG --out pose_balance.png

A config whose training set is a PoseBalancedDataset is drawn with its own settings;
any other training set is wrapped in one, with the settings given here.
"""

import argparse

from mmengine.registry import init_default_scope

from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.datasets.wrappers import PoseBalancedDataset
from mmwing.files import check_file
from mmwing.registry import DATASETS
from mmwing.visualization import draw_pose_balance
from mmwing.visualization.suffixes import FIGURE_SUFFIXES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--out', default='pose_balance.png', help='picture to write')
    parser.add_argument('--bins', type=int, default=9, help='default: 9')
    parser.add_argument('--mode', default='yaw',
                        help="'yaw' (default), or the number of a mode, from 0")
    parser.add_argument('--signed', action='store_true',
                        help='tell left from right')
    parser.add_argument('--max-repeats', type=int, help='limit of the repeats')
    parser.add_argument('--faces', type=int, default=3,
                        help='example faces in each bin, default: 3')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    args = parser.parse_args()
    if args.faces < 0:
        parser.error(f'--faces must not be negative, got {args.faces}')
    return args


@exit_with_message
def main() -> None:
    args = parse_args()
    check_file(args.out, FIGURE_SUFFIXES)
    cfg = load_config(args.config, args.cfg_options)
    check_data(cfg, ('train', ))
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    if not isinstance(dataset, PoseBalancedDataset):
        mode = int(args.mode) if args.mode.isdecimal() else args.mode
        dataset = PoseBalancedDataset(
            dataset, num_bins=args.bins, mode=mode, absolute=not args.signed,
            max_repeats=args.max_repeats)
    draw_pose_balance(dataset, args.out, args.faces)
    print(f'{len(dataset.dataset)} samples become {len(dataset)} by mode '
          f'{dataset.pose_mode}: {args.out}')


if __name__ == '__main__':
    main()
