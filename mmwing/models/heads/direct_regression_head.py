"""Regress landmark coordinates with fully connected layers."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
import torch
from mmengine.model import Sequential as InitSequential
from mmpose.models.heads import RegressionHead
from mmpose.models.utils.tta import flip_coordinates
from torch import Tensor, nn

from mmwing.arguments import is_between, is_image_size, is_list, is_whole
from mmwing.models.data_preprocessors.face_samples import labels_of
from mmwing.models.mean_shape import HasMeanShape
from mmwing.models.units import losses_without_unit, set_loss_units
from mmwing.registry import MODELS

from .landmark_confidence import LandmarkConfidence

POOLS = ('flatten', 'avg')


@MODELS.register_module()
class DirectRegressionHead(HasMeanShape, RegressionHead):
    """Fully connected layers from features to landmark coordinates.

    With its defaults it computes what MMPose's ``RegressionHead`` computes, and reads
    and writes the same state dicts; only the loss is :class:`mmwing.WingLoss`. On
    top, each by choice: pooling, hidden layers (the FC-1024 of Feng et al., CVPR
    2018), an output that starts from the mean shape. It gives the loss the input
    size, so that residuals are in pixels, and keeps the accuracies it logs on the
    device.

    Coordinates are normalised by the input size as MMPose's: (x / w, y / h). The
    last layer runs in float32 under autocast, because a coordinate in bfloat16 is off
    by half a pixel at an input of 256 pixels.

    Args:
        in_channels (int | Sequence[int]): Features after pooling: C for vectors
            (N, C) and with ``pool='avg'``, C * H * W with ``pool='flatten'``. Of a
            sequence the last counts, as do the backbone's last maps.
        num_joints (int): Number of landmarks K.
        loss (dict): Config of the loss. A loss with an ``input_size`` of ``None``
            gets that of the head. Defaults to ``dict(type='mmwing.WingLoss')``.
        decoder (dict, optional): Config of the codec that turns the output into
            pixels. Defaults to ``None``.
        init_cfg (dict | list[dict], optional): Initialisation. Defaults to MMPose's
            for the output layer and He's for hidden ones. One that is given rules both.
        pool (str): What to do with maps (N, C, H, W): ``'flatten'``, as MMPose's
            head does, or ``'avg'`` over height and width. Vectors pass either.
        hidden_channels (int | Sequence[int], optional): Widths of hidden layers, each
            linear and ReLU; the paper's is 1024. Defaults to none.
        dropout (float): Probability to drop a feature after each hidden layer.
        mean_shape (array | str | Path, optional): Added to the output, so that the
            network learns the difference from it: coordinates normalised by the
            input size, (K, 2); a ``.json`` or ``.npy`` file with them
            (``mmwing mean-shape`` writes one); or ``'auto'``, with which
            :class:`mmwing.MeanShapeHook` computes it from the training set. It is
            stored in the checkpoint. Defaults to ``None``.
        input_size (Sequence[int], optional): (w, h) of the network input in pixels.
            Defaults to that of the decoder.
        confidence (dict, optional): Predict how far off each landmark is to be
            expected, and scores from that: arguments of
            :class:`mmwing.models.heads.LandmarkConfidence`, ``dict()`` for its
            defaults. Landmarks are the same with and without. Defaults to ``None``:
            scores are all 1, as in MMPose.

    Raises:
        ValueError: If an argument is out of range or two contradict each other.

    Example:
        >>> import mmwing, torch
        >>> codec = dict(type='mmwing.DirectRegressionLabel', input_size=(64, 64))
        >>> head = mmwing.DirectRegressionHead(
        ...     in_channels=512, num_joints=68, hidden_channels=128, decoder=codec)
        >>> head.loss_module.input_size  # so that Wing counts in pixels
        (64, 64)
        >>> head((torch.zeros(2, 32, 4, 4), )).shape  # normalised coordinates
        torch.Size([2, 68, 2])
    """

    def __init__(self,
                 in_channels: int | Sequence[int],
                 num_joints: int,
                 loss: dict | None = None,
                 decoder: dict | None = None,
                 init_cfg: dict | list[dict] | None = None,
                 pool: str = 'flatten',
                 hidden_channels: int | Sequence[int] | None = None,
                 dropout: float = 0.0,
                 mean_shape: np.ndarray | Sequence | str | PathLike | None = None,
                 input_size: Sequence[int] | None = None,
                 confidence: dict | None = None) -> None:
        if pool not in POOLS:
            raise ValueError(f'pool must be one of {POOLS}, got {pool!r}')
        if not is_between(dropout, 0, 1) or dropout == 1:
            raise ValueError(f'dropout must lie in [0, 1), got {dropout!r}')
        if not is_whole(num_joints, 1):
            raise ValueError('num_joints must be the number of landmarks, got '
                             f'{num_joints!r}')
        if is_list(in_channels) and len(in_channels):
            in_channels = in_channels[-1]
        hidden = (hidden_channels if is_list(hidden_channels) else
                  () if hidden_channels is None else (hidden_channels, ))
        if loss is None:
            loss = {'type': 'mmwing.WingLoss'}

        features = [in_channels, *hidden]
        if not all(is_whole(count, 1) for count in features):
            raise ValueError('in_channels and hidden_channels must be positive, got '
                             f'{in_channels!r} and {tuple(hidden)}')
        # MMPose's tiny weights suit an output layer, not what lies below ReLU.
        hidden_init = {'type': 'Kaiming', 'layer': 'Linear', 'mode': 'fan_in'}
        super().__init__(features[-1], num_joints, loss, decoder, init_cfg)
        self.in_channels = in_channels
        self.pool = pool
        layers: list[nn.Module] = []
        for fan_in, fan_out in zip(features[:-1], features[1:], strict=True):
            layers += [nn.Linear(fan_in, fan_out), nn.ReLU(inplace=True)]
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
        self.hidden = InitSequential(
            *layers, init_cfg=hidden_init if init_cfg is None else None)

        self.input_size = self._resolve_input_size(input_size)
        # Made once: a tensor that is made in each step synchronises with the GPU.
        self.register_buffer(
            'pixels', None if self.input_size is None else torch.tensor(
                self.input_size, dtype=torch.float32), persistent=False)
        set_loss_units(self)
        if mean_shape is None:
            # Not a buffer, so that state dicts stay those of MMPose's head.
            self.mean_shape = None
        else:
            self.register_mean_shape(mean_shape)
        # Last, so that the layers above start as they do without.
        self.confidence: LandmarkConfidence | None = None
        if confidence is not None:
            self._add_confidence(confidence)

    # ------------------------------------------------------------ confidence

    def _add_confidence(self, confidence: dict, local_channels: int = 0) -> None:
        if self.input_size is None:
            raise ValueError('confidence counts in pixels: give the head a decoder '
                             '(the codec), or input_size=(w, h)')
        # Whatever is drawn after it, here and in training, is drawn as without.
        with torch.random.fork_rng(devices=[]):
            branch = LandmarkConfidence(
                self.num_joints, self.fc.in_features, local_channels, self.input_size,
                **confidence)
        if branch.alone:
            self.requires_grad_(False)
        self.confidence = branch
        self.train(self.training)

    def init_weights(self) -> None:
        """Initialise all but the confidence, which is initialised as it is built.

        MMPose's rule for the output layer would reach it, and draw for it.
        """
        confidence, self.confidence = self.confidence, None
        super().init_weights()
        self.confidence = confidence

    def train(self, mode: bool = True) -> DirectRegressionHead:
        """Set the mode; beside a confidence that is trained alone, all else tests."""
        super().train(mode)
        confidence = getattr(self, 'confidence', None)
        if mode and confidence is not None and confidence.alone:
            for child in self.children():
                child.train(child is confidence)
        return self

    # ------------------------------------------------------------ input size

    def _resolve_input_size(
            self, explicit: Sequence[int] | None) -> tuple[float, float] | None:
        of_decoder = getattr(self.decoder, 'input_size', None)
        size = of_decoder if explicit is None else explicit
        if size is None:
            return None
        if not is_image_size(size):
            raise ValueError('input_size must be (w, h), two positive numbers, '
                             f'got {size!r}')
        if of_decoder is not None and tuple(size) != tuple(of_decoder):
            raise ValueError(
                f'input_size={tuple(size)} of the head contradicts the decoder, whose '
                f'input_size is {tuple(of_decoder)}; leave that of the head out')
        width, height = size
        return width, height

    def _check_crops(self, batch_data_samples: list) -> None:
        """See that the pipeline cuts what the head is for, under any script."""
        cut = (batch_data_samples[0].metainfo.get('input_size')
               if batch_data_samples else None)
        if cut is None or self.input_size is None or tuple(cut) == self.input_size:
            return
        raise ValueError(
            f'the pipeline crops faces to {tuple(cut)} pixels (input_size of '
            f'FaceAffine or TopdownAffine), but the head is for {self.input_size} '
            '(input_size of its decoder): set both to the same size')

    # ------------------------------------------------------------ mean shape

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args,
                              **kwargs) -> None:
        """Load, and keep the outputs of a checkpoint with another mean-shape choice.

        ``fc.bias + mean_shape`` is what counts. A checkpoint without a mean shape,
        one of MMPose's head for instance, has one of zero; a head without one takes
        that of the checkpoint into its bias.
        """
        key, bias = f'{prefix}mean_shape', f'{prefix}fc.bias'
        fits = bias in state_dict and state_dict[bias].shape == self.fc.bias.shape
        if self.mean_shape is not None and key not in state_dict and fits:
            state_dict[key] = torch.zeros_like(self.mean_shape)
        elif self.mean_shape is None and key in state_dict and fits:
            state_dict[bias] = state_dict[bias] + state_dict.pop(key).flatten()
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)

    # --------------------------------------------------------------- forward

    def forward(self, feats: tuple[Tensor, ...] | Tensor) -> Tensor:
        """Predict the coordinates.

        Args:
            feats (tuple[Tensor] | Tensor): The backbone's maps, of which the last,
                (N, C, H, W) or (N, C), counts; or that one alone.

        Returns:
            Tensor: Coordinates normalised by the input size, (N, K, 2).

        Raises:
            ValueError: If the features are not the ``in_channels`` of the head.
        """
        return self._regress(feats)[0][-1]

    def forward_with_errors(
            self, feats: tuple[Tensor, ...] | Tensor) -> tuple[Tensor, Tensor]:
        """Predict the coordinates, and how far off each landmark is to be expected.

        Args:
            feats (tuple[Tensor] | Tensor): See :meth:`forward`.

        Returns:
            tuple[Tensor, Tensor]: What :meth:`forward` returns; and the mean distance
            to be expected between landmark and truth, in pixels of the input, (N, K).

        Raises:
            RuntimeError: If the head was built without ``confidence``.
        """
        if self.confidence is None:
            raise RuntimeError('the head was built without confidence; build it with '
                               'confidence=dict()')
        steps, evidence = self._regress(feats)
        expected = self.confidence(*evidence).exp() * self.confidence.calibration
        return steps[-1], expected

    def _regress(self, feats: tuple[Tensor, ...] | Tensor
                 ) -> tuple[list[Tensor], tuple[Tensor, ...]]:
        """Coordinates (N, K, 2), from the first guess on; and what they came from.

        The latter are the arguments of :meth:`LandmarkConfidence.forward`.
        """
        x = feats if isinstance(feats, Tensor) else feats[-1]
        if not torch.jit.is_tracing():
            self._check_features(x)
        if self.pool == 'avg' and x.ndim == 4:
            x = x.mean(dim=(2, 3))
        x = self.hidden(torch.flatten(x, 1))
        with torch.autocast(x.device.type, enabled=False):
            output = self.fc(x.to(self.fc.weight.dtype))
        coords = output.reshape(-1, self.num_joints, 2)
        if self.mean_shape is not None:
            coords = coords + self.mean_shape
        return [coords], (x, )

    def _check_features(self, x: Tensor) -> None:
        flat = x.shape[1:].numel()
        after = x.shape[1] if self.pool == 'avg' and x.ndim == 4 else flat
        if after == self.in_channels:
            return
        message = (f'the head was built with in_channels={self.in_channels}, but gets '
                   f'features of the shape {tuple(x.shape)}')
        if x.ndim == 4:
            message += (f": set in_channels={x.shape[1]} with pool='avg', or "
                        f"in_channels={flat} with pool='flatten'")
        else:
            message += f': set in_channels={flat}'
        raise ValueError(f'{message} (pool is {self.pool!r})')

    # ------------------------------------------------------------------ loss

    def loss(self,
             feats: tuple[Tensor, ...] | Tensor,
             batch_data_samples: list,
             train_cfg: dict | None = None) -> dict[str, Tensor]:
        """Compute the loss, and what tells a person how training goes.

        Args:
            feats (tuple[Tensor] | Tensor): See :meth:`forward`.
            batch_data_samples (list[PoseDataSample]): With ``keypoint_labels`` and
                ``keypoint_weights`` in ``gt_instance_labels``.
            train_cfg (dict, optional): Not used; MMPose's signature.

        Returns:
            dict[str, Tensor]: ``loss_kpt``; with ``confidence`` ``loss_confidence``,
            the negative log-likelihood of the errors; ``acc_pose``, the share of
            landmarks off by less than 5 % of the input size, as MMPose's head logs;
            with a known input size also ``error_px``, the mean distance in pixels of
            the input, and ``nme_landmark_box_sqrt_area``, the mean over faces of that
            distance divided by the root of the area of the face's landmark box.
            Scalars.

        Raises:
            ValueError: If labels and head differ in the number of landmarks.
            RuntimeError: If the loss needs an input size and there is none, or the
                mean shape has not been computed; or if the confidence is to be trained
                alone and the backbone is not frozen.
        """
        self._require_training_setup()
        steps, evidence = ((self._steps(feats), ()) if self.confidence is None
                           else self._regress(feats))
        target, weight = self._collect_labels(batch_data_samples)
        losses = {name: self.loss_module(pred, target, weight.unsqueeze(-1))
                  for name, pred in self._named(steps)}
        pred = steps[-1].detach()
        losses.update(self._confidence_loss(pred, evidence, target, weight))
        return {**losses, **self._accuracies(pred, target, weight)}

    def _steps(self, feats: tuple[Tensor, ...] | Tensor) -> list[Tensor]:
        """What has a loss: :meth:`forward`, which a derived head may have changed."""
        return [self.forward(feats)]

    def _named(self, steps: list[Tensor]) -> list[tuple[str, Tensor]]:
        """What has a loss of its own, by the name of the loss."""
        return [('loss_kpt', pred) for pred in steps]

    def _confidence_loss(self, pred: Tensor, evidence: tuple[Tensor, ...],
                         target: Tensor, weight: Tensor) -> dict[str, Tensor]:
        if self.confidence is None:
            return {}
        if self.confidence.alone and evidence[0].requires_grad:
            raise RuntimeError(
                'confidence=dict(alone=True) trains nothing but the confidence, but '
                'the backbone is being trained: freeze it, for WingCNN and ResNet by '
                'frozen_stages (all of its stages) and norm_eval=True')
        known, residual = _known_residuals(pred, target, weight)
        return {'loss_confidence': self.confidence.loss(
            self.confidence(*evidence), residual * self.pixels, known)}

    def _require_training_setup(self) -> None:
        # Once: to look at the mean shape, on the device, synchronises with the GPU.
        if getattr(self, '_training_setup_checked', False):
            return
        self.require_mean_shape()
        waiting = losses_without_unit(self)
        if waiting:
            names = sorted({type(loss).__name__ for loss in waiting})
            raise RuntimeError(
                f'{", ".join(names)} is in pixels and needs the input size: give the '
                'head a decoder (the codec), or input_size=(w, h)')
        self._training_setup_checked = True

    def _collect_labels(self, batch_data_samples: list) -> tuple[Tensor, Tensor]:
        """Labels (N, K, 2) and weights (N, K) of a batch."""
        self._check_crops(batch_data_samples)
        labels, weights = labels_of(batch_data_samples)
        for label, sample in zip(labels, batch_data_samples, strict=False):
            if label.shape[1] != self.num_joints:
                name = sample.metainfo.get('img_path', 'a sample')
                raise ValueError(
                    f'{name} is annotated with {label.shape[1]} landmarks, but the '
                    f'head has num_joints={self.num_joints}: set num_joints to the '
                    "data set's number, or choose another data set")
        return torch.cat(labels), torch.cat(weights)

    @torch.no_grad()
    def _accuracies(self, pred: Tensor, target: Tensor,
                    weight: Tensor) -> dict[str, Tensor]:
        known, residual = _known_residuals(pred, target, weight)
        # MMPose's PCK: per landmark over the batch, then over landmarks that occur.
        hits = (residual.norm(dim=-1) < 0.05) & known
        occurs = known.any(dim=0)
        per_landmark = hits.sum(dim=0) / known.sum(dim=0).clamp(min=1)
        accuracies = {'acc_pose': per_landmark.sum() / occurs.sum().clamp(min=1)}
        if self.pixels is None:
            return accuracies

        distance = (residual * self.pixels).norm(dim=-1)  # (N, K), 0 where not known
        count = known.sum(dim=1)
        accuracies['error_px'] = distance.sum() / count.sum().clamp(min=1)
        high = torch.where(known.unsqueeze(-1), target, -torch.inf).amax(dim=1)
        low = torch.where(known.unsqueeze(-1), target, torch.inf).amin(dim=1)
        box = ((high - low) * self.pixels).prod(dim=-1).sqrt()  # (N,)
        usable = (count > 0) & (box > 0)
        nme = distance.sum(dim=1) / count.clamp(min=1) / torch.where(usable, box, 1)
        nme = torch.where(usable, nme, 0)
        accuracies['nme_landmark_box_sqrt_area'] = nme.sum() / usable.sum().clamp(min=1)
        return accuracies

    # --------------------------------------------------------------- predict

    def predict(self,
                feats: Any,
                batch_data_samples: list,
                test_cfg: dict | None = None) -> list:
        """Predict landmarks in pixels of the network input.

        Args:
            feats (tuple[Tensor] | Tensor | list): See :meth:`forward`; with
                ``flip_test`` a list of those of the images and of the images
                mirrored.
            batch_data_samples (list[PoseDataSample]): The samples. ``flip_test``
                needs ``flip_indices`` in their meta information.
            test_cfg (dict, optional): ``flip_test`` averages with the prediction on
                the mirrored image, which is mirrored back by x -> w - 1 - x.
                ``shift_coords=False`` makes that w - x, as in MMPose, one pixel off.

        Returns:
            list[InstanceData]: ``keypoints`` (1, K, 2) and ``keypoint_scores`` (1, K);
            with ``confidence`` the latter are those of
            :meth:`LandmarkConfidence.score`, and ``keypoint_errors`` (1, K) are the
            distances to be expected between landmark and truth, in pixels of the
            network input (the mean of both with ``flip_test``).

        Raises:
            ValueError: If ``flip_test`` lacks what it needs, or the pipeline crops to
                another size than the head is for.
            RuntimeError: If the mean shape has not been computed.
        """
        self.require_mean_shape()
        self._check_crops(batch_data_samples)
        test_cfg = test_cfg or {}
        if test_cfg.get('flip_test', False):
            coords, *expected = self._predict_flip_test(
                feats, batch_data_samples, test_cfg.get('shift_coords', True))
        else:
            coords, *expected = self._predict_one(feats)
        instances = self.decode(coords.unsqueeze(1))
        if self.confidence is not None:
            errors = expected[0].unsqueeze(1)
            for instance, error, score in zip(
                    instances, errors.cpu().numpy(),
                    self.confidence.score(errors).cpu().numpy(), strict=True):
                instance.keypoint_scores, instance.keypoint_errors = score, error
        return instances

    def _predict_one(self, feats: tuple[Tensor, ...] | Tensor) -> tuple[Tensor, ...]:
        """Coordinates and, with a confidence, the errors to be expected."""
        if self.confidence is None:
            return (self.forward(feats), )
        return self.forward_with_errors(feats)

    def _predict_flip_test(self, feats: Any, batch_data_samples: list,
                           shift_coords: bool) -> tuple[Tensor, ...]:
        if not isinstance(feats, list) or len(feats) != 2:
            raise ValueError('flip_test needs a list of two: the features of the '
                             'images and of the mirrored images')
        metainfo = batch_data_samples[0].metainfo
        flip_indices = metainfo.get('flip_indices')
        if flip_indices is None:
            raise ValueError(
                "flip_test needs 'flip_indices', which pairs left and right "
                'landmarks, in the meta information of the samples: keep it in '
                'meta_keys of PackPoseInputs, or set flip_test=False')
        if len(flip_indices) != self.num_joints:
            raise ValueError(
                f'flip_indices pairs {len(flip_indices)} landmarks, but the head has '
                f'num_joints={self.num_joints}: the data set is not the one that the '
                'head was made for')
        input_size = metainfo.get('input_size', self.input_size)
        if input_size is None:
            raise ValueError("flip_test needs the input size: keep 'input_size' in "
                             'meta_keys of PackPoseInputs, or give the head a decoder')
        coords, *expected = self._predict_one(feats[0])
        mirrored, *of_mirrored = self._predict_one(feats[1])
        mirrored = flip_coordinates(mirrored, flip_indices=list(flip_indices),
                                    shift_coords=shift_coords,
                                    input_size=input_size)
        # A preprocessor that pads on the right mirrors the padding, too.
        width = input_size[0]
        padded_width = metainfo.get('batch_input_shape', (0, width))[1]
        mirrored[..., 0] += (padded_width - width) / width
        return ((coords + mirrored) * 0.5, *(
            (of_image + of_mirror[:, list(flip_indices)]) * 0.5
            for of_image, of_mirror in zip(expected, of_mirrored, strict=True)))


def _known_residuals(pred: Tensor, target: Tensor,
                     weight: Tensor) -> tuple[Tensor, Tensor]:
    """Which landmarks are annotated (N, K); residuals (N, K, 2), 0 for the others."""
    known = (weight > 0) & target.isfinite().all(dim=-1)
    return known, torch.where(known.unsqueeze(-1), pred - target, 0)
