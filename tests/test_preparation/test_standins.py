"""Stand-ins: each set reads them as it would read the real one."""
import json
from pathlib import Path
from typing import Dict

import numpy as np
import pytest
from PIL import Image

from fnac_mm.functional import boxes_to_target
from fnac_mm.registry import DATASETS
from tests.conftest import run_python
from .raw_media import digests, load_tool

SCRIPT = Path('tools/dataset_converters/make_standins.py')
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadAudio', duration=0.5),
    dict(type='PackAVInputs')
]
MASKS = [*PIPELINE[:2], dict(type='LoadMask'), PIPELINE[2]]


def folders(masks: str) -> Dict[str, str]:
    return dict(
        img_path='visual_frames', audio_path='audio_wav', mask_path=masks)


CONFIGS = dict(
    vggss=(dict(
        type='VGGSS',
        data_root='vggsound',
        ann_file='metadata/vggss.json',
        list_file='metadata/vggss_test.csv'), 6),
    extended_vggss=(dict(
        type='ExtendedVGGSS',
        data_root='vggsound',
        ann_file='metadata/vggss.json',
        negative_file='metadata/vggss_test_plus_silent.csv'), 12),
    extended_flickr=(dict(
        type='ExtendedFlickrSoundNet',
        data_root='flickr',
        ann_dir='Annotations',
        list_file='metadata/flickr_test.csv',
        negative_file='metadata/flickr_test_plus_silent.csv'), 12),
    s4_csv=(dict(
        type='AVSBenchS4',
        data_root='avsbench/Single-source',
        ann_file='s4_meta_data.csv'), 10),
    s4_box=(dict(
        type='AVSBenchS4',
        data_root='avsbench/Single-source',
        ann_file='s4_box.json'), 10),
    ms3_csv=(dict(
        type='AVSBenchMS3',
        data_root='avsbench/Multi-sources',
        ann_file='ms3_meta_data.csv'), 10),
    ms3_box=(dict(
        type='AVSBenchMS3',
        data_root='avsbench/Multi-sources',
        ann_file='ms3_box.json'), 10),
    is3=(dict(
        type='IS3',
        data_root='is3',
        ann_file='synthetic3240_bbox.json',
        data_prefix=folders('gt_masks')), 6),
    vpo_ss=(dict(
        type='VPO',
        variant='ss',
        data_root='vpo/COCO_AV',
        ann_file='vpo_ss_bbox.json',
        data_prefix=folders('gray_masks')), 6),
    vpo_ms=(dict(
        type='VPO',
        variant='ms',
        data_root='vpo/COCO_AV_MS',
        ann_file='vpo_ms_bbox.json',
        data_prefix=folders('gray_masks')), 6))


def make(*args: object) -> None:
    """Run the tool in this process."""
    load_tool('make_standins').main([str(arg) for arg in args])


@pytest.fixture(scope='module')
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('standins') / 'data'
    done = run_python(SCRIPT, folder, '--num', 6, '--workers', 2)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize('name', CONFIGS)
def test_every_set_reads_them(standins: Path, name: str):
    config, number = CONFIGS[name]
    has_masks = name.split('_')[0] in ('s4', 'ms3', 'is3', 'vpo')
    dataset = DATASETS.build(
        dict(
            config,
            data_root=str(standins / config['data_root']),
            pipeline=MASKS if has_masks else PIPELINE,
            test_mode=True))
    assert len(dataset) == dataset.metainfo['n_listed'] == number
    for packed in dataset:
        sample = packed['data_samples']
        assert packed['inputs']['waveform'].abs().max() > 0
        if 'gt_boxes' not in sample or not has_masks:
            continue
        boxes = sample.gt_boxes
        mask = sample.gt_mask.data[0].numpy()
        assert mask.any() == bool(len(boxes))
        # AVSBench's boxes lack the last row and column; JPEG frays edges.
        target = boxes_to_target(boxes).numpy()
        assert (mask > target).mean() < 0.02
        if len(boxes):
            assert mask[target > 0].mean() > 0.4


def test_masks_have_the_published_modes(standins: Path):
    modes = {}
    for path in standins.glob('**/*masks/**/*.*'):
        with Image.open(path) as picture:
            values = np.unique(np.asarray(picture))
            modes[path.relative_to(standins).parts[:2]] = picture.mode
            if picture.mode == 'L':
                assert len(values) > 2  # grey fringes
            if picture.mode == 'P':
                assert values.max() <= 1
    assert {
        k[1]: v
        for k, v in modes.items()
    } == {
        'Single-source': '1',
        'Multi-sources': 'P',
        'gt_masks': 'L',
        'COCO_AV': 'L',
        'COCO_AV_MS': 'L'
    }
    train = standins / 'avsbench/Single-source/s4_data/gt_masks/train'
    assert {p.stem[-1] for p in train.glob('**/*.png')} == {'1'}


def test_mismatched_sounds_are_of_no_object_in_the_frame(standins: Path):
    records = {
        r['id']: r
        for r in map(json.loads, (p.read_text()
                                  for p in (standins /
                                            'records').glob('vggss_*')))
    }
    rows = (standins / 'vggsound/metadata/vggss_test_plus_silent.csv'
            ).read_bytes().split(b'\r\n')
    assert rows[0] == b'video,audio,label' and rows[-1] == b''
    pairs = [row.decode().split(',')[:2] for row in rows[1:-1]]
    assert sum(v == a for v, a in pairs) == 1
    for video, audio in pairs:
        if video != audio:
            assert records[audio]['classes'][0] not in records[video][
                'classes']


def test_a_stopped_run_continues(standins: Path):
    before = digests(standins)
    kept = standins / 'records' / 'is3_0.json'
    stamp = kept.stat().st_mtime_ns
    (standins / 'records' / 'vpo_ss_0.json').unlink()
    next(standins.glob('is3/gt_masks/*_1_*')).unlink()
    (standins / 'is3' / 'synthetic3240_bbox.json').unlink()
    make(standins, '--num', 6, '--workers', 1)
    assert digests(standins) == before
    assert kept.stat().st_mtime_ns == stamp


def test_other_stand_ins_are_not_overwritten(standins: Path, tmp_path: Path,
                                             capsys):
    with pytest.raises(SystemExit, match='other stand-ins'):
        make(standins, '--num', 7)
    (tmp_path / 'mine.txt').touch()
    with pytest.raises(SystemExit, match='no manifest.json'):
        make(tmp_path)
    with pytest.raises(SystemExit):
        make(tmp_path / 'x', '--num', 4)
    assert '--num: expected int in [5, 10000]' in capsys.readouterr().err
