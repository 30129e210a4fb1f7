"""Run a check on many made-up inputs: each is right, or refused in one clear line."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import tempfile
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

#: Cases of each check: some hundred in a fast run, 2,400 in all with ``-m slow``.
FEW, MANY = 20, 200

#: What programs show as one line; anything else is a traceback.
REFUSALS = (OSError, ValueError, TypeError)

# How Python and numpy word the errors of code that met what it did not expect.
_INTERNAL = re.compile(
    r"NoneType|unhashable|not subscriptable|not iterable|has no attribute|not callable|"
    r"could not convert|invalid literal|out of range|indices must be|unsupported operan"
    r"|argument must be|expected str|not supported between|broadcast together|embedded "
    r"null|can't encode|KeyError|TypeError|inhomogeneous|too large to conver|ambiguous")

#: What stands in files where a number, a text or a list should.
ODD = [None, True, False, '', 'a', '12', '1234', '../a.png', 'a\0', '\ud800', 'a\nb',
       -1, 0, 0.5, 3, 1e39, -1e308, 2**63, 10**400, float('nan'), float('inf'), [], {},
       [1, 2], [None], {'id': 1}]


class Refused:
    """What :func:`attempt` gives where a call was refused in one line."""


def attempt(call: Callable[[], Any], names: str) -> Any:
    """What a call returns, or :class:`Refused`.

    Args:
        call: Any other error than a refusal fails the test, and so do warnings that
            are not made by the package for its users.
        names: What the message has to name, a pattern.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        warnings.filterwarnings('ignore', category=UserWarning)
        try:
            return call()
        except REFUSALS as error:
            text = str(error).strip()
            assert not {*map(unicodedata.category, text)} & {
                'Cc', 'Cs', 'Zl', 'Zp'}, f'not one line: {text!r}'
            assert re.search(names, text), f'does not name {names}: {text}'
            assert len(text) < 1200, f'{len(text)} characters: {text[:300]}'
            assert not _INTERNAL.search(text), f'not clear: {text}'
            return Refused


def read_file(read: Callable[[Path], Any], path: Path, data: bytes) -> Any:
    """What reading a file of these bytes gives, see :func:`attempt`; it is named."""
    path.write_bytes(data)
    return attempt(lambda: read(path), re.escape(path.name))


def is_number(value: object) -> bool:
    """Whether JSON has a number there; ``true`` is none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def fuzz(strategy: st.SearchStrategy) -> Callable:
    """Make a test of a check, which runs on a few fixed cases, or slowly on many.

    The check gets the case and an empty folder. It asserts that what was accepted is
    right, and returns whether it was accepted.
    """
    def decorate(check: Callable[[Any, Path], bool]) -> Callable:
        @pytest.mark.parametrize(
            'cases', [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
        def test(cases: int) -> None:
            outcomes: Counter = Counter()

            @settings(max_examples=cases, deadline=None, database=None, print_blob=True,
                      derandomize=cases == FEW,
                      suppress_health_check=list(HealthCheck))
            @given(strategy)
            def run(case: Any) -> None:
                with tempfile.TemporaryDirectory() as folder:
                    outcomes[bool(check(case, Path(folder)))] += 1

            if cases != FEW:
                number = int(os.environ.get('MMWING_FUZZ_SEED')
                             or random.SystemRandom().getrandbits(32))
                print(f'\nMMWING_FUZZ_SEED={number}')
                run = seed(number)(run)
            run()
            print(f'{check.__name__}: {sum(outcomes.values())} cases, '
                  f'{outcomes[True]} right, {outcomes[False]} refused')
            assert sum(outcomes.values()) >= cases
            assert cases == FEW or len(outcomes) == 2, 'one outcome only'

        test.__doc__ = check.__doc__
        return test
    return decorate


def places(content: Any, path: tuple = ()) -> list[tuple]:
    """The path of each value in nested lists and dicts."""
    items = (content.items() if isinstance(content, dict) else
             enumerate(content) if isinstance(content, list) else ())
    return [path, *(place for key, value in items
                    for place in places(value, (*path, key)))]


@st.composite
def changed(draw: st.DrawFn, contents: st.SearchStrategy) -> Any:
    """Nested lists and dicts of which up to two values are odd, lost or there twice."""
    content = draw(contents)
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.sampled_from(places(content)))
        how = draw(st.sampled_from(['odd', 'odd', 'odd', 'lost', 'twice']))
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        if not place:
            content = odd if how == 'odd' else content
            continue
        parent = content
        for key in place[:-1]:
            parent = parent[key]
        if how == 'lost':
            del parent[place[-1]]
        elif how == 'twice' and isinstance(parent, list):
            parent.insert(place[-1], copy.deepcopy(parent[place[-1]]))
        else:
            parent[place[-1]] = odd
    return content


def damaged_json(contents: st.SearchStrategy) -> st.SearchStrategy:
    """Files of JSON whose values are changed, or whose bytes are damaged."""
    return damaged(changed(contents).map(lambda content: json.dumps(content).encode()))


@st.composite
def damaged(draw: st.DrawFn, contents: st.SearchStrategy) -> bytes:
    """Bytes that are, one time in two, cut off, or hold junk."""
    data = draw(contents)
    if not data or draw(st.booleans()):
        return data
    start = draw(st.integers(0, len(data) - 1))
    end = draw(st.integers(start, min(start + 20, len(data))))
    junk = draw(st.one_of(st.binary(max_size=8), st.sampled_from([
        b'nan', b'-', b'"', b'\n', b'\r', b',', b'{', b'}', b'1_0', b'9' * 5000, b'\0',
        b'&a [*a]', b'\xef\xbb\xbf', b'!!int ""', b'!!bool x', b': '])))
    return data[:start] + junk + (b'' if draw(st.booleans()) else data[end:])
