"""Fit the map from a detector's boxes to those that a model is trained with.

    mmwing fit-detector CONFIG --detector centerface [--split train]

Detectors draw other boxes than data sets do: with the forehead, or down to the lips
only. A model that was trained with other boxes loses much by that. Runs the detector
on the images of a split, compares its boxes with those that the config crops by, prints
the map and what it leaves; --check does so on another split, with the same map.
"""

import argparse

from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.files import check_file, write_json
from mmwing.inference.detector_boxes import (
    describe_relation,
    measure_detector,
    named_map,
    training_boxes,
)
from mmwing.runtime.detectors import DETECTORS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--detector', choices=list(DETECTORS), default='centerface')
    parser.add_argument('--split', choices=('train', 'val', 'test'), default='train',
                        help='faces to fit on, default: train')
    parser.add_argument('--check', choices=('train', 'val', 'test'),
                        help='other faces to try the map on')
    parser.add_argument('--number', type=int,
                        help='how many faces of each, evenly spaced; default: all')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    parser.add_argument('--out', metavar='JSON', help='write the mapped boxes of the '
                        'last of these splits, for mmwing test --bbox-file')
    args = parser.parse_args()
    if args.number is not None and args.number < 1:
        parser.error(f'--number must be at least 1, got {args.number}')
    return args


@exit_with_message
def main() -> None:
    args = parse_args()
    cfg = load_config(args.config, args.cfg_options)
    splits = [args.split, *([args.check] if args.check else [])]
    check_data(cfg, tuple(splits))
    if args.out:
        check_file(args.out)
    detector = DETECTORS[args.detector]()
    box_map = None
    for split in splits:
        relation = measure_detector(detector, training_boxes(cfg, split, args.number))
        if box_map is None:
            box_map = named_map(relation.fit(), cfg, split)
            print(f'box_map = {box_map}')
        print(f'{split}: {describe_relation(relation, box_map)}')
        if args.out and split == splits[-1]:
            write_json(args.out, relation.detections(box_map))


if __name__ == '__main__':
    main()
