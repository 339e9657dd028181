"""The network of EZ-VSL and FNAC: one encoder for each modality."""
from typing import Dict, List, Optional, Tuple, Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModel
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fnac_mm.functional import localization_map
from fnac_mm.models.data_preprocessor import AVDataPreprocessor
from fnac_mm.models.pretrained import is_pretrained, load_pretrained
from fnac_mm.registry import MODELS
from fnac_mm.structures import AVDataSample
from .feature_map import check_map, last_map, map_channels
from .micro_batch import encode_in_parts

Losses = Dict[str, Tensor]
Features = Tuple[Tensor, Tensor]

# Samples that a processor encodes at once where no gradient is wanted.
ON_HOST = 8


def _unit(features: Tensor) -> Tensor:
    """Unit length over dimension 1, in float32 at least."""
    if features.dtype in (torch.float16, torch.bfloat16):
        features = features.float()
    return F.normalize(features, dim=1)


def _init_as_published(module: nn.Module) -> None:
    """Initialisation of EZ-VSL, which FNAC kept; biases stay torch's."""
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(
                m.weight, mode='fan_out', nonlinearity='relu')
        elif isinstance(m, nn.Linear):
            nn.init.trunc_normal_(m.weight, std=0.01)
        elif isinstance(m, (_BatchNorm, nn.GroupNorm)):
            nn.init.normal_(m.weight, mean=1, std=0.02)
            nn.init.zeros_(m.bias)


@MODELS.register_module()
class DualEncoderLocalizer(BaseModel):
    """Compare every position of a picture with a sound.

    Picture: encoder, dropout, 1x1 convolution. Sound: encoder, maximum over
    positions, dropout, linear layer. Both are normalised to unit length over
    channels. The defaults are the published ones.

    Shape legend: B batch, C channels, (H, W) pixels, (h, w) positions, F
    frequency bins, T time frames.

    Args:
        image_encoder (dict): Config of a backbone that maps (B, 3, H, W) to
            a tuple of feature maps, of which the last is used; any of
            mmpretrain's convolutional ones.
        audio_encoder (dict): The same for (B, 1, F, T) (``in_channels=1``).
            Unless it has an ``init_cfg``, it is initialised as published.
        embed_dims (int): C. Defaults to 512.
        image_dropout (float): Of single elements, before the projection.
            Defaults to 0.9.
        audio_dropout (float): The same for the sound. Defaults to 0.
        image_channels (int, optional): Channels of the image encoder's last
            map. None (default) tries the encoder on a small picture.
        audio_channels (int, optional): The same for the audio encoder.
        loss (dict, optional): Config of a module (visual, audio) -> dict of
            scalars. Defaults to ``FNACLoss``.
        object_prior (dict, optional): Config of a module image -> (B, h, w)
            for object-guided localisation, such as ``ObjectPrior``.
        return_features (bool): Whether predictions carry the features of
            picture and sound (some 100 kB a sample), of which metrics make
            retrieval scores and the baseline of shuffled sounds. Defaults to
            True.
        micro_batch_size (int, optional): Gradient caching: the encoders see
            this many samples at once, the loss the whole batch. Costs a
            second forward pass of the encoders. None (default): all at once.
        channels_last (bool): Memory format of the encoders, faster on GPUs
            in mixed precision. Defaults to False.
        compile_encoders (bool | dict): Whether to ``torch.compile`` the
            encoders, or its arguments. Defaults to False. Neither this nor
            the format changes a checkpoint.
        data_preprocessor (dict, optional): Defaults to
            ``AVDataPreprocessor``.
        init_cfg (dict, optional): ``Pretrained`` fills the whole model.

    Raises:
        ValueError: If an encoder gives no feature map, or
            ``micro_batch_size`` < 1.
    """

    def __init__(self,
                 image_encoder: dict,
                 audio_encoder: dict,
                 embed_dims: int = 512,
                 image_dropout: float = 0.9,
                 audio_dropout: float = 0.0,
                 image_channels: Optional[int] = None,
                 audio_channels: Optional[int] = None,
                 loss: Optional[dict] = None,
                 object_prior: Optional[dict] = None,
                 return_features: bool = True,
                 micro_batch_size: Optional[int] = None,
                 channels_last: bool = False,
                 compile_encoders: Union[bool, dict] = False,
                 data_preprocessor: Optional[dict] = None,
                 init_cfg: Optional[dict] = None) -> None:
        super().__init__(
            data_preprocessor or dict(type='fnac_mm.AVDataPreprocessor'),
            init_cfg)
        self.image_encoder = MODELS.build(image_encoder)
        self.audio_encoder = MODELS.build(audio_encoder)
        self._published_audio_init = 'init_cfg' not in audio_encoder
        self.image_dropout = nn.Dropout(image_dropout)
        self.audio_dropout = nn.Dropout(audio_dropout)
        self.image_projection = nn.Conv2d(
            image_channels or map_channels(self.image_encoder, 'image'),
            embed_dims, 1)
        self.audio_projection = nn.Linear(
            audio_channels or map_channels(self.audio_encoder, 'audio'),
            embed_dims)
        self.loss_module = MODELS.build(loss or dict(type='fnac_mm.FNACLoss'))
        self.object_prior: Optional[nn.Module] = (
            MODELS.build(object_prior) if object_prior else None)
        self.return_features = return_features
        if micro_batch_size is not None and micro_batch_size < 1:
            raise ValueError('micro_batch_size must be at least 1, got '
                             f'{micro_batch_size}')
        self.micro_batch_size = micro_batch_size
        self.memory_format = torch.channels_last if channels_last \
            else torch.preserve_format
        for encoder in (self.image_encoder, self.audio_encoder):
            encoder.to(memory_format=self.memory_format)
            if compile_encoders is not False:
                encoder.compile(**(
                    compile_encoders if compile_encoders is not True else {}))

    def init_weights(self) -> None:
        """Initialise as published; read pretrained weights.

        Raises:
            FileNotFoundError: If a file of weights is missing.
            RuntimeError: If weights can't be downloaded; the message says
                how to give a local file.
            ValueError: If a file of weights is unsafe or does not fit.
        """
        # A second call must not undo what has been trained since the first.
        if not self.is_init and is_pretrained(self):
            load_pretrained(self, 'model')
        elif not self.is_init:
            for name in ('image_encoder', 'audio_encoder'):
                if is_pretrained(getattr(self, name)):
                    load_pretrained(getattr(self, name), f'model.{name}')
            if self._published_audio_init:
                _init_as_published(self.audio_encoder)
                self.audio_encoder.is_init = True
            _init_as_published(self.image_projection)
            _init_as_published(self.audio_projection)
            super().init_weights()

    def forward(
            self,
            inputs: Dict[str, Tensor],
            data_samples: Optional[List[AVDataSample]] = None,
            mode: str = 'tensor'
    ) -> Union[Features, Losses, List[AVDataSample]]:
        """Features, losses or predictions.

        Args:
            inputs (dict): Preprocessed ``image`` (B, 3, H, W) and ``audio``
                (B, 1, F, T).
            data_samples (list[AVDataSample], optional): B samples.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            tuple | dict | list: Unit features visual (B, C, h, w) and audio
            (B, C); or the losses by name; or the samples, with ``pred_map``
            (cosines), the features and, with an object prior,
            ``pred_object_map``.

        Raises:
            ValueError: If ``mode`` is unknown, or an encoder's output is not
                what the projections expect.
        """
        if mode == 'tensor':
            return self.extract_feat(inputs)
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError("mode must be 'tensor', 'loss' or 'predict', got "
                         f'{mode!r}')

    def _encode(self, modality: str, inputs: Tensor, channels: int) -> Tensor:
        """Last feature map of an encoder."""
        encoder = getattr(self, f'{modality}_encoder')

        size, layout = self.micro_batch_size, self.memory_format
        fast = inputs.device.type == 'cpu' and not encoder.training
        if fast and not torch.is_grad_enabled():
            # Few at a time stay in the cache: 0.7 times the time.
            layout = torch.channels_last

        def encode(rows: Tensor) -> Tensor:
            return last_map(encoder(rows.to(memory_format=layout)))

        if not torch.is_grad_enabled():
            parts = inputs.split(ON_HOST) if fast else [inputs]
            features = torch.cat([encode(part) for part in parts])
        elif size is None or size >= len(inputs):
            features = encode(inputs)
        else:
            features = encode_in_parts(encode, encoder, inputs, size)
        check_map(features, modality, encoder, channels)
        return features

    def extract_feat(self, inputs: Dict[str, Tensor]) -> Features:
        """Unit features, float32 at least; see :meth:`forward`."""
        visual = self._encode('image', inputs['image'],
                              self.image_projection.in_channels)
        visual = self.image_projection(self.image_dropout(visual))
        audio = self._encode('audio', inputs['audio'],
                             self.audio_projection.in_features)
        audio = audio.flatten(2).max(dim=2)[0]
        audio = self.audio_projection(self.audio_dropout(audio))
        return _unit(visual), _unit(audio)

    def loss(self,
             inputs: Dict[str, Tensor],
             data_samples: Optional[List[AVDataSample]] = None) -> Losses:
        """Losses of a batch; see :meth:`forward`."""
        return self.loss_module(*self.extract_feat(inputs))

    def _object_maps(self, prior: nn.Module, image: Tensor) -> Tensor:
        """(B, h, w), from pictures as the prior needs them."""
        needs = getattr(prior, 'image_normalization', None)
        if needs and isinstance(self.data_preprocessor, AVDataPreprocessor):
            image = self.data_preprocessor.renormalize(image, *needs)
        return prior(image)

    @torch.no_grad()
    def predict(
        self,
        inputs: Dict[str, Tensor],
        data_samples: Optional[List[AVDataSample]] = None
    ) -> List[AVDataSample]:
        """Maps of a batch, at the encoder's resolution; see :meth:`forward`.

        ``data_samples`` are filled in place, and made if absent.
        """
        visual, audio = self.extract_feat(inputs)
        maps = localization_map(visual, audio)
        samples = data_samples or [AVDataSample() for _ in maps]
        objects = [None] * len(maps) if self.object_prior is None \
            else self._object_maps(self.object_prior, inputs['image'])
        for sample, *prediction in zip(samples, maps, objects):
            sample.set_pred_map(*prediction)
        if self.return_features:
            for sample, *features in zip(samples, visual, audio):
                sample.set_features(*features)
        return samples
