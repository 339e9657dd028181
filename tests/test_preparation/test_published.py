"""AVSBench and IS3: published trees are checked, linked and completed."""
import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile
from PIL import Image

from fnac_mm.registry import DATASETS
from tests.media import index_frames, sample_ramp, write_media
from .raw_media import picture_index, read_manifest, run_tool

SETS = dict(
    s4=('Single-source', 'AVSBenchS4'), ms3=('Multi-sources', 'AVSBenchMS3'))


@pytest.fixture()
def published(standins: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(standins, tmp_path / 'raw')


def write_raw_video(source: Path, subset: str, row: dict) -> None:
    """A video of 5 s whose frames tell their index, 25 a second."""
    below = f'{row["split"]}/{row["category"]}/' if subset == 's4' else ''
    path = source / f'{subset}_data/raw_videos/{below}{row["name"]}.mp4'
    path.parent.mkdir(parents=True, exist_ok=True)
    write_media(
        path,
        sample_ramp(5 * 16000),
        codec='flac',
        frames=index_frames(125),
        fps=25,
        options=dict(strict='-2'))


def rows(source: Path, subset: str) -> list:
    """Rows of the published list."""
    lines = (source / f'{subset}_meta_data.csv').read_text().splitlines()
    return [dict(zip(lines[0].split(','), x.split(','))) for x in lines[1:]]


def load(folder: Path, type: str, ann_file: str, **kwargs: object) -> list:
    """Samples of a data set."""
    dataset = DATASETS.build(
        dict(
            type=type,
            data_root=str(folder),
            ann_file=ann_file,
            test_mode=True,
            pipeline=[dict(type='LoadImage'),
                      dict(type='LoadMask')],
            **kwargs))
    return [dataset[n] for n in range(len(dataset))]


def check_same(ours: list, theirs: list) -> None:
    """The same samples, pixel for pixel."""
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs):
        assert one['sample_id'] == other['sample_id']
        assert np.array_equal(one['img'], other['img'])
        assert np.array_equal(one['gt_mask'], other['gt_mask'])


@pytest.mark.parametrize('subset', SETS)
class TestAVSBench:
    """Both parts."""

    def run(self, published: Path, subset: str, *args: object) -> Path:
        out = published.parent / 'out'
        run_tool('prepare_avsbench', published / 'avsbench' / SETS[subset][0],
                 out, '--subset', subset, '--workers', 1, *args)
        return out

    def test_a_whole_tree_is_linked(self, published: Path, subset: str,
                                    capsys: pytest.CaptureFixture) -> None:
        out = self.run(published, subset)
        kind = SETS[subset][1], f'{subset}_meta_data.csv'
        ours = load(out, *kind)
        check_same(ours, load(published / 'avsbench' / SETS[subset][0], *kind))
        assert len(ours) == 10
        assert all(os.path.islink(one['img_path']) for one in ours)
        assert ', 0 made from raw_videos' in capsys.readouterr().out

    def test_what_is_missing_is_made(self, published: Path, subset: str,
                                     capsys: pytest.CaptureFixture) -> None:
        """Frame n is index 25 (n - 1) + 23, as the authors chose it."""
        source = published / 'avsbench' / SETS[subset][0]
        data = f'{subset}_data'
        shutil.rmtree(source / data / 'visual_frames')
        shutil.rmtree(source / data / 'audio_wav')
        for row in rows(source, subset):
            write_raw_video(source, subset, row)
        out = self.run(published, subset, '--link', 'copy')
        samples = load(out, SETS[subset][1], f'{subset}_meta_data.csv')
        assert len(samples) == 10
        for sample in samples:
            number = int(sample['sample_id'][-1])
            assert sample['img'].shape == (224, 224, 3)
            squashed = cv2.resize(
                index_frames(125)[25 * number - 2], (224, 224))
            assert np.abs(sample['img'].astype(int) - squashed).mean() < 12
            waveform, _ = soundfile.read(sample['audio_path'], dtype='int16')
            assert np.array_equal(waveform, sample_ramp(80000))
        assert f'{6 * 4} made from raw_videos' in capsys.readouterr().out

    def test_what_can_not_be_made(self, published: Path, subset: str,
                                  capsys: pytest.CaptureFixture) -> None:
        source = published / 'avsbench' / SETS[subset][0]
        wavs = sorted((source / f'{subset}_data/audio_wav').rglob('*.wav'))
        wavs[0].unlink()
        wavs[1].write_bytes(b'RIFF')
        masks = sorted((source / f'{subset}_data/gt_masks').rglob('*_1.png'))
        masks[0].unlink()
        out = self.run(published, subset)
        records = read_manifest(out)
        assert records[wavs[0].stem]['status'] == 'not_found'
        assert records[wavs[1].stem]['failure'] == 'undecodable'
        assert 'ignored, masks that are not there: 1' in \
            capsys.readouterr().out

    @pytest.mark.parametrize('name', ['../../x', 'a/b', ''])
    def test_names_that_leave_the_folder(self, published: Path, subset: str,
                                         name: str) -> None:
        path = published / 'avsbench' / SETS[subset][
            0] / f'{subset}_meta_data.csv'
        lines = path.read_text().splitlines()
        lines[2] = ','.join([name, *lines[2].split(',')[1:]])
        path.write_text('\n'.join(lines))
        with pytest.raises(SystemExit, match='meta_data.csv, line 3'):
            self.run(published, subset)


class TestIS3:
    """The release, with the list of SSL-Alignment."""

    @pytest.fixture()
    def release(self, published: Path) -> Path:
        folder = published / 'is3'
        (folder / 'visual_frames').rename(folder / 'images')
        (folder / 'gt_masks').rename(folder / 'gt_segmentation')
        return folder

    def run(self, release: Path, *args: object) -> Path:
        out = release.parent.parent / 'out'
        run_tool('prepare_is3', release, out, '--workers', 1, *args)
        return out

    def test_release(self, release: Path, standins: Path) -> None:
        listed = release / 'synthetic3240_bbox.json'
        out = self.run(release, '--list', listed)

        folders = dict(
            img_path='visual_frames',
            audio_path='audio_wav',
            mask_path='gt_masks')
        ours, theirs = (
            load(folder, 'IS3', listed.name, data_prefix=folders)
            for folder in (out, standins / 'is3'))
        check_same(ours, theirs)
        assert len(ours) == len(json.loads(listed.read_text()))

    def test_other_formats_and_faults(self, release: Path,
                                      capsys: pytest.CaptureFixture) -> None:
        wavs = sorted((release / 'audio_wav').glob('*.wav'))
        samples, rate = soundfile.read(wavs[0], dtype='int16')
        soundfile.write(wavs[0].with_suffix('.flac'), samples, rate)
        for path in wavs[:2]:
            path.unlink()
        image = sorted((release / 'images').glob('*.jpg'))[2]
        image.write_bytes(image.read_bytes()[:400])
        out = self.run(release, '--list', release / 'synthetic3240_bbox.json',
                       '--link', 'hardlink')
        made, _ = soundfile.read(
            out / 'audio_wav' / wavs[0].name, dtype='int16')
        assert np.array_equal(made, samples)
        records = read_manifest(out)
        assert records[wavs[1].stem]['status'] == 'not_found'
        assert records[image.stem]['failure'] == 'undecodable'
        assert records[wavs[3].stem]['status'] == 'made'
        assert not (out / 'audio_wav' / f'{image.stem}.wav').exists()
        output = capsys.readouterr().out
        assert f'found {len(wavs) - 1} of {len(wavs)} listed clips' in output

    def test_malformed_list(self, release: Path) -> None:
        path = release / 'IS3_annotation.json'
        for content in ('[1, 2]', '{}', '[{"audio": "x"}]', 'no json',
                        '[{"image": "a/..\\u0000.jpg"}]'):
            path.write_text(content)
            with pytest.raises(SystemExit, match='IS3_annotation.json'):
                self.run(release, '--list', path)


def test_frame_times_of_avsbench(tmp_path: Path) -> None:
    """Frames 23, 48, ... of 25 a second; the last one if it is shorter."""
    source = tmp_path / 'raw'
    row = dict(name='vid_1', split='test')
    write_raw_video(source, 'ms3', row)
    short = dict(name='vid_2', split='test')
    path = source / 'ms3_data/raw_videos/vid_2.mkv'
    write_media(path, sample_ramp(64000), frames=index_frames(100), fps=25)
    (source /
     'ms3_meta_data.csv').write_text('name,split\n' +
                                     ''.join(f'{r["name"]},{r["split"]}\n'
                                             for r in (row, short)))
    run_tool('prepare_avsbench', source, tmp_path / 'out', '--subset', 'ms3')
    records = read_manifest(tmp_path / 'out')
    expected = dict(vid_1=[23, 48, 73, 98, 123], vid_2=[23, 48, 73, 98, 99])
    for name, indices in expected.items():
        frames = [o for o in records[name]['outputs'] if o['kind'] == 'frame']
        assert [round(25 * o['shown_from']) for o in frames] == indices
        picture = Image.open(tmp_path / 'out' / frames[0]['path'])
        assert picture.size == (224, 224) and picture.format == 'PNG'
        large = picture.resize((1600, 320))
        large.save(tmp_path / 'large.png')
        assert picture_index(tmp_path / 'large.png') == 23
