"""The tools on three real photographs and recordings."""
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_well

# clip id, sample, a box drawn by eye
CLIPS = [('birdbirdbir_000010', 'bird', [0.2, 0.2, 0.8, 0.8]),
         ('car_car_-ca_000020', 'car', [0.1, 0.3, 0.9, 0.9]),
         ('-dog_dogdo__000030', 'dog', [0.2, 0.1, 0.8, 0.9])]
OPTIONS = [
    'model.image_encoder.init_cfg=None', 'model.object_prior=None',
    'global_batch_size=3', 'train_cfg.max_epochs=2',
    'custom_hooks.0.warmup_epochs=1', 'train_dataloader.num_workers=1',
    'train_dataloader.dataset.exclude=[]', 'val_dataloader.num_workers=1',
    'test_dataloader.num_workers=1'
]


@pytest.fixture(scope='module')
def vggsound(shared, tmp_path_factory) -> Path:
    """The samples laid out as VGG-Sound clips."""
    folder = tmp_path_factory.mktemp('vggsound')
    for name in ('audio', 'frames', 'metadata'):
        (folder / name).mkdir()
    pairs = shared / 'samples' / 'pairs'
    for clip_id, name, _ in CLIPS:
        shutil.copy(pairs / f'{name}_image.jpg',
                    folder / 'frames' / f'{clip_id}.jpg')
        shutil.copy(pairs / f'{name}_audio.wav',
                    folder / 'audio' / f'{clip_id}.wav')
    ids = [clip_id for clip_id, _, _ in CLIPS]
    (folder / 'metadata' / 'vggss_144k.txt').write_text('\n'.join(ids))
    (folder / 'metadata' / 'vggss_test.csv').write_text('\r\n'.join(
        f'{i},{n}' for i, n, _ in CLIPS))
    (folder / 'metadata' / 'vggss.json').write_text(
        json.dumps([{
            'file': i,
            'class': n,
            'bbox': [b]
        } for i, n, b in CLIPS]))
    return folder


def test_train_test_and_infer(vggsound, shared, tmp_path) -> None:
    common = ('--data-root', vggsound, '--work-dir', tmp_path)
    run_well('tools/train.py', 'configs/fnac_vggsound.py', *common,
             '--cfg-options', *OPTIONS)
    checkpoint = tmp_path / 'epoch_2.pth'
    out = tmp_path / 'results.json'
    run_well('tools/test.py', 'configs/fnac_vggsound.py', checkpoint, *common,
             '--out', out, '--cfg-options', *OPTIONS)
    saved = json.loads(out.read_text())
    assert (saved['n'], saved['n_listed']) == (3, 3)
    assert {r['sample_id']
            for r in saved['results']} == {i
                                           for i, _, _ in CLIPS}
    pairs = shared / 'samples' / 'pairs'
    for name in ('bird', 'car', 'dog'):
        run_well('tools/infer.py', checkpoint, '--image',
                 pairs / f'{name}_image.jpg', '--audio',
                 pairs / f'{name}_audio.wav', '--out-dir', tmp_path)
        heat = np.load(tmp_path / f'{name}_image.npy')
        assert heat.ndim == 2 and np.isfinite(heat).all()
        assert (tmp_path / f'{name}_image.png').stat().st_size > 1000
