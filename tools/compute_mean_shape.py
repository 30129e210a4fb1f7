"""Compute the mean shape of a config's training set, for a head to start from.

    mmwing mean-shape CONFIG --out mean_shape.json
    mmwing train CONFIG --cfg-options model.head.mean_shape=mean_shape.json

With mean_shape='auto' and MeanShapeHook, as in mmwing's own configs, training does
this by itself; a file serves where many runs shall start from one and the same shape.
"""

import argparse

from mmengine.registry import init_default_scope

from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.engine import compute_mean_shape
from mmwing.files import check_file
from mmwing.models.mean_shape import check_mean_shape_path, save_mean_shape
from mmwing.registry import DATASETS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--out', default='mean_shape.json',
                        help='file to write, .json (default) or .npy')
    parser.add_argument('--num-samples', type=int,
                        help='look at so many evenly spaced samples, default: all')
    parser.add_argument('--seed', type=int, default=0, help='seed of the augmentation')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    check_mean_shape_path(args.out)
    check_file(args.out)
    cfg = load_config(args.config, args.cfg_options)
    check_data(cfg, ('train', ))
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    mean_shape = compute_mean_shape(dataset, args.num_samples, args.seed)
    save_mean_shape(mean_shape, args.out)
    print(f'Mean shape of {len(mean_shape)} landmarks: {args.out}')


if __name__ == '__main__':
    main()
