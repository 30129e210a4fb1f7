"""Write a trained model as ONNX, with what a reader needs to know of it."""

from __future__ import annotations

import inspect
import json
import math
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmwing.config.looks import looks_of
from mmwing.datasets.face import SyntheticFaceDataset
from mmwing.files import check_file, write_bytes
from mmwing.runtime.crops import Crop
from mmwing.runtime.onnx_landmarker import FORMAT
from mmwing.version import __version__
from mmwing.walk import type_name

from ..box_convention import OTHER_BOX
from ..checkpoint_config import find_test_pipeline
from ..model_card import UNKNOWN_LICENCE
from ..models import load_model, plain_metainfo
from .network import LandmarkNetwork

#: What a file takes: crops that OpenCV has cut, or an image with boxes, which the file
#: crops for itself.
INPUTS = ('crops', 'image')

#: GridSample needs 16, LayerNormalization 17.
OPSET = 17
_DYNAMO_OPSET = 20

#: Largest difference from PyTorch that is not an error, in pixels of the crop.
TOLERANCE = 1e-3

# Of these, half precision saves nothing.
_FEW = 1024
_NUM_TRIALS = 4
# Transforms of test pipelines that move no pixel of an image without annotations.
_NOTHING = ('LoadImage', 'PackPoseInputs', 'mmwing.LoadCachedImage',
            'mmwing.RemoveLabelOffset')


@dataclass(frozen=True)
class Exported:
    """An ONNX file that was written.

    Attributes:
        path: The file.
        size: Of the file, in bytes.
        difference: Largest difference from PyTorch on painted faces, in pixels of the
            crop.
    """

    path: Path
    size: int
    difference: float


def export_onnx(model: str | os.PathLike | nn.Module, out: str | os.PathLike, *,
                config: str | os.PathLike | Config | None = None,
                inputs: str = 'crops', flip_test: bool | None = None,
                fp16: bool = False, dynamo: bool = False,
                overwrite: bool = False) -> Exported:
    """Write a model as ONNX: one graph with normalisation, flip test and cascade.

    Inputs are ``crops`` (N, h, w, 3) uint8 in BGR; or ``image`` (H, W, 3) uint8 in BGR
    and ``boxes`` (N, 4) float, x1, y1, x2, y2, at least one. Outputs are ``keypoints``
    (N, K, 2) in pixels of the crops or of the image, and ``scores`` (N, K) if the
    model has scores; regression of coordinates without ``confidence`` has none. N may
    be any number. The metadata of the file say what its landmarks are and how it was
    cropped.

    Args:
        model: As for :class:`mmwing.FaceLandmarker`.
        out: The file, ``NAME.onnx``.
        config: As for :class:`mmwing.FaceLandmarker`.
        inputs: ``'crops'`` or ``'image'``.
        flip_test: Whether a face and its mirror image are averaged. By default as the
            config says.
        fp16: Store weights in half precision; computation stays in float32.
        dynamo: Use the exporter that is PyTorch's default since 2.9. It needs
            ``onnxscript``, is slower, and writes opset 20; for ``crops`` alone.
        overwrite: Replace a file that is there.

    Returns:
        What was written.

    Raises:
        FileNotFoundError: If there is no such model.
        FileExistsError: If there is such a file.
        ValueError: If the model does not regress coordinates, its pipeline crops in a
            way that has no counterpart, the newer exporter cannot write it, or an
            argument is out of range.
        RuntimeError: If the file computes something else than PyTorch.
        ImportError: If a package is missing.
        OSError: If the file cannot be written.
    """
    _require('onnx', 'onnxruntime', *(['onnxscript'] if dynamo else []))
    out = Path(out)
    if inputs not in INPUTS:
        raise ValueError(f'inputs must be one of {INPUTS}, got {inputs!r}')
    if dynamo and inputs == 'image':
        raise ValueError("inputs='image' cannot be added to what the newer exporter "
                         "writes: leave dynamo out, or take inputs='crops'")
    if out.suffix != '.onnx':
        raise ValueError('the name of an ONNX file must end in .onnx, got '
                         f'{str(out)!r}')
    if out.exists() and not overwrite:
        raise FileExistsError(f'{out} exists: --overwrite replaces it')
    check_file(out)
    if not isinstance(model, nn.Module):
        model = load_model(model, config, 'cpu')
    # MMPose's models have more than nn.Module.
    found: Any = model
    if flip_test is None:
        flip_test = bool((found.test_cfg or {}).get('flip_test', False))
    network = LandmarkNetwork(found, flip_test).eval()
    crop = crop_of(find_test_pipeline(found.cfg))
    if crop.size != network.input_size:
        raise ValueError(f'the pipeline crops to {crop.size} pixels, but the model is '
                         f'for {network.input_size}')
    with DefaultScope.overwrite_default_scope(found.cfg.get('default_scope', 'mmpose')):
        proto = network_to_onnx(network, dynamo=dynamo)
    return _finish(proto, network, crop, found, out, inputs, fp16)


def _finish(proto: Any, network: LandmarkNetwork, crop: Crop, model: Any, out: Path,
            inputs: str, fp16: bool) -> Exported:
    import onnx

    from .front import with_crops
    from .half import store_half

    if fp16:
        proto = store_half(proto, _FEW)
    difference = largest_difference(proto, network, crop)
    if not math.isfinite(difference):
        raise RuntimeError('landmarks of painted faces are not finite: a weight is NaN '
                           'or infinite' + ', or too large for half precision' * fp16)
    if difference > TOLERANCE and not fp16:
        raise RuntimeError(f'the ONNX graph differs from PyTorch by {difference:.3g} '
                           'pixels on painted faces; try the other exporter (--dynamo)')
    if inputs == 'image':
        proto = with_crops(proto, crop)
    proto.producer_name, proto.producer_version = 'mmwing', __version__
    card = getattr(model, 'card', {})
    _describe(proto, {
        'inputs': inputs, 'input_size': list(crop.size), 'widen': crop.widen,
        'antialias': crop.antialias, 'flip_test': network.flip_test,
        'looks': looks_of(model.cfg),
        'boxes': card.get('boxes', OTHER_BOX),
        'licence': card.get('licence', UNKNOWN_LICENCE),
        'dataset_meta': plain_metainfo(model.dataset_meta)})
    onnx.checker.check_model(proto, full_check=True)
    data = proto.SerializeToString()
    write_bytes(out, data)
    return Exported(out, len(data), difference)


def _describe(proto: Any, metadata: Mapping[str, Any]) -> None:
    del proto.metadata_props[:]
    for key, value in (('mmwing_format', FORMAT), *(
            (key, json.dumps(value)) for key, value in metadata.items())):
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value


def network_to_onnx(network: LandmarkNetwork, dynamo: bool = False) -> Any:
    """The graph of a network, from ``crops`` to ``keypoints`` and maybe ``scores``.

    Args:
        network: The network, in evaluation mode.
        dynamo: Use PyTorch's newer exporter. The older one is in every PyTorch from
            2.6 on, and needs no further package.

    Returns:
        onnx.ModelProto: The number of crops may change.

    Raises:
        ValueError: If the newer exporter cannot write it.
    """
    import onnx

    width, height = network.input_size
    # Two, because exporters take a dimension of one for a constant.
    example = torch.zeros(2, height, width, 3, dtype=torch.uint8)
    names = ['keypoints', *(['scores'] if network.has_scores else [])]
    with warnings.catch_warnings(), torch.no_grad():
        # Of constants that the trace keeps, and of the exporter's age.
        warnings.simplefilter('ignore')
        if dynamo or 'dynamo' not in inspect.signature(torch.onnx.export).parameters:
            try:
                program = torch.onnx.export(
                    network, (example, ), input_names=['crops'], output_names=names,
                    dynamo=True, opset_version=_DYNAMO_OPSET,
                    dynamic_shapes=({0: torch.export.Dim('N')}, ), verbose=False)
            except torch.onnx.OnnxExporterError as error:
                # That of PyTorch 2.6 does not get on with today's onnxscript.
                raise ValueError(
                    f'the newer exporter of PyTorch {torch.__version__} with '
                    f'onnxscript {version("onnxscript")} cannot write this model '
                    f'({_cause(error)}): export it without --dynamo, or try another '
                    'PyTorch') from error
            assert program is not None
            return program.model_proto
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'network.onnx')
            torch.onnx.export(
                network, (example, ), path, input_names=['crops'], output_names=names,
                dynamo=False, opset_version=OPSET,
                dynamic_axes={name: {0: 'N'} for name in ('crops', *names)})
            return onnx.load(path)


def _cause(error: BaseException) -> str:
    """What began a chain of errors, in one line: the exporters word pages."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).splitlines() or ['']
    return f'{type(error).__name__}: {lines[0]}'


def largest_difference(proto: Any, network: LandmarkNetwork, crop: Crop) -> float:
    """Between ONNX Runtime and PyTorch on painted faces, in pixels of the crop."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), options, ['CPUExecutionProvider'])
    painted = SyntheticFaceDataset(num_samples=_NUM_TRIALS, seed=1, bbox_scale=1.)
    faces = [painted.get_data_info(index) for index in range(_NUM_TRIALS)]
    crops = np.stack([crop.cut(face['img'], face['bbox'][0]) for face in faces])
    with torch.no_grad():
        expected = network(torch.from_numpy(crops))[0].numpy()
    return float(np.abs(session.run(None, {'crops': crops})[0] - expected).max())


def crop_of(pipeline: Sequence[Mapping]) -> Crop:
    """How a test pipeline cuts faces.

    Raises:
        ValueError: If it has a transform that :class:`mmwing.runtime.crops.Crop` does
            not know, or does not crop.
    """
    widen, crop = 1., None
    for transform in pipeline:
        kind = type_name(transform)
        if kind == 'GetBBoxCenterScale':
            widen *= transform.get('padding', 1.25)
        elif kind == 'mmwing.FaceContext':
            widen *= transform['factor']
        elif kind in ('mmwing.FaceAffine', 'TopdownAffine') and not transform.get(
                'use_udp', False):
            width, height = transform['input_size']
            crop = Crop((width, height), widen, kind == 'mmwing.FaceAffine'
                        and transform.get('antialias', True))
        elif kind not in _NOTHING:
            raise ValueError(f'the test pipeline has {kind}, which has no counterpart '
                             'outside of PyTorch')
    if crop is None:
        raise ValueError('the test pipeline crops no faces: it has neither '
                         'mmwing.FaceAffine nor TopdownAffine')
    return crop


def _require(*packages: str) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise ImportError(f'the export needs {", ".join(missing)}: pip install '
                          f'"mmwing[onnx]", or pip install {" ".join(missing)}')
