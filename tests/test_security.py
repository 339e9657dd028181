"""Nothing runs, opens or leaves a folder because data says so.

What single parsers refuse is tested beside them; whatever else is damaged
they meet in ``tests/fuzz``.
"""
import os
import pickle
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable, Dict

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from fnac_mm.datasets import LoadImage, LoadMask, read_id_list
from fnac_mm.datasets.box_list import read_annotation_list
from fnac_mm.datasets.clip_files import ClipFiles
from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.flickr_soundnet import read_flickr_boxes
from fnac_mm.datasets.vggss import read_vggss
from fnac_mm.engine import SafeCheckpointHook
from fnac_mm.functional import load_waveform
from fnac_mm.media.audio import SoundTrack, recording_length
from fnac_mm.media.container import MediaError, open_media
from fnac_mm.media.video import VideoReader
from fnac_mm.preparation.plan import read_ids
from fnac_mm.utils import load_plain_checkpoint
from tests.payload import Payload


def save_zip(content: Any, path: Path) -> None:
    torch.save(content, path)


def save_old(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_pickle(content: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))


def save_stacked(content: Any, path: Path) -> None:
    torch.save(content, path, pickle_protocol=4)


@pytest.mark.parametrize('save',
                         [save_zip, save_old, save_pickle, save_stacked])
@pytest.mark.parametrize('place', ['state_dict', 'optimizer', 'meta'])
def test_a_checkpoint_runs_nothing(tmp_path: Path, save: Callable,
                                   place: str) -> None:
    ran = tmp_path / 'ran'
    for function, args in ((os.mkdir, (str(ran), )),
                           (eval, (f'__import__("os").mkdir("{ran}")', )),
                           (torch.save, ({}, str(ran)))):
        path = tmp_path / 'bad.pth'
        save({place: dict(a=[Payload(function, *args)])}, path)
        with pytest.raises(ValueError, match=r'bad\.pth: '):
            load_plain_checkpoint(str(path))
        assert not ran.exists()


def flip(path: Path, entry: str) -> None:
    """Flip a bit of what an archive stores."""
    with zipfile.ZipFile(path) as archive:
        stored = archive.read(entry)
    content = bytearray(path.read_bytes())
    content[content.index(stored) + len(stored) // 2] ^= 1
    path.write_bytes(content)


def test_a_flipped_bit_of_a_weight_is_found(tmp_path: Path) -> None:
    """torch.load itself returns the wrong number."""
    path = tmp_path / 'flipped.pth'
    torch.save(dict(weight=torch.linspace(0, 1, 999)), path)
    with zipfile.ZipFile(path) as archive:
        entry, = (n for n in archive.namelist() if '/data/' in n)
    flip(path, entry)
    with pytest.raises(ValueError, match=r'flipped\.pth: .*data/0 is damaged'):
        load_plain_checkpoint(str(path))


def test_names_that_would_stall_torch_are_refused(tmp_path: Path) -> None:
    """It searches its own message in quadratic time."""
    path = tmp_path / 'long.pth'
    save_old(1, path)
    path.write_bytes(b'\x80\x02c' + b'a' * 200_000 + b'\nb\n.')
    with pytest.raises(ValueError, match=r'long\.pth: .*500 characters'):
        load_plain_checkpoint(str(path))


def test_an_archive_that_grows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / 'bomb.pth'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('a/data.pkl', bytes(2**24))
    with pytest.raises(ValueError, match=r'bomb\.pth: .*is compressed'):
        load_plain_checkpoint(str(path))


@pytest.mark.parametrize('name, is_kept', [
    ('run/best_ciou_epoch_1.pth', True),
    ('thesis.pth', False),
    ('run/../thesis.pth', False),
    ('run/notes.txt', False),
    ('run/folder.pth', False),
    ('', False),
])
def test_resuming_removes_nothing_elsewhere(tmp_path: Path, name: str,
                                            is_kept: bool) -> None:
    """The best checkpoint that a file names goes when there is a better."""
    (tmp_path / 'run' / 'folder.pth').mkdir(parents=True)
    model = torch.nn.Linear(1, 1)
    named = {'best_ckpt': str(tmp_path / name), 'best_score': 1.0}
    checkpoint = dict(
        state_dict=model.state_dict(),
        message_hub=dict(runtime_info=named, resumed_keys={}))
    runner = SimpleNamespace(
        model=model,
        work_dir=str(tmp_path / 'run'),
        _load_from='a.pth',
        _resume=False)
    SafeCheckpointHook().after_load_checkpoint(runner, checkpoint)
    assert ('best_ckpt' in named) is is_kept and 'best_score' in named


@pytest.mark.parametrize('head, body', [
    ('<!ENTITY a "lol"><!ENTITY b "&a;&a;">', '&b;'),
    ('<!ENTITY a SYSTEM "file:///etc/passwd">', '&a;'),
    ('<!ENTITY % a SYSTEM "http://127.0.0.1:9/"> %a;', '1'),
    ('<!ENTITY a "' + 'x' * 100_000 + '">', '&a;' * 1000),
])
def test_entities_are_refused(tmp_path: Path, head: str, body: str) -> None:
    path = tmp_path / 'bomb.xml'
    path.write_text(f'<!DOCTYPE r [{head}]><r><o><bbox><a>1</a><b>{body}</b>'
                    '<c>2</c><d>3</d><e>4</e></bbox></o></r>')
    with pytest.raises(ValueError, match=r'bomb\.xml: not acceptable XML'):
        read_flickr_boxes(path)


LISTS: Dict[str, Any] = {
    'a.txt': (read_id_list, '{}\n'),
    'b.csv': (read_id_list, '{},dog\n'),
    'c.csv': (read_negative_list, 'video,audio,label\na,{},non-sounding\n'),
    'd.json': (read_vggss, '[{{"file": "{}", "bbox": [[0, 0, 1, 1]]}}]'),
    'e.json':
    (read_annotation_list, '[{{"image": "/d/{}", "audio": "/d/a.wav", '
     '"gt_box": [0, 0, 9, 9]}}]'),
    'f.txt': (lambda path: read_ids([path]), '{}\n'),
}


@pytest.mark.parametrize('name', LISTS)
@pytest.mark.parametrize('sample_id', ['..', '../x', '/etc/passwd', 'a\\b'])
def test_names_stay_in_their_folder(tmp_path: Path, name: str,
                                    sample_id: str) -> None:
    read, text = LISTS[name]
    if name.endswith('json'):
        sample_id = sample_id.replace('\\', '\\\\')
    path = tmp_path / name
    path.write_text(text.format(sample_id))
    if name == 'e.json' and '/' in sample_id:
        # Paths of the authors' disk: only the last part means anything.
        assert list(read(path)) == [Path(sample_id).name]
        return
    with pytest.raises((SystemExit, ValueError), match=name):
        read(path)


def test_files_are_found_by_listing_only(tmp_path: Path) -> None:
    """Even an id that escaped all checks opens nothing elsewhere."""
    for name in ('frames/a.jpg', 'audio/a.wav', 'secret.jpg', 'secret.wav'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = ClipFiles(
        dict(
            img_path=str(tmp_path / 'frames'),
            audio_path=str(tmp_path / 'audio')),
        dict(img_path=('.jpg', ), audio_path=('.wav', )))
    found = files.paths(['../secret', 'a', str(tmp_path / 'secret')])
    assert [clip['sample_id'] for clip in found] == ['a']


def write_lists(folder: Path) -> Dict[str, str]:
    """Play lists of FFmpeg that name a recording, by kind."""
    secret = folder / 'secret.wav'
    soundfile.write(secret, np.zeros(16000), 8000)
    return dict(
        concat=f"ffconcat version 1.0\nfile '{secret.name}'\nduration 2\n",
        hls='#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-VERSION:3\n#EXTINF:2,\n'
        f'{secret}\n#EXT-X-ENDLIST\n')


@pytest.mark.parametrize('kind', ['concat', 'hls'])
@pytest.mark.parametrize('suffix', ['.wav', '.mp4'])
def test_media_open_no_other_file(tmp_path: Path, kind: str,
                                  suffix: str) -> None:
    path = tmp_path / f'list{suffix}'
    path.write_text(write_lists(tmp_path)[kind])
    if kind == 'concat':  # FFmpeg itself would open what is named
        with av.open(str(path)) as container:
            assert next(container.decode(audio=0)).samples
    for read in (load_waveform, recording_length, VideoReader, SoundTrack):
        with pytest.raises(ValueError, match='list'):
            read(str(path))
    with pytest.raises(MediaError), open_media(path):
        pass


@pytest.mark.parametrize('loader, key', [(LoadImage(), 'img_path'),
                                         (LoadMask(threshold=1), 'mask_path')])
def test_pictures_start_no_program(tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch,
                                   loader: Callable, key: str) -> None:
    """Pillow hands PostScript to Ghostscript."""
    path = tmp_path / 'a.jpg'
    Image.new('RGB', (8, 8)).save(path, 'EPS')
    assert Image.open(path).format == 'EPS'
    monkeypatch.setattr('subprocess.Popen', None)
    with pytest.raises(ValueError, match=r'a\.jpg.*unknown format'):
        loader({key: str(path)})
