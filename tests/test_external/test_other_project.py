"""Another project builds our components by their scoped names."""
import textwrap

from tests.conftest import run_python

CONFIG = """
_pipeline = [
    dict(type='fnac_mm.LoadImage'),
    dict(type='fnac_mm.LoadAudio', duration=0.8),
    dict(type='mmpretrain.ResizeEdge', scale=64, edge='short'),
    dict(type='mmpretrain.CenterCrop', crop_size=64),
    dict(type='fnac_mm.PackAVInputs'),
]
default_scope = 'mmpretrain'
custom_imports = dict(imports=['fnac_mm'], allow_failed_imports=False)
work_dir = r'{work}'
_encoder = dict(
    type='mmpretrain.ResNet', depth=18, num_stages=2, strides=(1, 2),
    dilations=(1, 1), out_indices=(1, ), stem_channels=8, base_channels=8)
model = dict(
    type='fnac_mm.DualEncoderLocalizer',
    data_preprocessor=dict(type='fnac_mm.AVDataPreprocessor'),
    image_encoder=_encoder,
    audio_encoder=dict(in_channels=1, **_encoder),
    embed_dims=8,
    loss=dict(type='fnac_mm.FNACLoss', temperature=0.1))
train_dataloader = dict(
    batch_size=8, num_workers=0, drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='pseudo_collate'),
    dataset=dict(
        type='fnac_mm.VGGSound', data_root=r'{data}',
        data_prefix=dict(img_path='train/frames', audio_path='train/audio'),
        list_file='metadata/train.txt', pipeline=_pipeline))
val_dataloader = dict(
    batch_size=4, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='fnac_mm.VGGSS', data_root=r'{data}',
        data_prefix=dict(img_path='val/frames', audio_path='val/audio'),
        list_file='metadata/val.csv', ann_file='metadata/val.json',
        test_mode=True, pipeline=_pipeline))
val_evaluator = dict(type='fnac_mm.LocalizationMetric')
train_cfg = dict(by_epoch=True, max_epochs=1)
val_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01))
visualizer = dict(type='mmpretrain.UniversalVisualizer', vis_backends=[])
custom_hooks = [dict(type='fnac_mm.LossWarmupHook', warmup_epochs=0)]
"""

SCRIPT = """
from mmengine.config import Config
from mmengine.runner import Runner
import mmpretrain
cfg = Config.fromfile('other.py')
runner = Runner.from_cfg(cfg)
runner.train()
print('SCORE', runner.val_loop.run()['audio_visual/ciou@0.5'])
"""


def test_builds_and_runs_from_a_config_outside_the_package(
        synthetic, tmp_path) -> None:
    (tmp_path / 'other.py').write_text(
        CONFIG.format(work=tmp_path / 'work', data=synthetic))
    script = tmp_path / 'run.py'
    script.write_text(
        textwrap.dedent(SCRIPT).replace('other.py',
                                        str(tmp_path / 'other.py')))
    done = run_python(script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'SCORE' in done.stdout
    assert 'not in the' not in done.stderr
