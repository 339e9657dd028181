"""Training and prediction on a GPU."""
import copy
import math
import os
from pathlib import Path
from typing import Dict, Iterator, Tuple

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from mmengine.model import MMDistributedDataParallel
from torch import Tensor

from fnac_mm.functional import fnac_losses, log_spectrogram
from fnac_mm.registry import OPTIM_WRAPPERS
from fnac_mm.utils.dist import _GatherRows
from tests.conftest import run_python
from .resnets import small_localizer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
]

# cuBLAS reads it when it starts.
os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')

SGD = dict(type='SGD', lr=0.01)
WRAPPERS = dict(
    fp32=dict(type='OptimWrapper', optimizer=SGD),
    bf16=dict(type='AutocastOptimWrapper', optimizer=SGD),
    fp16=dict(type='AmpOptimWrapper', dtype='float16', optimizer=SGD))


@pytest.fixture(autouse=True)
def exact_kernels() -> Iterator[None]:
    """No TF32; switches are back afterwards."""
    before = torch.get_float32_matmul_precision()
    allow = torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision('highest')
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.set_float32_matmul_precision(before)
    torch.backends.cudnn.allow_tf32 = allow
    torch.use_deterministic_algorithms(False)


def _batch(size: int = 8) -> Dict[str, Dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    image = torch.randint(
        0, 256, (size, 3, 64, 64), dtype=torch.uint8, generator=generator)
    waveform = torch.rand(size, 16000, generator=generator) - 0.5
    return dict(inputs=dict(image=image, waveform=waveform))


def _wrapper(model: torch.nn.Module, precision: str):
    config = copy.deepcopy(WRAPPERS[precision])
    optimizer = torch.optim.SGD(
        model.parameters(), lr=config['optimizer']['lr'])
    return OPTIM_WRAPPERS.build(dict(config, optimizer=optimizer))


@pytest.mark.parametrize('precision', WRAPPERS)
def test_training_step(precision: str) -> None:
    """Finite, nearly the float32 loss of the processor, all weights move."""
    plain = small_localizer()
    expected = plain.train_step(_batch(), _wrapper(plain, 'fp32'))
    model = small_localizer(channels_last=True).cuda()
    before = copy.deepcopy(dict(model.named_parameters()))
    log = model.train_step(_batch(), _wrapper(model, precision))
    close = 1e-4 if precision == 'fp32' else 0.1
    assert float(log['loss']) == pytest.approx(
        float(expected['loss']), rel=close)
    for name, value in model.named_parameters():
        assert value.dtype == torch.float32 and value.isfinite().all(), name
        assert not torch.equal(value, before[name]), name


def _features(dtype: torch.dtype, device: str) -> Tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    visual = torch.randn(64, 32, 7, 7, generator=generator).double()
    audio = torch.randn(64, 32, generator=generator).double()
    visual, audio = (
        F.normalize(x, dim=1).to(device=device, dtype=dtype)
        for x in (visual, audio))
    return visual.requires_grad_(), audio.requires_grad_()


def _total(visual: Tensor, audio: Tensor) -> Tensor:
    terms = fnac_losses(visual, audio)
    return terms.pop('contrastive') + 100 * sum(terms.values())


@pytest.mark.parametrize('dtype, close', [(torch.float64, 1e-9),
                                          (torch.float32, 1e-4)])
def test_loss_and_gradient_are_those_of_the_processor(dtype: torch.dtype,
                                                      close: float) -> None:
    found = {}
    for device in ('cpu', 'cuda'):
        pair = _features(dtype, device)
        total = _total(*pair)
        total.backward()
        found[device] = [
            x.cpu() for x in (total.detach(), pair[0].grad, pair[1].grad)
        ]
    for ours, expected in zip(found['cuda'], found['cpu']):
        assert (ours - expected).abs().max() <= close * expected.abs().max()


def test_nothing_waits_for_the_device() -> None:
    pair = _features(torch.float32, 'cuda')
    _total(*pair).backward()
    torch.cuda.set_sync_debug_mode('error')
    try:
        _total(*pair).backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')


def test_features_of_another_length_fail_an_assertion(tmp_path: Path) -> None:
    """In a process of its own: the device is lost to the one that fails."""
    script = tmp_path / 'run.py'
    script.write_text('import torch\n'
                      'from fnac_mm.functional import fnac_losses\n'
                      "x = torch.ones(4, 8, 3, 3, device='cuda')\n"
                      'fnac_losses(x, x[..., 0, 0])\n'
                      'torch.cuda.synchronize()\n')
    done = run_python(script)
    assert done.returncode != 0 and 'assert' in done.stderr.lower()


def test_spectrogram_is_that_of_the_processor() -> None:
    waveform = _batch()['inputs']['waveform'].double()
    torch.testing.assert_close(
        log_spectrogram(waveform.cuda(), 16000).cpu(),
        log_spectrogram(waveform, 16000))


def test_predictions_are_those_of_the_processor() -> None:
    model = small_localizer().eval()
    expected = model.test_step(_batch())
    found = model.cuda().test_step(_batch())
    for ours, theirs in zip(found, expected):
        torch.testing.assert_close(
            ours.pred_map.data.cpu(),
            theirs.pred_map.data,
            rtol=1e-3,
            atol=1e-4)


def test_deterministic_steps_are_equal() -> None:
    torch.use_deterministic_algorithms(True)
    weights = []
    for _ in range(2):
        model = small_localizer(image_dropout=0.5).cuda()
        wrapper = _wrapper(model, 'fp32')
        torch.manual_seed(2)
        for _ in range(3):
            model.train_step(_batch(), wrapper)
        weights.append(model.state_dict())
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name]), name


def test_compiled_encoders_train() -> None:
    plain = small_localizer().cuda()
    expected = plain.train_step(_batch(), _wrapper(plain, 'fp32'))
    model = small_localizer(compile_encoders=True).cuda()
    log = model.train_step(_batch(), _wrapper(model, 'fp32'))
    assert float(log['loss']) == pytest.approx(
        float(expected['loss']), rel=1e-3)


def test_one_process_under_nccl(tmp_path: Path) -> None:
    plain = small_localizer().cuda()
    expected = plain.train_step(_batch(), _wrapper(plain, 'fp32'))
    dist.init_process_group(
        'nccl', init_method=f'file://{tmp_path}/store', rank=0, world_size=1)
    try:
        model = MMDistributedDataParallel(
            small_localizer().cuda(), device_ids=[torch.cuda.current_device()])
        log = model.train_step(_batch(), _wrapper(model, 'fp32'))
        rows = torch.rand(3, 2, device='cuda', requires_grad=True)
        gathered = _GatherRows.apply(rows)
        (gathered *
         torch.arange(6., device='cuda').view(3, 2)).sum().backward()
    finally:
        dist.destroy_process_group()
    assert math.isclose(
        float(log['loss']), float(expected['loss']), rel_tol=1e-4)
    assert torch.equal(gathered, rows)
    assert rows.grad.flatten().tolist() == [0, 1, 2, 3, 4, 5]
