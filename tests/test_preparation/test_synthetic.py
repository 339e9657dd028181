"""The converter that writes the synthetic benchmark."""
import csv
import json
import re
from functools import partial

import cv2
import numpy as np
import pytest
import soundfile

from fnac_mm.datasets.synthetic_scenes import CLASSES, make_scene
from fnac_mm.preparation import synthetic
from .raw_media import digests, run_tool

make = partial(run_tool, 'make_synthetic')

COUNTS = ['--num-train', '6', '--num-val', '2', '--num-test', '4']
SCENE = dict(height=64, width=72, duration=0.5)
SMALL = [*COUNTS, '--height', '64', '--width', '72', '--duration', '0.5']


@pytest.fixture
def made(tmp_path):
    """A small benchmark on the disk."""
    make(tmp_path / 'data', *SMALL, '--workers', '1')
    return tmp_path / 'data'


def test_layout_is_that_of_vggss(made):
    names = {
        'train': [f'SyntheTrain_{i:06d}' for i in range(6)],
        'val': [f'SyntheValid_{i:06d}' for i in range(2)],
        'test': [f'SyntheTest0_{i:06d}' for i in range(4)]
    }
    for split, ids in names.items():
        assert all(re.fullmatch(r'[A-Za-z0-9_-]{11}_\d{6}', i) for i in ids)
        for folder, suffix in (('audio', '.wav'), ('frames', '.jpg')):
            found = sorted(p.name for p in (made / split / folder).iterdir())
            assert found == [i + suffix for i in ids]
    metadata = made / 'metadata'
    assert (metadata / 'train.txt').read_text().split() == names['train']
    assert (metadata / 'classes.txt').read_text().split() == list(CLASSES)
    for split, name in (('train', 'train_classes.csv'), ('val', 'val.csv'),
                        ('test', 'test.csv')):
        with open(metadata / name, newline='') as file:
            rows = list(csv.reader(file))
        assert [row[0] for row in rows] == names[split]
        assert {row[1] for row in rows} <= set(CLASSES)


def test_annotations_and_media_are_those_of_the_scenes(made):
    items = json.loads((made / 'metadata' / 'test.json').read_text())
    for index, item in enumerate(items):
        scene = make_scene(0, 'test', index, **SCENE)
        assert set(item) == {'file', 'class', 'bbox'}
        assert item['class'] == scene.class_name
        assert item['bbox'] == scene.boxes
        path = made / 'test' / 'frames' / f'{item["file"]}.jpg'
        image = cv2.imread(str(path))[..., ::-1].astype(int)
        assert image.shape == scene.image.shape
        assert np.abs(image - scene.image).mean() < 10
        path = made / 'test' / 'audio' / f'{item["file"]}.wav'
        waveform, rate = soundfile.read(path, dtype='float32')
        assert rate == scene.sample_rate
        assert waveform == pytest.approx(scene.waveform, abs=1e-4)


def test_workers_do_not_change_a_byte(made, tmp_path):
    make(tmp_path / 'two', *SMALL, '--workers', '2')
    assert digests(tmp_path / 'two') == digests(made)


def test_seed_changes_the_data(made, tmp_path):
    make(tmp_path / 'other', *SMALL, '--seed', '1')
    first, other = digests(made), digests(tmp_path / 'other')
    assert set(first) == set(other)
    same = {name for name in first if first[name] == other[name]}
    assert same == {'metadata/classes.txt', 'metadata/train.txt'}


def test_stopped_run_is_completed(made):
    """Missing, short and torn files are made; complete ones stay."""
    reference = digests(made)
    frames, audio = made / 'train' / 'frames', made / 'train' / 'audio'
    (frames / 'SyntheTrain_000002.jpg').unlink()
    torn = audio / 'SyntheTrain_000003.wav'
    torn.write_bytes(torn.read_bytes()[:1000])
    torn = frames / 'SyntheTrain_000004.jpg'
    torn.write_bytes(torn.read_bytes()[:1000])
    (made / 'metadata' / 'train.txt').unlink()
    journal = made / 'metadata' / 'scenes_train.jsonl'
    journal.write_text(journal.read_text()[:-40])
    (frames / '.unfinished_x.jpg').write_bytes(b'left over')
    kept = frames / 'SyntheTrain_000000.jpg'
    before = kept.stat().st_mtime_ns
    make(made, *SMALL, '--workers', '1')
    assert digests(made) == reference
    assert kept.stat().st_mtime_ns == before


def test_complete_run_makes_no_scene(made, monkeypatch):
    reference = digests(made)
    monkeypatch.setattr(synthetic, 'make_scene', None)
    make(made, *SMALL, '--workers', '1')
    assert digests(made) == reference


def test_other_parameters_are_refused_or_overwritten(made):
    with pytest.raises(SystemExit) as error:
        make(made, *SMALL, '--seed', '5')
    for part in (str(made), 'seed: 0 there, 5 asked for', '--overwrite'):
        assert part in str(error.value)
    smaller = ['--num-train', '1', '--num-val', '0', '--num-test', '1']
    make(made, *smaller, '--seed', '5', '--overwrite')
    assert len(list((made / 'train' / 'audio').iterdir())) == 1
    assert json.loads((made / 'manifest.json').read_text())['seed'] == 5
    assert not (made / 'val' / 'audio').exists()


def test_foreign_folder_is_never_touched(tmp_path):
    (tmp_path / 'thesis.txt').write_text('mine')
    with pytest.raises(SystemExit, match='no\\s+manifest.json'):
        make(tmp_path, *SMALL, '--overwrite')
    assert (tmp_path / 'thesis.txt').read_text() == 'mine'


def test_summary_prints_counts_and_baselines(tmp_path, capsys):
    make(tmp_path / 'data', *SMALL)
    text = capsys.readouterr().out
    assert len(text.splitlines()) == 1
    assert text.startswith('train 6, val 2, test 4 scenes; ')
    for name in ('whole_image', 'centre', 'oracle_cap 100.0 %'):
        assert name in text
