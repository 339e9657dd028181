"""Small encoders and files of weights for the tests of models."""
from pathlib import Path

import torch
from torchvision.models import resnet18

from fnac_mm.models import DualEncoderLocalizer
from fnac_mm.registry import MODELS

# mmpretrain's ResNet-18, three narrow stages
TINY = dict(
    type='mmpretrain.ResNet',
    depth=18,
    num_stages=3,
    strides=(1, 2, 2),
    dilations=(1, 1, 1),
    out_indices=(2, ),
    stem_channels=8,
    base_channels=8)
TINY_AUDIO = dict(TINY, in_channels=1)
LOCALIZER = dict(
    type='fnac_mm.DualEncoderLocalizer',
    image_encoder=TINY,
    audio_encoder=TINY_AUDIO,
    embed_dims=16,
    image_dropout=0.0)


def small_localizer(**options) -> DualEncoderLocalizer:
    """The same weights each time."""
    torch.manual_seed(0)
    return MODELS.build(dict(LOCALIZER, **options))


def random_resnet18(seed: int = 0) -> torch.nn.Module:
    """torchvision's network with random weights and statistics."""
    torch.manual_seed(seed)
    model = resnet18(weights=None).eval()
    for name, buffer in model.named_buffers():
        if 'running_var' in name:
            buffer.copy_(torch.rand_like(buffer) + 0.5)
        elif 'running_mean' in name:
            buffer.copy_(0.1 * torch.randn_like(buffer))
    return model


def save_resnet18(folder: Path) -> Path:
    """A file like torchvision's, head included."""
    path = folder / 'resnet18.pth'
    torch.save(random_resnet18().state_dict(), path)
    return path


def torchvision_layer4(image: torch.Tensor) -> torch.Tensor:
    """Last stage of torchvision's own forward pass."""
    model = random_resnet18()
    features = []
    model.layer4.register_forward_hook(
        lambda module, args, output: features.append(output))
    with torch.no_grad():
        model(image)
    return features[0]
