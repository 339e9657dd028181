"""Stand-ins: each set reads them as it would read the real one."""
from functools import partial
from pathlib import Path
from typing import Optional

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from fnac_mm.datasets.synthetic_scenes import make_scene
from fnac_mm.functional import boxes_to_target
from fnac_mm.preparation.standin_media import BLOCK
from fnac_mm.registry import DATASETS
from .raw_media import digests, run_tool

make = partial(run_tool, 'make_standins')

COUNTS = dict(
    vggss=6,
    flickr=6,
    extended_vggss=12,
    extended_flickr=12,
    avsbench_s4=10,
    avsbench_ms3=10,
    is3=6,
    vpo_ss=6,
    vpo_ms=6)
PIPELINE = [
    dict(type='LoadImage'),
    dict(type='LoadAudio', duration=0.5),
    dict(type='PackAVInputs')
]


@pytest.mark.parametrize('name, ann_file', [
    *((name, None) for name in COUNTS),
    ('avsbench_s4', 's4_box.json'),
    ('avsbench_ms3', 'ms3_box.json'),
])
def test_every_set_reads_them(standins: Path, root: Path, name: str,
                              ann_file: Optional[str]):
    """By the shipped config; AVSBench also by the lists of others."""
    cfg = Config.fromfile(root / 'configs/fnac_all_benchmarks.py').test_cfg
    part = next(b for b in cfg.benchmarks if b.name == name)
    has_masks = part.get('masks', False)
    config = dict(part.dataset, test_mode=True)
    config['data_root'] = str(standins / config['data_root'])
    if ann_file:
        config['ann_file'] = ann_file
    mask = [dict(type='LoadMask')] if has_masks else []
    config['pipeline'] = [*mask, *PIPELINE]
    dataset = DATASETS.build(config)
    assert len(dataset) == dataset.metainfo['n_listed'] == COUNTS[name]
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
    rows = (standins / 'vggsound/metadata/vggss_test_plus_silent.csv'
            ).read_bytes().split(b'\r\n')
    assert rows[0] == b'video,audio,label' and rows[-1] == b''
    pairs = [row.decode().split(',')[:2] for row in rows[1:-1]]
    assert sum(v == a for v, a in pairs) == 1
    for video, audio in pairs:
        if video != audio:
            scenes = [
                make_scene(0, 'test', BLOCK + int(name[-6:]), 180, 240, 3.)
                for name in (video, audio)
            ]
            inside = scenes[0].class_name, scenes[0].distractor
            assert scenes[1].class_name not in inside


def test_a_second_run_completes_the_first(standins: Path):
    before = digests(standins)
    next(standins.glob('is3/gt_masks/*_1_*')).unlink()
    (standins / 'is3' / 'synthetic3240_bbox.json').unlink()
    make(standins, '--num', 6, '--workers', 1)
    assert digests(standins) == before


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
