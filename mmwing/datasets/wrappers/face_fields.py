"""Subsets and attributes of many faces, in memory that processes share."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Sequence

import numpy as np


class FaceFields:
    """What a data set says of its faces, by their ids.

    Faces say few different things, each of which is kept once; which of them a face
    says stands in arrays. A dict of a dict for each face would be copied into each
    worker of a data loader, page by page, as Python counts references in place.

    Args:
        ids: Id of each face, numbers or texts.
        fields: What is said of each, of the same length.
    """

    def __init__(self, ids: Sequence[int | str], fields: Sequence[dict]) -> None:
        self._are_integers = all(type(each) is int for each in ids)
        kinds: dict[bytes, int] = {}
        numbers = np.array([kinds.setdefault(pickle.dumps(each), len(kinds))
                            for each in fields], np.int32)
        self._kinds = [pickle.loads(each) for each in kinds]
        keys = np.array([self._key(each) for each in ids])
        # Of faces with one id the last counts, as in a dict.
        order = np.argsort(keys, kind='stable')
        self._keys, self._numbers = keys[order], numbers[order]

    def of(self, identity: int | str) -> dict:
        """A copy of what is said of a face.

        Raises:
            KeyError: There is no face of that id.
        """
        key = self._key(identity)
        place = np.searchsorted(self._keys, key, side='right') - 1
        if place < 0 or self._keys[place] != key:
            raise KeyError(identity)
        return copy.deepcopy(self._kinds[self._numbers[place]])

    def counts(self) -> Iterator[tuple[dict, int]]:
        """What is said, and of how many faces."""
        numbers = np.bincount(self._numbers, minlength=len(self._kinds))
        return zip(self._kinds, numbers.tolist(), strict=True)

    def _key(self, identity: int | str) -> int | str:
        # A number and a text of the same digits are two ids.
        return int(identity) if self._are_integers else repr(identity)
