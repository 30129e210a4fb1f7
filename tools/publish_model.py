"""Make a slim file of a trained model, and the draft of its model card.

    mmwing publish work_dirs/my_model --out my_model.pth --fp16

The file holds the weights (of the moving average, where there is one), the config and
the landmarks' metainfo, as data. FaceLandmarker, `mmwing test`, MMPose's init_model and
load_from take it.
"""

import argparse

from mmwing.config import exit_with_message
from mmwing.inference.publish import publish_model


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint', help='checkpoint file, or a work dir')
    parser.add_argument('--out', required=True, metavar='FILE.pth',
                        help='the slim file; the card goes beside it, FILE.md')
    parser.add_argument('--config', help='config file or name, for checkpoints that do '
                        'not hold their config as data')
    parser.add_argument('--fp16', action='store_true',
                        help='store weights in half precision; half the size')
    parser.add_argument('--licence', metavar='TEXT',
                        help='what the weights may be used for; default: what is known '
                        'of the data set')
    parser.add_argument('--boxes', metavar='TEXT', help='which boxes the faces were '
                        'cropped by; default: what is known of the data set')
    parser.add_argument('--overwrite', action='store_true',
                        help='replace files that are there')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    done = publish_model(args.checkpoint, args.out, config=args.config, fp16=args.fp16,
                         licence=args.licence, boxes=args.boxes,
                         overwrite=args.overwrite)
    kind = 'moving average' if done.weights == 'ema' else 'last iteration'
    print(f'wrote {done.path}: {done.size / 1e6:.1f} MB, weights of the {kind}\n'
          f'sha256 {done.sha256}\n'
          f'wrote {done.card}: a draft; complete it before you share the model')


if __name__ == '__main__':
    main()
