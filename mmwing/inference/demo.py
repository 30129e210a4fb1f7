"""A local web page that finds the landmarks of a picture or of a camera."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import math
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import numpy as np

from mmwing.images import decode_image, image_size
from mmwing.runtime.face import Face

from .contours import contours_of
from .landmarker import FaceLandmarker
from .results import NO_HEAD, find_head_pose

#: Larger pictures are refused: bytes of the file, and pixels.
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000

_PAGE = Path(__file__).with_name('demo.html')
_SCRIPT = re.compile('<script>(.*?)</script>', re.DOTALL)
_NAME = 'the picture'


class Refused(Exception):
    """A request that is answered with a status and one line."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class DemoServer(ThreadingHTTPServer):
    """Serves the page and finds landmarks for it. Nothing is written to the disk.

    ``GET /`` is the page, ``GET /models`` says what can be chosen, and
    ``POST /landmarks?model=NAME&boxes=detect`` takes a picture file as its body.
    ``boxes`` may be ``whole`` or ``x1,y1,x2,y2`` in pixels, too. Answers are JSON;
    those of errors have one key, ``error``.

    Only requests that name this machine by ``localhost`` or by number are answered, and
    none that a page of another site sends: no site can reach the server through a
    reader's browser.

    Args:
        host: Address to listen at.
        port: Its port; 0 takes a free one.
        models: Name on the page -> function that loads the model when it is first
            wanted. The first is the default.
        detects: Whether a detector is installed.

    Raises:
        ValueError: If there is no model.
        OSError: If the address is not to be had.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int,
                 models: Mapping[str, Callable[[], FaceLandmarker]], *,
                 detects: bool) -> None:
        if not models:
            raise ValueError('models must name at least one model')
        self._loaders = dict(models)
        self._loaded: dict[str, FaceLandmarker] = {}
        self._one_at_a_time = threading.Lock()
        self.default_model = next(iter(self._loaders))
        self.detects = detects
        self.page = _PAGE.read_bytes()
        super().__init__((host, port), _Handler)

    @property
    def address(self) -> str:
        """Where the page is."""
        host, port = self.server_address[:2]
        name = 'localhost' if host in ('127.0.0.1', '0.0.0.0') else host
        return f'http://{cast(str, name)}:{port}/'

    def choices(self) -> dict:
        """What the page offers."""
        return {'models': list(self._loaders), 'detects': self.detects,
                'max_bytes': MAX_BYTES}

    def find(self, data: bytes, model: str, boxes: str) -> dict:
        """The answer to a picture.

        Args:
            data: The picture's file.
            model: Name of a model.
            boxes: ``'detect'``, ``'whole'`` or ``'x1,y1,x2,y2'``.

        Raises:
            ValueError: If the picture, the model's name or the box will not do.
        """
        if model not in self._loaders:
            raise ValueError(f'there is no model of the name {model[:60]!r}')
        places = _places(boxes)
        if places is None and not self.detects:
            raise ValueError('no detector is installed: draw a box, or take the whole '
                             'picture as the face')
        size = image_size(data)
        if size and size[0] * size[1] > MAX_PIXELS:
            raise ValueError(f'{_NAME} has {size[0]}x{size[1]} pixels, more than the '
                             f'{MAX_PIXELS // 1_000_000} million that this page takes')
        start = time.perf_counter()
        image = decode_image(data, _NAME)
        height, width = image.shape[:2]
        with self._one_at_a_time:
            if model not in self._loaded:
                self._loaded[model] = self._loaders[model]()
                start = time.perf_counter()  # loading counts once, and not here
            landmarker = self._loaded[model]
            faces = cast(list[Face], landmarker(image, boxes=places))
            taken = time.perf_counter() - start
        meta = landmarker.dataset_meta
        with_pose = int(meta.get('num_keypoints', 0)) == 68
        return {'width': width, 'height': height,
                'milliseconds': round(1000 * taken, 1),
                'contours': contours_of(meta),
                'licence': getattr(landmarker.model, 'card', {}).get('licence', ''),
                'faces': [_answer(face, (width, height), with_pose) for face in faces]}


def _places(boxes: str) -> str | list[list[float]] | None:
    if boxes in ('detect', 'whole'):
        return None if boxes == 'detect' else boxes
    try:
        box = [float(value) for value in boxes.split(',')]
    except ValueError:
        box = []
    if len(box) != 4:
        raise ValueError("boxes must be 'detect', 'whole' or x1,y1,x2,y2; got "
                         f'{boxes[:60]!r}')
    return [box]


def _answer(face: Face, size: tuple[int, int], with_pose: bool) -> dict:
    """A face as JSON; null for what the model or the detector does not say."""
    pose = find_head_pose(face, size) if with_pose else None
    return {'points': [[round(x, 2), round(y, 2)] for x, y in face.keypoints.tolist()],
            'scores': None if np.isnan(face.scores).all() else
            [_number(score) for score in face.scores.tolist()],
            'box': [round(value, 2) for value in face.box.tolist()],
            'score': _number(face.score),
            'pose': None if pose is None or pose is NO_HEAD else {
                name: round(angle, 1) for name, angle in pose._asdict().items()}}


def _number(value: float) -> float | None:
    return round(value, 3) if math.isfinite(value) else None


class _Handler(BaseHTTPRequestHandler):
    """Answers requests."""

    server: DemoServer
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'mmwing', ''
    timeout = 30  # seconds that a silent client is waited for

    def do_GET(self) -> None:
        self._answer({'/': self._page, '/models': self._models})

    def do_POST(self) -> None:
        self._answer({'/landmarks': self._landmarks})

    def _answer(self, routes: Mapping[str, Callable[[], None]]) -> None:
        try:
            self._check_sender()
            route = routes.get(urlsplit(self.path).path)
            if route is None:
                raise Refused(HTTPStatus.NOT_FOUND, 'there is nothing here')
            route()
        except Refused as error:
            # What the client still sends is not read.
            self.close_connection = True
            self._send_json({'error': str(error)}, error.status)
        except (ConnectionError, TimeoutError):  # the client has gone
            self.close_connection = True
        except Exception:  # whatever it is, its text may hold paths of this machine
            traceback.print_exc(file=sys.stderr)
            self.close_connection = True
            self._send_json({'error': 'the server failed; its terminal says why'},
                            HTTPStatus.INTERNAL_SERVER_ERROR)

    def _check_sender(self) -> None:
        host = self.headers.get('Host', '')
        if not _is_here(host, str(self.server.server_address[0])):
            raise Refused(HTTPStatus.FORBIDDEN, 'open this page as localhost or by the '
                          'number of the machine')
        origin = self.headers.get('Origin')
        if origin is not None and origin.lower() != f'http://{host}'.lower():
            raise Refused(HTTPStatus.FORBIDDEN, 'requests of other sites are refused')

    def _page(self) -> None:
        self._send(self.server.page, 'text/html; charset=utf-8')

    def _models(self) -> None:
        self._send_json(self.server.choices())

    def _landmarks(self) -> None:
        data = self._body()
        query = parse_qs(urlsplit(self.path).query)
        try:
            found = self.server.find(
                data, query.get('model', [self.server.default_model])[0],
                query.get('boxes', ['detect'])[0])
        except (ValueError, MemoryError) as error:
            message = str(error) or 'there is not enough memory for the picture'
            self._send_json({'error': message}, HTTPStatus.BAD_REQUEST)
        else:
            self._send_json(found)

    def _body(self) -> bytes:
        text = self.headers.get('Content-Length', '')
        if not text.isdecimal() or not text.isascii():
            raise Refused(HTTPStatus.LENGTH_REQUIRED,
                          'a picture needs the header Content-Length')
        if len(text) > 12 or int(text) > MAX_BYTES:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                          'the file is larger than the '
                          f'{MAX_BYTES // 1_000_000} MB that this page takes')
        data = self.rfile.read(int(text))
        if len(data) < int(text):
            raise ConnectionError('the client has gone')
        return data

    def _send_json(self, content: dict, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(content, allow_nan=False).encode(), 'application/json',
                   status)

    def _send(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        for name, value in (
                ('Content-Type', kind), ('Content-Length', str(len(data))),
                ('Cache-Control', 'no-store'), ('X-Content-Type-Options', 'nosniff'),
                ('Referrer-Policy', 'no-referrer'),
                ('Content-Security-Policy', _policy(self.server.page))):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of requests."""


def _is_here(host: str, own: str) -> bool:
    """Whether a Host header cannot be the name of another site's making."""
    try:
        name = urlsplit(f'//{host}').hostname or ''
    except ValueError:
        return False
    if name in ('localhost', own.lower()):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _policy(page: bytes) -> str:
    """What the page may do: run its own script, and talk to its own server."""
    hashes = ' '.join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in _SCRIPT.findall(page.decode()))
    return (f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
            "img-src blob: data:; media-src blob:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
