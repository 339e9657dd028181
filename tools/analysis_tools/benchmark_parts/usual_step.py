"""Loss and training step in plain PyTorch, as papers' code writes them.

Shape legend: B pairs, C channels, (h, w) positions, S samples of sound, F
frequency bins, T time frames.
"""
from typing import Callable, Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet18

WEIGHTS = dict(contrastive=1, fns_audio=100, tne=100, fns_visual=100)


def total(losses: Dict[str, Tensor]) -> Tensor:
    """Weighted sum, as published."""
    return torch.stack([w * losses[k] for k, w in WEIGHTS.items()]).sum()


def dense_losses(visual: Tensor,
                 audio: Tensor,
                 temperature: float = 0.03,
                 threshold: float = 0.6) -> Dict[str, Tensor]:
    """The four terms from all B x B x h x w similarities.

    Of visual (B, C, h, w) and audio (B, C), both of unit length over C.
    """
    scores = torch.einsum('nchw,mc->nmhw', visual, audio) / temperature
    logits = scores.flatten(2).max(dim=2)[0]
    target = torch.arange(len(audio), device=audio.device)
    own = scores[target, target].detach()
    del scores
    low = own.amin(dim=(1, 2), keepdim=True)
    high = own.amax(dim=(1, 2), keepdim=True)
    mask = ((own - low) / (high - low + 1e-5) > threshold).to(visual)
    foreground = (visual * mask[:, None]).mean(dim=(2, 3))
    pooled = visual.mean(dim=(2, 3))
    near_audio, near_visual, near_foreground = (
        F.softmax(x @ x.T / temperature, dim=1)
        for x in (audio, pooled, foreground))
    matching = F.softmax(logits, dim=1)
    return dict(
        contrastive=(F.cross_entropy(logits, target) +
                     F.cross_entropy(logits.T, target)),
        fns_audio=F.l1_loss(near_audio, matching),
        tne=F.l1_loss(near_audio, near_foreground),
        fns_visual=F.l1_loss(near_visual, matching))


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
        """Unit features (B, 512, h, w) and (B, 512)."""
        visual = self.project_image(self.dropout(self.image(image)))
        sound = self.audio(audio).flatten(2).amax(dim=2)
        return (F.normalize(visual, dim=1),
                F.normalize(self.project_audio(sound), dim=1))


def spectrogram(waveform: Tensor) -> Tensor:
    """(B, 1, F, T) of (B, S) at 16 kHz, windows of 512 every 238."""
    window = torch.hann_window(512, device=waveform.device)
    found = torch.stft(
        waveform, 512, 238, window=window, center=False, return_complex=True)
    power = found.abs().square() / (16000 * window.square().sum())
    return torch.log(power + 1e-7)[:, None] / 12


def usual_step(batch: Dict[str, Tensor], device: str) -> Callable[[], object]:
    """A step of Adam on image, uint8 (B, 3, H, W), and waveform (B, S)."""
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
