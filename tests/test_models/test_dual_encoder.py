"""The localizer: its modes, its initialisation, its errors."""
import copy
import math
from typing import Dict

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from fnac_mm.functional import fnac_losses
from fnac_mm.models.localizers.feature_map import map_channels
from fnac_mm.registry import MODELS
from fnac_mm.structures import AVDataSample
from .resnets import LOCALIZER, TINY, TINY_AUDIO, small_localizer


def _inputs(size: int = 3) -> Dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return dict(
        image=torch.randn(size, 3, 64, 96, generator=generator),
        audio=torch.randn(size, 1, 65, 40, generator=generator))


def _samples(size: int = 3) -> list:
    return [
        AVDataSample(metainfo=dict(sample_id=f'clip{i}')) for i in range(size)
    ]


def test_tensor_mode_gives_unit_features() -> None:
    visual, audio = small_localizer()(_inputs())
    assert visual.shape == (3, 16, 4, 6) and audio.shape == (3, 16)
    torch.testing.assert_close(visual.norm(dim=1), torch.ones(3, 4, 6))
    torch.testing.assert_close(audio.norm(dim=1), torch.ones(3))


def test_loss_mode_is_the_functional_loss_of_the_features() -> None:
    model = small_localizer().eval()
    losses = model(_inputs(), _samples(), mode='loss')
    terms = fnac_losses(*model(_inputs()))
    assert torch.equal(losses['loss_contrastive'], terms['contrastive'])
    total, log = model.parse_losses(losses)
    expected = terms['contrastive'] + 100 * (
        terms['fns_audio'] + terms['tne'] + terms['fns_visual'])
    torch.testing.assert_close(total, expected)
    assert {'loss', *losses} == set(log)


def test_predict_mode_gives_cosines_of_the_own_pair() -> None:
    model = small_localizer().eval()
    visual, audio = model(_inputs())
    samples = _samples()
    found = model(_inputs(), samples, mode='predict')
    assert all(a is b for a, b in zip(found, samples))
    for i, sample in enumerate(found):
        expected = (visual[i] * audio[i][:, None, None]).sum(dim=0)
        torch.testing.assert_close(sample.pred_map.data[0], expected)
        assert not sample.pred_map.data.requires_grad
        assert 'pred_object_map' not in sample


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'tensor', 'loss'.*'train'"):
        small_localizer()(_inputs(), mode='train')


def test_one_step_from_raw_media_changes_every_parameter() -> None:
    model = small_localizer()
    before = copy.deepcopy(dict(model.named_parameters()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = dict(
        inputs=dict(
            image=torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8),
            waveform=torch.rand(3, 8000) - 0.5),
        data_samples=_samples())
    log = model.train_step(batch, OptimWrapper(optimizer))
    assert math.isfinite(log['loss'])
    for name, value in model.named_parameters():
        assert not torch.equal(value, before[name]), name
    assert model.test_step(batch)[2].pred_map.shape == (4, 4)


def test_dropout_is_off_outside_training() -> None:
    model = small_localizer(image_dropout=0.9, audio_dropout=0.5).eval()
    assert torch.equal(model(_inputs())[0], model(_inputs())[0])
    model.image_dropout.train()
    assert not torch.equal(model(_inputs())[0], model(_inputs())[0])


def test_autocast_gives_a_finite_float32_loss() -> None:
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = small_localizer()(_inputs(), _samples(), mode='loss')
    assert all(v.dtype == torch.float32 for v in losses.values())
    total = sum(losses.values())
    assert total.isfinite()
    total.backward()


def test_channels_are_those_of_the_map_not_those_announced() -> None:
    """The second stage of three; the encoder is left as it was."""
    model = small_localizer(image_encoder=dict(TINY, out_indices=(1, )))
    assert model.image_encoder.feat_dim == 32
    assert model.image_projection.in_channels == 16
    assert model.image_encoder.training
    assert not model.image_encoder.bn1.running_mean.any()


def test_unfitting_feature_map_is_explained() -> None:
    model = small_localizer(
        image_encoder=dict(TINY, out_indices=(1, )), image_channels=32)
    with pytest.raises(
            ValueError, match=r'image_enc.*\(3, 16, 8, 12\).*\(B, 32, h, w\)'):
        model(_inputs())
    vit = dict(type='mmpretrain.VisionTransformer', arch='deit-tiny')
    with pytest.raises(ValueError, match=r'image_enc.*\(1, 192\).*featmap'):
        small_localizer(image_encoder=vit)
    with pytest.raises(ValueError, match='audio_enc.*Linear.*audio_channels'):
        map_channels(nn.Linear(3, 3), 'audio')


def test_parts_predict_what_the_batch_does() -> None:
    """More than a processor encodes at once; in training mode it is one."""
    model = small_localizer().eval()
    inputs = _inputs(11)
    with torch.no_grad():
        found = model(inputs)
    torch.testing.assert_close(found, tuple(x.detach() for x in model(inputs)))
    model.train()
    with torch.no_grad():
        found = model(inputs)
    torch.testing.assert_close(found, tuple(x.detach() for x in model(inputs)))


def test_channels_last_changes_neither_features_nor_keys() -> None:
    plain, last = small_localizer().eval(), small_localizer(
        channels_last=True).eval()
    weight = last.image_encoder.layer1[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert plain.state_dict().keys() == last.state_dict().keys()
    last.load_state_dict(plain.state_dict())
    torch.testing.assert_close(last(_inputs()), plain(_inputs()))


def test_compiled_encoders_have_the_same_checkpoint() -> None:
    plain, compiled = small_localizer(), small_localizer(compile_encoders=True)
    assert compiled.image_encoder._compiled_call_impl is not None
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    compiled.load_state_dict(plain.state_dict())


@pytest.mark.slow
@pytest.mark.parametrize('options', [True, dict(backend='aot_eager')])
def test_compiled_encoders_give_the_same_features(options) -> None:
    plain, compiled = small_localizer(), small_localizer(
        compile_encoders=options)
    close = dict(rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(compiled(_inputs()), plain(_inputs()), **close)
    compiled.micro_batch_size = 2
    sum(compiled(_inputs(), mode='loss').values()).backward()
    assert all(p.grad.isfinite().all() for p in compiled.parameters())


def test_audio_side_and_projections_are_initialised_as_published() -> None:
    """Deviations of large layers against their closed form."""
    torch.manual_seed(0)
    wide = dict(LOCALIZER, audio_encoder=dict(TINY_AUDIO, base_channels=32))
    model = MODELS.build(dict(wide, embed_dims=512))
    bias = model.image_projection.bias.clone()
    model.init_weights()
    conv = model.audio_encoder.layer2[1].conv2
    fan_out = conv.out_channels * 9
    assert conv.weight.std().item() == pytest.approx(
        math.sqrt(2 / fan_out), rel=0.02)
    assert model.image_projection.weight.std().item() == pytest.approx(
        math.sqrt(2 / 512), rel=0.02)
    assert model.audio_projection.weight.std().item() == pytest.approx(
        0.01, rel=0.02)
    # biases of projections stay what torch makes them
    assert torch.equal(model.image_projection.bias, bias) and bias.any()
    norms = [
        m for m in model.audio_encoder.modules()
        if isinstance(m, nn.BatchNorm2d)
    ]
    scales = torch.cat([m.weight for m in norms])
    assert scales.mean().item() == pytest.approx(1, abs=0.005)
    assert scales.std().item() == pytest.approx(0.02, rel=0.1)
    assert not any(m.bias.any() for m in norms)


def test_init_cfg_of_the_audio_encoder_is_respected() -> None:
    init_cfg = dict(type='Constant', layer='Conv2d', val=0.25)
    model = small_localizer(audio_encoder=dict(TINY_AUDIO, init_cfg=init_cfg))
    model.init_weights()
    assert (model.audio_encoder.conv1.weight == 0.25).all()
    assert not (model.image_encoder.conv1.weight == 0.25).any()


def test_second_init_does_not_undo_training() -> None:
    model = small_localizer()
    model.init_weights()
    with torch.no_grad():
        model.audio_projection.weight.fill_(3)
    model.init_weights()
    assert (model.audio_projection.weight == 3).all()


def test_whole_model_is_read_from_a_checkpoint(tmp_path) -> None:
    source = small_localizer()
    torch.save(dict(state_dict=source.state_dict()), tmp_path / 'm.pth')
    init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'm.pth'))
    model = MODELS.build(dict(LOCALIZER, init_cfg=init_cfg))
    model.init_weights()
    for key, value in source.state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key
