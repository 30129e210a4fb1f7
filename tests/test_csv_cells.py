"""CSV tables: nothing that a spreadsheet runs, and names as they were."""

import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmwing.csv_cells import csv_text, name_in_cell

NAMES = ['a.png', '=1+1.png', "=HYPERLINK('x')", '+a', '-a.png', '@a', '\ta', "'=a",
         "''-b", "'a", "it's", os.fsdecode(b'\xff.png'), 'two\nlines,"quoted"', 'ä 顔']


def read(text):
    return list(csv.reader(io.StringIO(text, newline='')))


@pytest.mark.parametrize('name', NAMES)
def test_a_name_is_no_formula_and_comes_back(name):
    [[cell, number]] = read(csv_text([[name, -1.5]]))
    assert not cell.startswith(('=', '+', '-', '@', '\t', '\r'))
    cell.encode()  # it can be written
    assert name_in_cell(cell) == name
    assert number == '-1.5'


@given(st.text(st.characters(exclude_characters='\\', exclude_categories=['Cs'])))
def test_any_name_comes_back(name):
    [[cell, _]] = read(csv_text([[name, 'x']]))
    assert cell[:1] not in tuple('=+-@\t\r') or cell == name and float(name) < 1e999
    assert name_in_cell(cell) == name


@pytest.mark.parametrize('number', ['-1', '+2.5e-3', '-inf', '1', ''])
def test_numbers_stay(number):
    assert csv_text([[number, 'x']]) == f'{number},x\n'
