"""The page of mmwing demo in a real browser: a script opens a picture."""

import base64
import html
import json
import re

import cv2
import pytest
from browser import BROWSER, browse

from mmwing.inference.demo import DemoServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason='there is no chromium')]

USER = '''
const bytes = Uint8Array.from(atob(PICTURE), letter => letter.charCodeAt(0));
// The browser's clock stands still while a request is under way. Without one it would
// run out on a busy machine while a picture is decoded; and timers would wait for it.
const until = async is => {
  while (!is()) await fetch('/');
};
let done = false;
until(() => done);
const rows = () => [...document.querySelectorAll('#faces tr')].map(
  row => [...row.cells].map(cell => cell.textContent));
(async () => {
  const seen = {}, canvas = document.getElementById('canvas');
  await until(() => document.body.dataset.ready);
  seen.models = [...document.getElementById('model').options].map(each => each.value);
  seen.choice = document.getElementById('boxes').value;
  await open(new Blob([bytes]));
  seen.advice = document.getElementById('message').textContent;
  const [plain, frame] = [canvas.toDataURL(), canvas.getBoundingClientRect()];
  seen.size = [canvas.width, canvas.height];
  canvas.setPointerCapture = () => {};
  for (const [kind, part] of [['down', 0.1], ['move', 0.9], ['up', 0.9]])
    canvas.dispatchEvent(new PointerEvent('pointer' + kind, {
      clientX: frame.left + part * frame.width,
      clientY: frame.top + part * frame.height}));
  await until(() => document.body.dataset.answered);
  seen.rows = rows();
  seen.time = document.getElementById('time').textContent;
  seen.message = document.getElementById('message').hidden;
  seen.drawn = canvas.toDataURL() !== plain;
  seen.page = [document.documentElement.scrollWidth,
               document.documentElement.clientWidth];
  delete document.body.dataset.answered;
  await open(new Blob(['no picture']));
  document.getElementById('boxes').value = 'whole';
  document.getElementById('boxes').dispatchEvent(new Event('change'));
  await until(() => document.body.dataset.answered);
  seen.error = document.getElementById('message').textContent;
  seen.left = rows();
  document.title = JSON.stringify(seen);
  done = true;
})();
'''


@pytest.fixture
def serve(landmarker, running):
    """Starts the page with a script that plays the user."""
    def start(script):
        server = DemoServer('127.0.0.1', 0, {'small': lambda: landmarker},
                            detects=False)
        server.page = server.page.replace(
            b'</body>', f'<script>{{{script}}}</script></body>'.encode())
        return running(server)
    return start


@pytest.mark.parametrize('width', [500, 1200])  # narrower than 500 Chromium is not
def test_a_user_draws_a_box_and_sees_the_landmarks(serve, faces, tmp_path, width):
    picture = faces[0]['img']
    data = base64.b64encode(cv2.imencode('.png', picture)[1]).decode()
    server = serve(USER.replace('PICTURE', json.dumps(data)))
    result = browse(server.address, tmp_path, '--virtual-time-budget=60000',
                    f'--window-size={width},1600', '--dump-dom')
    seen = json.loads(html.unescape(re.search('<title>(.*?)</title>',
                                              result.stdout).group(1)))
    assert seen['models'] == ['small'] and seen['choice'] == 'draw'
    assert 'Draw a box around a face' in seen['advice']
    assert seen['size'] == [768, 768]  # six times as large, and no less than 720
    [row] = seen['rows']
    assert row[:3] == ['1', '–', '–'] and len(row) == 6
    assert all(re.fullmatch(r'-?\d+', angle) for angle in row[3:])
    assert seen['time'].startswith('1 face in') and '128 × 128' in seen['time']
    assert seen['drawn'] and seen['message']
    assert seen['page'][0] <= seen['page'][1]
    assert 'it is not an image' in seen['error'] and seen['left'] == []
    # What the browser complains of, the page's policy for one, it says on stderr.
    assert 'CONSOLE' not in result.stderr, result.stderr
