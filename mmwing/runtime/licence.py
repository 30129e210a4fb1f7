"""Say what the weights of a model may be used for."""

from __future__ import annotations

import warnings

_told: set[str] = set()


class LicenceWarning(UserWarning):
    """Weights may be used for some purposes only."""


def tell_licence(name: str, licence: str) -> None:
    """Warn, once for each model and process, of weights that are for research only.

    Args:
        name: What the message calls the model.
        licence: What its file says.
    """
    if 'non-commercial' in licence and name not in _told:
        _told.add(name)
        warnings.warn(f'{name}: {licence}', LicenceWarning, stacklevel=3)
