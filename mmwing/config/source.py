"""Write a config as Python source that inherits from another one."""

from __future__ import annotations

import keyword
import math
import textwrap
from collections.abc import Iterable

from yapf.yapflib.yapf_api import FormatCode

# Brackets on lines of their own; others break inside of (256, 256) to save a line.
_STYLE = {'based_on_style': 'facebook', 'column_limit': 79}


def config_text(base: dict, changed: dict, base_path: str,
                comments: Iterable[str] = ()) -> str:
    """Python source of a config that inherits ``base`` and amounts to ``changed``.

    Args:
        base: The config that is inherited, as plain dicts.
        changed: What the new one shall amount to.
        base_path: What ``_base_`` says.
        comments: Lines for the top.

    Raises:
        ValueError: If a key at the top is missing, which inheritance cannot express.
    """
    gone = [key for key in base if key not in changed]
    if gone:
        raise ValueError(f'a config that inherits cannot drop {", ".join(gone)}: set '
                         'them to None')
    writer = _Writer(base)
    lines = []
    keys = [key for key in changed if key not in base or changed[key] != base[key]]
    last = []
    # Shallow values first: the deeper ones can then refer to them by name.
    for key in sorted(keys, key=lambda key: _depth(changed[key])):
        value = changed[key]
        if key not in base:
            source = writer.literal(value)
        elif _drops_keys(base[key], value) and 'type' in value:
            # What others refer to by name must not hold MMEngine's `_delete_`.
            source = writer.literal(value)
            last.append(f'{key} = dict({key}, _delete_=True)')
        else:
            source = writer.override(base[key], value, f'_base_.{key}')
        lines.append(f'{key} = {source}')
        writer.call(key, value)
    if last:
        lines += ['# In place of the values of the base, not merged into them.', *last]
    body, _ = FormatCode('\n'.join(lines) + '\n', style_config=_STYLE)
    wrapped = [part for line in comments for part in textwrap.wrap(
        line, 79, initial_indent='# ', subsequent_indent='#   ')]
    return '\n'.join([*wrapped, f'_base_ = [{base_path!r}]', body])


def _drops_keys(old: object, new: object) -> bool:
    return (isinstance(old, dict) and isinstance(new, dict)
            and any(key not in new for key in old))


def _depth(value: object) -> int:
    children: Iterable = ()
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, (list, tuple)):
        children = value
    return 1 + max(map(_depth, children), default=-1)


class _Writer:
    """Writes values as source, by name where a variable has them."""

    def __init__(self, base: dict) -> None:
        self._names: list[tuple[str, dict | list]] = [
            (f'_base_.{key}', value) for key, value in base.items()
            if isinstance(value, dict) and 'type' in value]

    def call(self, name: str, value: object) -> None:
        """From now on write ``name`` for ``value``."""
        if isinstance(value, (dict, list)):
            self._names.insert(0, (name, value))

    def override(self, old: object, new: object, where: str) -> str:
        """Source that turns ``old``, found at ``where``, into ``new``."""
        if isinstance(new, dict):
            return self._override_dict(old, new, where)
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            return self._known(new) or self._override_list(old, new, where)
        return self.literal(new)

    def literal(self, value: object) -> str:
        """Source of ``value``."""
        known = self._known(value)
        if known:
            return known
        if isinstance(value, dict):
            return _dict([(key, self.literal(item)) for key, item in value.items()])
        if isinstance(value, list):
            return f'[{", ".join(map(self.literal, value))}]'
        if isinstance(value, tuple):
            items = ''.join(f'{self.literal(item)}, ' for item in value)
            return f'({items.rstrip(" ") if len(value) == 1 else items.rstrip(", ")})'
        if isinstance(value, float) and not math.isfinite(value):
            return f'float({str(value)!r})'
        return repr(value)

    def _known(self, value: object) -> str | None:
        if isinstance(value, (dict, list)) and value:
            return next((name for name, known in self._names if known == value), None)
        return None

    def _override_dict(self, old: object, new: dict, where: str) -> str:
        # What is inherited would be merged into it, key by key.
        if not isinstance(old, dict) or _drops_keys(old, new):
            items = [(key, self.literal(item)) for key, item in new.items()]
            return _dict([('_delete_', 'True'), *items])
        items = []
        for key, value in new.items():
            if key not in old:
                items.append((key, self.literal(value)))
            elif old[key] != value:
                items.append((key, self.override(old[key], value, f'{where}.{key}')))
        return _dict(items)

    def _override_list(self, old: list, new: list, where: str) -> str:
        items: list[str] = []
        start = 0  # of the run of entries that stay
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            if before == after:
                continue
            if start < index:
                items.append(f'*{where}[{start or ""}:{index}]')
            items.append(self.literal(after))
            start = index + 1
        if start < len(old):
            items.append(f'*{where}[{start}:]')
        # yapf gives each its own line where the last has a comma.
        return f'[{"".join(f"{item}, " for item in items)}]'


def _dict(items: list[tuple[str, str]]) -> str:
    if all(isinstance(key, str) and key.isidentifier() and not keyword.iskeyword(key)
           for key, _ in items):
        return f'dict({", ".join(f"{key}={source}" for key, source in items)})'
    return f'{{{", ".join(f"{key!r}: {source}" for key, source in items)}}}'
