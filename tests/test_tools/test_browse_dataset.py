"""What is drawn is what the model is given."""
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope

from fnac_mm.functional import log_spectrogram, pcm16_to_float
from fnac_mm.visualization.overlay import BOX_COLOR
from fnac_mm.visualization.sample_tile import ERROR_COLOR
from tests.conftest import ROOT
from tests.test_datasets.packs import build, pack, synthetic_config
from tools.analysis_tools import browse_dataset

CONFIG = str(ROOT / 'configs' / 'fnac_synthetic.py')
GAP = 12


@pytest.fixture(autouse=True)
def own_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool's logger and scope end with the test."""
    for kind in (MMLogger, DefaultScope):
        monkeypatch.setattr(kind, '_instance_dict', kind._instance_dict.copy())


def browse(data_root: Path, *options: object, config: str = CONFIG) -> None:
    browse_dataset.main(
        [config, '--data-root',
         str(data_root), *map(str, options)])


def parts(path: Path, count: int) -> list:
    """The squares of a tile of ``count`` of them, RGB."""
    tile = cv2.imread(str(path))[..., ::-1]
    assert tile.shape == (224, count * 228 - 4, 3)
    return [tile[:, i * 228:i * 228 + 224] for i in range(count)]


def loaded(data_root: Path, *options: object) -> list:
    """Arguments of the drawing."""
    args = browse_dataset.parse_args([
        CONFIG, '--data-root',
        str(data_root), '--sheet', 'x', *map(str, options)
    ])
    dataset, preprocessor = browse_dataset.build(args)
    return [
        browse_dataset.load(dataset, preprocessor, index, args)
        for index in browse_dataset.choose(dataset, args)
    ]


def test_frames_are_those_of_training(synthetic: Path) -> None:
    """Of this seed and epoch; another epoch augments differently."""
    dataset = build(synthetic_config(synthetic))
    dataset.full_init()
    dataset.set_epoch(7, 3)
    images = {}
    for index in range(len(dataset)):
        data = dataset[index]
        images[data['data_samples'].sample_id] = data['inputs']['image']
    found = loaded(synthetic, '--seed', 7, '--epoch', 3, '--num', 6)
    assert len({item['name'] for item in found}) == 6
    for item in found:
        image = images[item['name']].permute(1, 2, 0).numpy()
        assert np.array_equal(item['image'], image)
    others = loaded(synthetic, '--seed', 7, '--epoch', 4, '--num', 6)
    assert any(not np.array_equal(a['image'], b['image'])
               for a, b in zip(found, others))


def test_spectrograms_are_masked_in_training_only(synthetic: Path) -> None:
    for split, masked in (('train', True), ('val', False)):
        dataset = build(synthetic_config(synthetic, split))
        dataset.full_init()
        for item in loaded(synthetic, '--split', split, '--num', 4):
            place = next(
                i for i in range(len(dataset))
                if dataset.get_data_info(i)['sample_id'] == item['name'])
            sound = dataset[place]['inputs']['waveform']
            plain = log_spectrogram(pcm16_to_float(sound), 16000) / 12
            changed = ~torch.isclose(
                torch.from_numpy(item['spectrogram']), plain)
            rows, columns = changed.all(dim=1), changed.all(dim=0)
            # Nothing but whole strips of frequency or time.
            assert not (changed & ~rows[:, None] & ~columns).any()
            assert masked or not changed.any()


@pytest.mark.parametrize('split', ['train', 'val'])
def test_a_broken_sample_is_a_tile(synthetic: Path, tmp_path: Path, capsys,
                                   split: str) -> None:
    """With its own id, not with the sample that training would take."""
    root = tmp_path / 'data'
    shutil.copytree(synthetic, root)
    frames = sorted((root / split / 'frames').glob('*.jpg'))
    for path in frames[:2]:
        path.write_bytes(b'no picture')
    out = tmp_path / 'out'
    browse(root, '--split', split, '--num', 99, '--out', out)
    broken = [path.stem for path in frames[:2]]
    for path in out.glob('*.png'):
        is_error = (cv2.imread(str(path))[220, 4, ::-1] == ERROR_COLOR).all()
        assert is_error == (path.stem in broken)
    said = capsys.readouterr().out
    assert '2 broken' in said and all(name in said for name in broken)


def test_packed_and_negative(synthetic: Path, tmp_path: Path) -> None:
    """Frames of packed data are drawn where there is no file."""
    root = tmp_path / 'data'
    shutil.copytree(synthetic, root)
    config = synthetic_config(root, 'val')
    config['pipeline'][1].pop('to_float32')
    pack(config, root / 'packed')
    shutil.rmtree(root / 'val')
    path = tmp_path / 'negative.py'
    path.write_text(f'''_base_ = {CONFIG!r}
plain = dict(
    type='VGGSS', data_root='data', packed='packed', test_mode=True,
    data_prefix=dict(img_path='val/frames', audio_path='val/audio'),
    list_file='metadata/val.csv', ann_file='metadata/val.json',
    pipeline={config['pipeline']!r})
val_dataloader = dict(dataset=dict(
    _delete_=True, type='ConcatDataset', ignore_keys=['dataset_name'],
    datasets=[
        plain, dict(type='NegativeAudio', kind='silence', dataset=plain)]))
''')
    out = tmp_path / 'out'
    browse(root, '--split', 'val', '--num', 12, '--out', out, config=str(path))
    silent = sorted(out.glob('*+silence.png'))
    assert len(silent) == 6 and len(list(out.glob('*.png'))) == 12
    for path in silent:
        frame, spectrogram = parts(path, 2)
        # Below the caption one colour, and no box to be found.
        assert (spectrogram[40:] == spectrogram[-1, -1]).all()
        assert not (frame == BOX_COLOR).all(axis=2).any()


def test_samples_by_id(synthetic: Path, tmp_path: Path) -> None:
    names = sorted(p.stem for p in (synthetic / 'train/frames').iterdir())
    found = loaded(synthetic, '--ids', names[5], names[2])
    assert [item['name'] for item in found] == [names[5], names[2]]
    with pytest.raises(SystemExit, match='nobody'):
        browse(synthetic, '--ids', 'nobody', '--out', tmp_path)
