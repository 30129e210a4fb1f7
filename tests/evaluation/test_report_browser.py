"""The report in a real browser: a script plays the reader, and tells in the title."""

import html
import json
import re

import cv2
import numpy as np
import pytest
from browser import BROWSER, browse

from mmwing.evaluation import Protocol
from mmwing.evaluation.report import write_report

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason='there is no chromium')]

READER = '''
const cells = index => [...document.querySelectorAll('#faces tbody tr')].map(
  line => line.cells[index].textContent);
const heading = text => [...document.querySelectorAll('#faces th button')].find(
  button => button.textContent === text);
const seen = {};
seen.images = [...document.images].every(image => image.src.startsWith('data:'));
seen.first = cells(2);
heading('NME, %').click();
seen.ascending = cells(2);
heading('Face').click();
heading('Face').click();
seen.names = cells(1);
document.querySelectorAll('#faces tbody tr')[3].click();
const view = document.getElementById('view');
seen.open = view.open;
seen.caption = document.getElementById('caption').textContent;
seen.dots = view.querySelectorAll('circle').length;
document.getElementById('next').click();
seen.nextCaption = document.getElementById('caption').textContent;
document.getElementById('gt').click();
seen.hidden = getComputedStyle(view.querySelector('circle.gt')).display;
document.getElementById('close').click();
seen.closed = !view.open;
const filter = document.getElementById('filter');
filter.value = 'challenging';
filter.dispatchEvent(new Event('input'));
seen.filtered = cells(5);
seen.filteredNames = cells(1);
document.title = JSON.stringify(seen);
'''


@pytest.fixture
def report(make_faces, tmp_path):
    write_report(make_faces(12), tmp_path / 'run', Protocol(num_bootstrap=20),
                 load_image=lambda path: np.full((220, 220, 3), 120, np.uint8))
    return tmp_path / 'run/report.html'


def test_a_reader_sorts_filters_and_opens_a_face(report):
    page = report.with_name('read.html')
    page.write_text(report.read_text().replace(
        '</body>', f'<script>{{{READER}}}</script></body>'))
    result = browse(page.as_uri(), page.parent, '--dump-dom')
    assert 'CONSOLE' not in result.stderr, result.stderr
    title = re.search('<title>(.*?)</title>', result.stdout).group(1)
    seen = json.loads(html.unescape(title))

    first = [float(text) for text in seen['first'] if text != '–']
    assert first == sorted(first, reverse=True) and len(first) > 5
    assert [t for t in seen['ascending'] if t != '–'] == [
        t for t in seen['first'] if t != '–'][::-1]
    assert seen['ascending'][len(first):] == ['–'] * (12 - len(first))
    assert seen['names'] == sorted(seen['names'])
    assert seen['images'] and seen['open'] and seen['closed']
    assert seen['caption'].startswith('img_00003.jpg#3: NME ')
    assert seen['nextCaption'].startswith('img_00004.jpg#4: NME ')
    assert 68 < seen['dots'] <= 136
    assert seen['hidden'] == 'none'
    assert seen['filtered'] == ['challenging'] * 4
    assert seen['filteredNames'] == sorted(seen['filteredNames'])


def test_page_is_drawn_without_console_errors(report):
    picture = report.with_name('page.png')
    result = browse(report.as_uri(), report.parent, f'--screenshot={picture}')
    assert 'CONSOLE' not in result.stderr, result.stderr
    assert cv2.imread(str(picture)).std() > 10


MEASURE = '''
document.title = JSON.stringify({
  width: innerWidth, page: document.documentElement.scrollWidth,
  tables: [...document.querySelectorAll('.wide')].map(
    part => part.scrollWidth - part.clientWidth)});
'''


@pytest.mark.parametrize('width', [500, 1200])  # narrower than 500 Chromium is not
def test_nothing_is_cut_off_at_the_side(make_faces, tmp_path, width):
    protocol = Protocol(('inter_ocular', 'inter_pupil'), (0.08, 0.1), num_bootstrap=20)
    write_report(make_faces(12), tmp_path / 'run', protocol)
    page = tmp_path / 'run/measured.html'
    page.write_text((tmp_path / 'run/report.html').read_text().replace(
        '</body>', f'<script>{{{MEASURE}}}</script></body>'))
    result = browse(page.as_uri(), page.parent, f'--window-size={width},2000',
                    '--dump-dom')
    seen = json.loads(html.unescape(re.search('<title>(.*?)</title>',
                                              result.stdout).group(1)))
    assert seen['width'] <= width and seen['page'] <= seen['width']
    assert seen['tables'] and max(seen['tables']) <= 0
