"""Write a trained model as ONNX, for mmwing.runtime or any other program.

    mmwing export work_dirs/my_model --out my_model.onnx

Normalisation, network, flip test and cascade are in the file; with --inputs image the
crop is, too. The file is compared with PyTorch on painted faces before it is written.
"""

import argparse

from mmwing.config import exit_with_message
from mmwing.inference.onnx.export import INPUTS, export_onnx


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='checkpoint, work dir, or name of a model')
    parser.add_argument('--out', required=True, metavar='FILE.onnx')
    parser.add_argument('--config', help='config file or name, for checkpoints that do '
                        'not hold their config as data')
    parser.add_argument('--inputs', choices=INPUTS, default='crops',
                        help='what the file takes: crops that OpenCV has cut '
                        '(default), or an image and boxes')
    parser.add_argument('--flip-test', action=argparse.BooleanOptionalAction,
                        help='average with the mirrored face; default: as the config '
                        'says')
    parser.add_argument('--fp16', action='store_true',
                        help='store weights in half precision; half the size')
    parser.add_argument('--dynamo', action='store_true',
                        help="use PyTorch's newer exporter, which needs onnxscript; "
                        'for crops alone')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace a file that is there')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    done = export_onnx(args.model, args.out, config=args.config, inputs=args.inputs,
                       flip_test=args.flip_test, fp16=args.fp16, dynamo=args.dynamo,
                       overwrite=args.overwrite)
    print(f'wrote {done.path}: {done.size / 1e6:.1f} MB; within {done.difference:.1g} '
          'pixels of PyTorch on painted faces')


if __name__ == '__main__':
    main()
