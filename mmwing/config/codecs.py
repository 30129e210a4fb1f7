"""Find the codecs of a config."""

from __future__ import annotations

from mmwing.walk import find, type_name


def target_generators(config: dict) -> list[tuple[str, dict]]:
    """The ``GenerateTarget`` of every pipeline, with its dotted key."""
    return list(find(config, 'GenerateTarget'))


def codec_of(config: dict, head: dict) -> dict | None:
    """The codec of the head's decoder, else that of the training labels."""
    candidates = [head.get('decoder')]
    candidates += [each.get('encoder') for _, each in target_generators(config)]
    return next((each for each in candidates if isinstance(each, dict)), None)


def input_size_of(config: dict, head: dict) -> tuple[int, int]:
    """(w, h) of the network input in pixels, as the codec has it.

    Raises:
        ValueError: If the config has no codec with an input size.
    """
    codec = codec_of(config, head) or {}
    if 'input_size' not in codec:
        raise ValueError(f'no codec with an input_size was found for {head["type"]}: '
                         'give the head decoder=codec')
    width, height = codec['input_size']
    return width, height


def loss_unit(head: dict) -> tuple[int, int]:
    """(w, h) of the network input that a head tells its losses on coordinates.

    Raises:
        ValueError: If it tells none.
    """
    codec = head.get('decoder') or {}
    size = head.get('input_size') or codec.get('input_size')
    if size is None:
        raise ValueError(
            f'{head["type"]} has no codec with an input_size, and the loss is in '
            'pixels of the network input: give the head decoder=codec, or the loss '
            'input_size=(w, h)')
    width, height = size
    return width, height


def check_heatmap_values(config: dict, head: dict) -> None:
    """See that the codec makes heat maps with values in [0, 1].

    Raises:
        ValueError: It does not, and the heat-map losses are made for those.
    """
    codec = codec_of(config, head) or {}
    kind = type_name(codec)
    if kind == 'MegviiHeatmap':
        raise ValueError('MegviiHeatmap makes heat maps with values up to 255, but '
                         'the losses on heat maps are made for [0, 1]: use the codec '
                         'MSRAHeatmap')
    if kind == 'UDPHeatmap' and codec.get('heatmap_type') == 'combined':
        raise ValueError("UDPHeatmap with heatmap_type='combined' mixes offsets into "
                         "the heat maps, which its loss takes apart: use "
                         "heatmap_type='gaussian'")
