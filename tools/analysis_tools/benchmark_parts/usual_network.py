"""A training step in plain PyTorch, as papers' code writes it.

Shape legend: B batch, S samples of sound, F frequency bins, T time frames.
"""
from typing import Callable, Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18

from .usual_loss import dense_losses, total


def _encoder(channels: int) -> nn.Sequential:
    """torchvision's ResNet-18 without its head."""
    network = resnet18(weights=None)
    network.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    return nn.Sequential(*list(network.children())[:-2])


class UsualNetwork(nn.Module):
    """Two encoders, dropout, projections, unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.audio = _encoder(3), _encoder(1)
        self.dropout = nn.Dropout(0.9)
        self.project_image = nn.Conv2d(512, 512, 1)
        self.project_audio = nn.Linear(512, 512)

    def forward(self, image: Tensor, audio: Tensor) -> tuple:
        """Unit features.

        Args:
            image (Tensor): (B, 3, H, W).
            audio (Tensor): (B, 1, F, T).

        Returns:
            tuple[Tensor, Tensor]: (B, 512, h, w) and (B, 512).
        """
        visual = self.project_image(self.dropout(self.image(image)))
        sound = self.audio(audio).flatten(2).amax(dim=2)
        return (F.normalize(visual, dim=1),
                F.normalize(self.project_audio(sound), dim=1))


def spectrogram(waveform: Tensor) -> Tensor:
    """Log power spectrogram, windows of 512 samples every 238.

    Args:
        waveform (Tensor): (B, S), 16 kHz.

    Returns:
        Tensor: (B, 1, F, T), over 12.
    """
    window = torch.hann_window(512, device=waveform.device)
    found = torch.stft(
        waveform, 512, 238, window=window, center=False, return_complex=True)
    power = found.abs().square() / (16000 * window.square().sum())
    return torch.log(power + 1e-7)[:, None] / 12


def usual_step(batch: Dict[str, Tensor], device: str) -> Callable[[], object]:
    """A training step: Adam, dense loss, float32.

    Args:
        batch (dict[str, Tensor]): image, uint8 (B, 3, H, W), and waveform
            (B, S).
        device (str): Where to train.

    Returns:
        Callable: The step.
    """
    model = UsualNetwork().to(device).train()
    optimizer = torch.optim.Adam(
        model.parameters(), lr=1e-4, weight_decay=1e-4)
    mean = torch.tensor([123.675, 116.28, 103.53], device=device)
    std = torch.tensor([58.395, 57.12, 57.375], device=device)

    def step() -> float:
        image = batch['image'].to(device).float()
        image = (image - mean[:, None, None]) / std[:, None, None]
        audio = spectrogram(batch['waveform'].to(device))
        loss = total(dense_losses(*model(image, audio)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
