"""NME of the mean shape on a config's test set: what a network has to beat.

    mmwing baselines CONFIG [--model REPORT | NME]

The mean shape of the training set (a) fitted to each box and (b) mapped by the best
affine map through five true points: eye centres, nose tip, mouth corners.
"""

import argparse

from mmengine.registry import init_default_scope

from mmwing.config import (
    ConfigOptions,
    check_data,
    exit_with_message,
    load_config,
)
from mmwing.evaluation.baselines import annotated_faces, shape_baselines
from mmwing.evaluation.run import RunRecord
from mmwing.evaluation.run_file import read_nme
from mmwing.files import check_file, write_json
from mmwing.registry import DATASETS, METRICS


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file, or name of a config of mmwing')
    parser.add_argument('--model', metavar='REPORT|NME',
                        help='a trained model: its report, the file of mmwing test '
                        '--out, or its NME as a fraction')
    parser.add_argument('--out', help='write the figures to this JSON file')
    parser.add_argument('--cfg-options', nargs='+', action=ConfigOptions,
                        help='override settings of the config, key=value')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    if args.out:
        check_file(args.out)
    model = None if args.model is None else read_nme(args.model)
    cfg = load_config(args.config, args.cfg_options)
    check_data(cfg, ('train', 'test'))
    init_default_scope(cfg.default_scope)
    train, test = (annotated_faces(DATASETS.build(loader.dataset)) for loader in (
        cfg.train_dataloader, cfg.test_dataloader))
    protocol = METRICS.build(cfg.test_evaluator).protocol
    rows = {name: RunRecord.of_faces(faces, protocol).nme
            for name, faces in shape_baselines(train, test).items()}
    if model is not None:
        rows['trained model'] = model

    print(f'{len(test)} faces of the test set, mean shape of {len(train)} of the '
          f'training set, NME by {protocol.normalizers[0]}')
    for name, nme in rows.items():
        against = '' if model is None else f'  {nme / model:6.2f} x the model'
        print(f'{name:42s} {100 * nme:7.2f} %{against}')
    if args.out:
        write_json(args.out, rows, indent=1)


if __name__ == '__main__':
    main()
