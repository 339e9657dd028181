"""Other sounds for the same frames: seeded by id, never of the frame."""
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chisquare, kstest
from torch.utils.data import DataLoader

from fnac_mm.datasets import VGGSS, NegativeAudio, collate_av
from fnac_mm.datasets.negative_audio import draw_offscreen
from fnac_mm.registry import DATASETS

PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadAudio', duration=0.5),
    dict(type='Resize', scale=(16, 16)),
    dict(type='PackAVInputs')
]


@pytest.fixture()
def config(tmp_path: Path, make_clip) -> dict:
    """Five clips of three classes."""
    names = dict(a='dog', b='cat', c='dog', d='owl', e='cat')
    for name in names:
        make_clip(tmp_path, name, seconds=0.7)
    entries = ','.join(f'{{"file": "{i}", "class": "{c}", '
                       '"bbox": [[0, 0, 0.5, 1]]}' for i, c in names.items())
    (tmp_path / 'gt.json').write_text(f'[{entries}]')
    return dict(
        type='VGGSS',
        data_root=str(tmp_path),
        ann_file='gt.json',
        pipeline=PIPELINE,
        test_mode=True)


def waveforms(dataset, **kwargs) -> dict:
    loader = DataLoader(dataset, 2, collate_fn=collate_av, **kwargs)
    return {
        sample.sample_id: waveform.numpy()
        for batch in loader
        for sample, waveform in zip(batch['data_samples'], batch['inputs']
                                    ['waveform'])
    }


def test_silence(config: dict):
    dataset = DATASETS.build(
        dict(type='NegativeAudio', dataset=config, kind='silence'))
    assert len(dataset) == 5
    assert dataset.metainfo['dataset_name'] == 'vggss_silence'
    assert dataset.metainfo['n_listed'] == 5
    packed = dataset[1]
    assert packed['inputs']['waveform'].tolist() == [0] * 8000
    sample = packed['data_samples']
    assert sample.sample_id == 'b+silence'
    assert sample.negative_kind == 'silence'
    assert sample.gt_boxes.shape == (0, 4)
    image = DATASETS.build(config)[1]['inputs']['image']
    assert (packed['inputs']['image'] == image).all()


def test_noise_is_normal_and_not_clipped(config: dict):
    found = waveforms(NegativeAudio(config, 'noise', 7))
    assert sorted(found) == [f'{i}+noise7' for i in 'abcde']
    everything = np.concatenate(list(found.values()))
    assert len(everything) == 5 * 8000
    assert kstest(everything, 'norm').pvalue > 1e-3
    assert np.abs(everything).max() > 3
    first, second = (found[f'{i}+noise7'] for i in 'ab')
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_independent_of_workers_order_and_subset(config: dict):
    dataset = NegativeAudio(config, 'noise', 7)
    here = waveforms(dataset)
    for kwargs in (dict(num_workers=2), dict(shuffle=True)):
        other = waveforms(dataset, **kwargs)
        assert all(np.array_equal(here[i], other[i]) for i in here)
    part = NegativeAudio(dict(config, indices=[3]), 'noise', 7)
    assert np.array_equal(waveforms(part)['d+noise7'], here['d+noise7'])
    other = waveforms(NegativeAudio(config, 'noise', 8))
    assert not np.array_equal(other['d+noise8'], here['d+noise7'])


def test_offscreen_is_a_clip_of_another_class(config: dict):
    source = VGGSS(**{k: v for k, v in config.items() if k != 'type'})
    real = {
        Path(d['data_samples'].audio_path).stem: d['inputs']['waveform']
        for d in source
    }
    classes = dict(a='dog', b='cat', c='dog', d='owl', e='cat')
    dataset = NegativeAudio(source, 'offscreen')
    for packed in dataset:
        sample = packed['data_samples']
        sound = Path(sample.audio_path).stem
        frame = Path(sample.img_path).stem
        assert classes[sound] != classes[frame]
        assert sample.sample_id == f'{frame}+offscreen1234'
        assert (packed['inputs']['waveform'] == real[sound]).all()


def make_items(count: int) -> list:
    """Class c has c + 1 sounds; each frame is of class 0."""
    items = [
        dict(sample_id=f'{c}{k}', audio_path=f'{c}{k}.wav', class_name=str(c))
        for c in range(4) for k in range(c + 1)
    ]
    return items + [
        dict(sample_id=f'q{k}', audio_path='00.wav', class_name='0')
        for k in range(count)
    ]


def test_class_first_then_sound():
    """Uniform over classes, and over the sounds within each."""
    drawn = draw_offscreen(make_items(3000), 5)[-3000:]
    by_class = Counter(path[0] for path in drawn)
    assert set(by_class) == {'1', '2', '3'}
    assert chisquare(list(by_class.values())).pvalue > 1e-3
    inside = Counter(path for path in drawn if path[0] == '3')
    assert len(inside) == 4
    assert chisquare(list(inside.values())).pvalue > 1e-3


def test_offscreen_does_not_depend_on_order():
    items = make_items(50)
    forward = draw_offscreen(items, 5)
    assert draw_offscreen(items[::-1], 5)[::-1] == forward
    assert draw_offscreen(items, 6) != forward


def test_both_classes_of_an_image_are_excluded():
    items = make_items(0)
    items += [
        dict(
            sample_id=f'p{k}',
            audio_path='00.wav',
            class_name='0',
            image_classes=['0', '2']) for k in range(200)
    ]
    drawn = draw_offscreen(items, 5)[-200:]
    assert {path[0] for path in drawn} == {'1', '3'}


def test_unknown_classes_and_arguments(config: dict):
    items = make_items(1)
    del items[-1]['class_name']
    with pytest.raises(ValueError, match="class of each.*1 of 11: 'q0'"):
        draw_offscreen(items, 5)
    with pytest.raises(ValueError, match="'00': no sound of a class"):
        draw_offscreen(items[:1], 5)
    with pytest.raises(ValueError, match="kind.*'hum'"):
        NegativeAudio(config, 'hum')
    with pytest.raises(ValueError, match='test_mode=True'):
        NegativeAudio(dict(config, test_mode=False), 'noise')
    with pytest.raises(ValueError, match=r"negatives already: 'a\+noise1234'"):
        NegativeAudio(NegativeAudio(config, 'noise'), 'silence')


def test_groups_and_masks_have_no_meaning_any_more(config: dict):
    source = DATASETS.build(config)
    info = dict(source.get_data_info(0), group='g', mask_path='m.png')
    source.get_data_info = lambda idx: dict(info, sample_id=str(idx))
    source._metainfo['group_key'] = 'image'
    dataset = NegativeAudio(source, 'silence')
    item = dataset.get_data_info(0)
    assert 'group' not in item and item['mask_path'] is None
    assert 'group_key' not in dataset.metainfo
    assert source.metainfo['dataset_name'] == 'vggss'
