"""mmwing demo: pictures in, landmarks or one line out, and nothing for other sites."""

import http.client
import json
import re
import runpy
import sys
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest

import mmwing
from mmwing.inference.demo import MAX_BYTES, DemoServer


@pytest.fixture(scope='module')
def server(landmarker, running):
    """The page of the small model, without a detector."""
    return running(DemoServer('127.0.0.1', 0, {'small': lambda: landmarker},
                              detects=False))


def ask(server, method='GET', path='/', body=None, **headers):
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection(*server.server_address, timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    try:
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def post(server, body, **query):
    query = {'boxes': 'whole', **query}
    status, _, text = ask(server, 'POST', f'/landmarks?{urlencode(query)}', body)
    return status, json.loads(text)


def encoded(image, suffix='.png'):
    return cv2.imencode(suffix, image)[1].tobytes()


def test_the_page_needs_nothing_from_elsewhere(server):
    status, headers, page = ask(server)
    assert status == 200 and headers['Content-Type'].startswith('text/html')
    assert b'http' not in page.replace(b'http-equiv', b'')
    policy = headers['Content-Security-Policy']
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    status, _, text = ask(server, path='/models')
    assert json.loads(text) == {'models': ['small'], 'detects': False,
                                'max_bytes': MAX_BYTES}


def test_an_answer_is_that_of_the_landmarker(server, landmarker, faces):
    picture, box = faces[0]['img'], faces[0]['bbox'][0].tolist()
    [expected] = landmarker(picture, boxes=[box])
    status, found = post(server, encoded(picture), boxes=','.join(map(str, box)))
    assert status == 200 and (found['width'], found['height']) == (128, 128)
    [face] = found['faces']
    np.testing.assert_allclose(face['points'], expected.keypoints, atol=0.006)
    np.testing.assert_allclose(face['box'], box, atol=0.006)
    assert face['scores'] is None and face['score'] is None
    pose = mmwing.head_pose(expected.keypoints, (128, 128))
    np.testing.assert_allclose(list(face['pose'].values()), pose, atol=0.06)
    assert found['milliseconds'] > 0 and max(map(max, found['contours'])) == 67


def test_scores_that_are_partly_unknown_are_null(server, landmarker, faces,
                                                 monkeypatch):
    face = landmarker(faces[0]['img'], boxes='whole')[0]
    face.scores[:2] = 0.25, 1.
    monkeypatch.setitem(server._loaded, 'small', lambda image, boxes: [face])
    server._loaded['small'].dataset_meta = landmarker.dataset_meta
    server._loaded['small'].model = landmarker.model
    status, found = post(server, encoded(faces[0]['img']))
    assert status == 200
    assert found['faces'][0]['scores'] == [0.25, 1.0, *[None] * 66]


PICTURE = encoded(np.full((40, 40, 3), 128, np.uint8))


@pytest.mark.parametrize(('body', 'query', 'message'), [
    (b'', {}, 'the picture.* cannot be decoded: it is empty'),
    (b'no picture', {}, 'it is not an image'),
    (PICTURE[:len(PICTURE) // 2], {}, 'it is truncated or damaged'),
    (PICTURE, {'model': 'no'}, "no model of the name 'no'"),
    (PICTURE, {'model': '../secret'}, "no model of the name '../secret'"),
    (PICTURE, {'boxes': 'detect'}, 'no detector is installed: draw a box'),
    (PICTURE, {'boxes': '1,2,3'}, "boxes must be 'detect', 'whole' or x1,y1,x2,y2"),
    (PICTURE, {'boxes': '30,10,20,20'}, 'has no area'),
    (PICTURE, {'boxes': 'nan,1,2,3'}, 'is not finite'),
    (PICTURE, {'boxes': '50,50,60,60'}, 'lies outside of the image of 40 x 40 pixels'),
    (encoded(np.zeros((10000, 5001), np.uint8)), {}, 'has 5001x10000 pixels, more than '
     'the 50 million'),
])
def test_what_will_not_do_is_told_in_one_line(server, body, query, message):
    status, found = post(server, body, **query)
    assert status == 400 and list(found) == ['error']
    assert re.search(message, found['error']), found['error']
    assert '\n' not in found['error'] and '/tmp' not in found['error']


def test_a_pixel_is_a_picture(server):
    status, found = post(server, encoded(np.zeros((1, 1), np.uint8)))
    assert status == 200 and len(found['faces']) == 1


def test_files_that_are_too_large_are_not_read(server):
    connection = http.client.HTTPConnection(*server.server_address, timeout=60)
    connection.putrequest('POST', '/landmarks')
    connection.putheader('Content-Length', str(MAX_BYTES + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413 and b'larger than the 20 MB' in answer.read()
    connection.close()
    # A body of unknown length is not read either.
    status, _, text = ask(server, 'POST', '/landmarks', iter([b'x']),
                          **{'Transfer-Encoding': 'chunked'})
    assert status == 411 and b'Content-Length' in text


@pytest.mark.parametrize(('headers', 'status'), [
    ({'Host': 'localhost:1'}, 200), ({'Host': '127.0.0.1'}, 200),
    ({'Host': '[::1]:80'}, 200), ({'Host': 'evil.example'}, 403),
    ({'Host': 'localhost.evil.example:8765'}, 403), ({'Host': ''}, 403),
    ({'Host': '[::1'}, 403),
    ({'Host': 'localhost:1', 'Origin': 'http://localhost:1'}, 200),
    ({'Host': 'localhost:1', 'Origin': 'http://localhost:2'}, 403),
    ({'Host': 'localhost:1', 'Origin': 'https://evil.example'}, 403),
    ({'Host': 'localhost:1', 'Origin': 'null'}, 403)])
def test_other_sites_get_nothing(server, headers, status):
    assert ask(server, path='/models', **headers)[0] == status
    found = ask(server, 'POST', '/landmarks?boxes=whole', PICTURE, **headers)
    assert found[0] == status
    assert (b'points' in found[2]) == (status == 200)


@pytest.mark.parametrize('path', ['/etc/passwd', '/../demo.py', '/demo.html'])
def test_there_are_no_other_files(server, path):
    assert ask(server, path=path)[0] == 404


def test_a_failure_says_nothing_of_this_machine(server, monkeypatch, capfd):
    def fail(image, boxes):
        raise RuntimeError('/home/somebody/secret')

    monkeypatch.setitem(server._loaded, 'small', fail)
    status, found = post(server, PICTURE)
    assert status == 500 and 'secret' not in json.dumps(found)
    assert '/home/somebody/secret' in capfd.readouterr().err


def run_demo(monkeypatch, *models):
    """The names of the page that `mmwing demo --model ...` would open."""
    def stop(host, port, models, detects):
        raise ValueError(list(models))

    monkeypatch.setattr('mmwing.inference.demo.DemoServer', stop)
    monkeypatch.setattr(sys, 'argv', ['demo.py', *(
        word for model in models for word in ('--model', str(model)))])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(mmwing.tool_path('demo.py'), run_name='__main__')
    return str(end.value)


def test_models_of_one_name_are_both_there_and_first(monkeypatch, tmp_path):
    paths = [tmp_path / folder / 'best.pth' for folder in 'ab']
    paths.append(tmp_path / 'cnn7-local_300w.pth')
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    names = ['best', str(paths[1]), str(paths[2]), *mmwing.list_models()]
    assert str(names) in run_demo(monkeypatch, *paths)


def test_a_model_that_is_not_there_is_told_before_the_page_opens(monkeypatch):
    assert "'nope' does not exist" in run_demo(monkeypatch, 'nope')
