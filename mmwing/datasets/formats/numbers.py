"""Read numbers from text files, strictly."""


def parse_number(text: str) -> float:
    """Read a decimal number, ``nan`` or ``inf``.

    Raises:
        ValueError: It is something else; the message quotes it.
    """
    # float() also takes 1_000, and the digits of all scripts.
    if '_' not in text and text.isascii():
        try:
            return float(text)
        except ValueError:
            pass
    raise ValueError(f'{text[:40]!r} is not a number')
