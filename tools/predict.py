"""Find the landmarks of faces in images and videos: files, folders, patterns, cameras.

    mmwing predict photos/ --model work_dirs/my_model --out predictions

Writes predictions.json and predictions.csv, a row a face, which mmwing reads as
annotations and --boxes as boxes, and the faces drawn into their images. In a video
faces are followed and have numbers: videos/NAME.csv and .json have a row a face and
frame, and drawings/NAME.mp4 shows them. Ctrl-C ends what a camera sees. An input that
cannot be read is warned about; the rest goes on, and the exit status is 1.
"""

import argparse
import sys

import mmwing
from mmwing.config import exit_with_message
from mmwing.inference.box_file import BoxFile
from mmwing.inference.predict import FORMATS, predict_images
from mmwing.runtime.detectors import DETECTORS, CenterFace


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('inputs', nargs='+', metavar='INPUT',
                        help='image, video, folder of these, pattern such as "*.jpg", '
                        'or number of a camera')
    parser.add_argument('--model', help='checkpoint, work dir, or name of a model; '
                        'default: the one that comes with mmwing')
    parser.add_argument('--config', help='config file or name, for checkpoints that do '
                        'not hold their config as data')
    parser.add_argument('--boxes', default='detect', metavar='FILE|whole|detect',
                        help='a CSV or COCO-style JSON file with boxes (in a video, of '
                        'the first frame, or of any with a column frame); whole, if '
                        'each image is one face, tightly cropped; default: detect')
    parser.add_argument('--category', metavar='NAME',
                        help='category of the faces in a .json of --boxes with several '
                        '(default: face)')
    parser.add_argument('--detector', default='auto', choices=('auto', *DETECTORS),
                        help='with --boxes detect; default: the first installed')
    parser.add_argument('--max-side', type=int, metavar='PIXELS',
                        help='CenterFace sees larger images reduced to this longer '
                        'side, default: 640; more finds smaller faces, as in a photo '
                        'of many people, in a time that grows with its square')
    parser.add_argument('--looks', type=int, help='how many times the model looks at a '
                        'face, after the first in the box around what it has found; '
                        'default: as the model was trained for')
    parser.add_argument('--out', default='predictions', metavar='DIR',
                        help='folder of the results, default: predictions')
    parser.add_argument('--format', default='json,csv', metavar='FORMATS',
                        help=f'some of {",".join(FORMATS)}; default: json,csv')
    parser.add_argument('--head-pose', action='store_true',
                        help='add yaw, pitch and roll of each head to JSON and CSV, in '
                        'degrees; for models of 68 points')
    parser.add_argument('--no-filter', action='store_true',
                        help='in videos, leave landmarks as the model gives them, not '
                        'smoothed over time')
    parser.add_argument('--no-drawings', action='store_true',
                        help='do not draw the faces')
    parser.add_argument('--overwrite', action='store_true',
                        help='write over results that are there; what this run does '
                        'not write, such as drawings of other images, stays')
    parser.add_argument('--device', help='cpu, cuda, cuda:1 …; default: an accelerator '
                        'if there is one')
    parser.add_argument('--batch-size', type=int, default=32,
                        help='faces that go through the model at once, default: 32')
    args = parser.parse_args()
    args.format = [each.strip() for each in args.format.split(',') if each.strip()]
    if not args.format:
        parser.error(f'--format takes some of {",".join(FORMATS)}; got none')
    for each in args.format:
        if each not in FORMATS:
            parser.error(f'--format takes some of {",".join(FORMATS)}; got {each!r}')
    if args.max_side is not None and (
            args.boxes != 'detect' or args.detector not in ('auto', 'centerface')):
        parser.error('--max-side is for --boxes detect with the detector centerface')
    if args.category is not None and not args.boxes.lower().endswith('.json'):
        parser.error('--category needs --boxes FILE.json, where categories are; got '
                     f'--boxes {args.boxes}')
    return args


@exit_with_message
def main() -> None:
    args = parse_args()
    boxes = (args.boxes if args.boxes in ('detect', 'whole')
             else BoxFile(args.boxes, args.category))
    detector = (args.detector if args.max_side is None else
                CenterFace(max_side=args.max_side))
    landmarker = mmwing.FaceLandmarker(
        args.model, args.config, device=args.device, batch_size=args.batch_size,
        looks=args.looks, detector=detector if boxes == 'detect' else None)
    summary = predict_images(
        landmarker, args.inputs, args.out, boxes=boxes, formats=args.format,
        drawings=not args.no_drawings, overwrite=args.overwrite,
        smooth=not args.no_filter, head_poses=args.head_pose,
        model=args.model or 'the model of mmwing')
    read = summary.images or summary.videos
    print(f'{summary}: {args.out}' if read else f'{summary}; nothing was written')
    if summary.problems:
        sys.exit(1)


if __name__ == '__main__':
    main()
