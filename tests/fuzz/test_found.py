"""What fuzzing found, kept small: each once crashed, hung or was accepted."""
import errno
import json
import struct
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable
from unittest import mock

import av
import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from fnac_mm.apis.checkpoint_config import read_config
from fnac_mm.apis.placement import read_min_confidence
from fnac_mm.apis.sound_track import SoundTrack
from fnac_mm.apis.upload_limits import UploadLimits
from fnac_mm.apis.video_reader import VideoReader
from fnac_mm.datasets import LoadImage
from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.flickr_soundnet import read_flickr_boxes
from fnac_mm.datasets.media_index import read_id_list
from fnac_mm.datasets.packed_media import (DATABASE, MANIFEST, PackedDataError,
                                           PackedMedia, read_manifest)
from fnac_mm.datasets.packed_record import decode_array
from fnac_mm.datasets.vggss import read_vggss
from fnac_mm.evaluation.map_history import FOLDER, read_history
from fnac_mm.evaluation.result_file import read_results
from fnac_mm.functional import load_waveform
from fnac_mm.functional.media_file import MediaError, read_packets
from fnac_mm.functional.media_sound import _to_mono16
from fnac_mm.functional.spectrogram_stream import StreamResampler
from fnac_mm.utils import load_plain_checkpoint
from fnac_mm.visualization.curves import read_scalars
from tests.media import index_frames, write_media
from tests.test_tools.raw_media import load_tool
from tools.model_converters.publish_model import read_metrics
from . import seeds
from .readers import read_forged_record, tool

CSV = b'video,audio,label\n'
ROW = b'a,b,non-sounding\n'
LONG = b'a' * 200_000


def bbox(value: str) -> bytes:
    return seeds.XML.replace(b'<b>10</b>', f'<b>{value}</b>'.encode())


def results(*path: Any, value: Any) -> bytes:
    """A file of results with another value, sealed again."""
    content = json.loads(seeds.result_file())
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return seeds.with_sha256(json.dumps(content).encode())


def unsealed(content: bytes) -> bytes:
    return content.replace(b'"sha256"', b'"sha257"')


@pytest.mark.parametrize(
    'read, content, message',
    [
        (read_id_list, LONG + b'/', 'line 1: .* is not an id'),
        (read_id_list, b'.\n', 'is not an id'),
        (read_negative_list, CSV + ROW + LONG,
         'field larger than field limit'),
        (read_negative_list, CSV + b'"' + ROW + b'c,d,non-sounding',
         'not a table'),
        (read_negative_list, b'video,audio,label,video\na,b,non-sounding,c',
         'each once'),
        (read_negative_list, CSV[:-1] + b',' * 200_000 + b'\n', 'each once'),
        (read_flickr_boxes, bbox('1' + '0' * 400), 'not an integer'),
        (read_flickr_boxes, bbox('7' * 5000), 'not an integer'),
        (read_flickr_boxes, bbox('1_0'), 'not an integer'),
        (read_flickr_boxes, bbox('\u0661'), 'not an integer'),
        (read_vggss, b'[{"file": "a\\ud800", "bbox": []}]', 'is not an id'),
        (read_vggss, b'[{"file": "' + LONG + b'/", "bbox": []}]',
         'is not an id'),
        # Python 3.12 can read this one.
        (read_min_confidence, b'[' * 990 + b']' * 990,
         '(not a json file|expected one)'),
        (read_min_confidence, b'[' * 100_000, 'not a json file'),
        (read_min_confidence, b'{"threshold": [0.5]}', 'a threshold on'),
        (read_min_confidence, b'{"threshold": true}', 'a threshold on'),
        (lambda path: read_scalars([path]), b'\xff\n{"step": 1}\n', 'line 1'),
        (lambda path: read_scalars([path]), b'[' * 9999 + b'\n{"step": 1}\n',
         'line 1'),
        (read_results, unsealed(seeds.result_file()), 'sha256'),
        (read_results, results('results', 0, 'map',
                               value=[['1', '2']]), 'not an array of numbers'),
        (read_results, results('results', 0, 'map',
                               value=[[10**400]]), 'not an array of numbers'),
        (read_results,
         results(
             'results',
             0,
             'mask',
             value=dict(size=[10**6, 10**6], counts=[10**12])), "can't be of"),
        (read_results,
         results(
             'results', 0, 'mask', value=dict(
                 size=[2, 3], counts=[1.7, 4.3])), 'must be integers'),
        (read_results,
         results(
             'results', 0, 'mask', value=dict(
                 size=[2, 3], counts=[2**62] * 4)), 'do not make a mask'),
    ])
def test_refused(tmp_path: Path, read: Callable, content: bytes,
                 message: str) -> None:
    path = tmp_path / 'found'
    if read is read_id_list:
        content = b'first\n' + content
        message = message.replace('line 1', 'line 2')
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'(?s)found.*{message}') as caught:
        read(path)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize('row', [
    LONG.decode(), '"AbCdEfGhIjK,30,dog,train',
    'AbCdEfGhIjK,' + '7' * 5000 + ',dog,train', 'AbCdEfGhIjK,\u0661,dog,train'
])
def test_vggsound_table(tmp_path: Path, row: str) -> None:
    path = tmp_path / 'found.csv'
    path.write_text(f'{row}\n')
    with pytest.raises(SystemExit, match='found.csv'):
        tool('prepare_vggsound', 'read_csv')(path)


def test_damaged_records_of_a_preparation_are_made_anew(
        tmp_path: Path) -> None:
    path = tmp_path / 'manifest.jsonl'
    path.write_bytes(b'5\n{"a": 1}\n[]\n' + b'[' * 99_999 +
                     b'\n{"id": "a", "outputs": 5}\n{"id": ["b"]}\n'
                     b'{"id": "c", "outputs": [{"path": 1}]}\n{"id": "d"}\n')
    read = tool('prepare_vggsound', 'read_records', 'preparation.state')
    assert list(read(path)) == ['d']


@pytest.mark.parametrize('content', ['[', '5', '[' * 99_999])
def test_damaged_options_of_a_preparation(tmp_path: Path,
                                          content: str) -> None:
    load_tool('prepare_vggsound')
    from preparation.state import OPTIONS, PreparedFolder
    (tmp_path / OPTIONS).write_text(content)
    with pytest.raises(SystemExit, match=f'{OPTIONS} is damaged'):
        PreparedFolder(tmp_path, {})


@pytest.mark.parametrize('rate, message', [
    (2**31 - 1, 'a sample rate of 2147483647 Hz'),
    (44101, '44101 Hz can\'t be resampled to 16000 Hz'),
])
def test_sample_rates_that_fill_the_memory(tmp_path: Path, rate: int,
                                           message: str) -> None:
    path = tmp_path / 'found.wav'
    soundfile.write(path, np.zeros(8000), 8000)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack('<I', rate)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'found.wav: .*{message}'):
        load_waveform(path, 3.0, sample_rate=16000)


def test_stream_resampler_refuses_the_same_rates() -> None:
    with pytest.raises(ValueError, match='44101 Hz'):
        StreamResampler(44101, 16000)


def test_names_in_a_film_that_are_no_text(tmp_path: Path) -> None:
    path = write_media(tmp_path / 'found.mp4', frames=index_frames(5, 4))
    content = path.read_bytes().replace(b'isomiso2', b'is\xff\xffiso2')
    assert content != path.read_bytes()
    path.write_bytes(content)
    reader = VideoReader(str(path))
    assert next(iter(reader)).image.ndim == 3
    reader.close()


@pytest.mark.parametrize('read', [VideoReader, SoundTrack, load_waveform])
def test_codecs_that_nobody_knows(tmp_path: Path, read: Callable) -> None:
    path = write_media(
        tmp_path / 'found.mkv',
        np.zeros(9000, np.int16),
        codec='aac',
        frames=index_frames(5, 4))
    content = path.read_bytes()
    for name in (b'V_MPEG4', b'A_AAC'):
        assert name in content
        content = content.replace(name, name[:2] + b'Z' * len(name[2:]))
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.mkv.*codec'):
        read(str(path))


def test_more_channels_than_pyav_can_read(tmp_path: Path) -> None:
    path = tmp_path / 'found.wav'
    soundfile.write(path, np.zeros((8000, 16)), 8000, 'PCM_16', format='WAVEX')
    content = bytearray(path.read_bytes())
    content[32:36] = b'\0\0\0\xff'  # only FFmpeg accepts these bits
    path.write_bytes(content)
    for read in (load_waveform, lambda path: next(iter(SoundTrack(path)))):
        with pytest.raises(ValueError, match='found.wav.*16 channels'):
            read(str(path))


@pytest.mark.parametrize('content', [
    seeds.checkpoint_with(b'\x80\x02h\x58.'),
    b'\x80\x02h\x58.',
    b'PK\x03\x04' + bytes(30),
    seeds.checkpoint_with(b'\x80\x02cco' + b'l' * 5000 + b'\na\n.'),
])
def test_checkpoints(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'found.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.pth: ') as caught:
        load_plain_checkpoint(str(path))
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize('meta', [None, 5, 'x', [], {}])
def test_checkpoint_without_a_config(meta: Any) -> None:
    with pytest.raises(ValueError, match='found.pth: holds no config'):
        read_config(dict(meta=meta), 'found.pth')


def test_nested_manifest_of_a_pack(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('[' * 99_999)
    with pytest.raises(ValueError, match=f'{MANIFEST} is damaged'):
        read_manifest(tmp_path)


@pytest.mark.parametrize('content, encoding, shape', [
    (b'no picture', 'png', None),
    (b'', 'jpeg', None),
    (b'\0', 'bits', (10**6, 10**6)),
    (b'\0', 'planes', (3, 10**6, 10**6)),
    (b'\0\0\0', 'pcm16', None),
])
def test_arrays_of_a_forged_pack(content: bytes, encoding: str,
                                 shape: Any) -> None:
    with pytest.raises(ValueError):
        decode_array(memoryview(content), encoding, shape)


@pytest.mark.parametrize('header', [b'{}', b'[]', b'{"results": 5}'])
def test_header_of_a_forged_record(tmp_path: Path, header: bytes) -> None:
    record = bytes(4) + struct.pack('<I', len(header)) + header
    path = tmp_path / 'fuzzed.bin'
    path.write_bytes(seeds.with_record_checksum(record))
    with pytest.raises(ValueError, match='data.mdb'):
        read_forged_record(path)


def test_flipped_weights_are_accepted_by_torch_alone(tmp_path: Path) -> None:
    """Why the checksums are looked at."""
    content = bytearray(seeds.checkpoint())
    weight = seeds.WEIGHTS['state_dict']['weight'].numpy().tobytes()
    content[content.index(weight) + 43] ^= 64
    path = tmp_path / 'found.pth'
    path.write_bytes(content)
    loaded = torch.load(path)['state_dict']['weight']
    assert not torch.equal(loaded, seeds.WEIGHTS['state_dict']['weight'])
    with pytest.raises(ValueError, match='found.pth: .*checksum'):
        load_plain_checkpoint(str(path))


@pytest.mark.parametrize('content', [
    b'',
    b'P6\n1 1048577\n255\n' + bytes(99),
])
def test_pictures_that_opencv_asserts_on(tmp_path: Path,
                                         content: bytes) -> None:
    path = tmp_path / 'found.png'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.png: not a readable picture'):
        LoadImage(imdecode_backend='cv2')(dict(img_path=str(path)))


def test_a_picture_whose_chunk_is_of_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / 'found.png'
    Image.fromarray(seeds.PICTURE).save(path)
    content = bytearray(path.read_bytes())
    where = content.index(b'IDAT') - 4
    content[where:where + 4] = struct.pack('>I', 2**31 - 1)
    path.write_bytes(content)
    check = tool('prepare_vggsound', 'check_picture', 'preparation.pictures')
    tracemalloc.start()
    try:
        assert check(path) == (32, 24, 'PNG')
        assert tracemalloc.get_traced_memory()[1] < 2**24
    finally:
        tracemalloc.stop()


def test_a_tiff_whose_offset_is_a_fraction(tmp_path: Path) -> None:
    path = tmp_path / 'found.tiff'
    Image.fromarray(seeds.PICTURE).save(path)
    content = path.read_bytes()
    whole = struct.pack('<HHI', 273, 4, 1)  # StripOffsets, a LONG
    assert content.count(whole) == 1
    path.write_bytes(content.replace(whole, struct.pack('<HHI', 273, 5,
                                                        1)))  # RATIONAL
    with pytest.raises(ValueError, match='found.tiff: not a readable'):
        LoadImage()(dict(img_path=str(path)))


def test_a_sound_that_changes_its_channels() -> None:
    """As that of a damaged MPEG-TS may."""
    resampler = av.AudioResampler(format='fltp')
    mono, stereo = (
        av.AudioFrame(layout=layout, samples=64, format='s16')
        for layout in ('mono', 'stereo'))
    for frame in (mono, stereo):
        frame.sample_rate = 16000
    assert _to_mono16(mono, resampler).shape == (64, )
    with pytest.raises(MediaError, match='does not match'):
        _to_mono16(stereo, resampler)


def test_a_track_that_begins_in_the_midst() -> None:
    """PyAV's list of tracks is as of the opening; it raises IndexError."""

    def demux(*tracks: Any) -> Any:
        yield 'packet'
        yield [][len(tracks)]

    container = SimpleNamespace(demux=demux)
    packets = read_packets(container, 'track')
    assert next(packets) == 'packet'
    with pytest.raises(MediaError, match='in the midst'):
        next(packets)


def test_the_last_packet_of_an_ogg_file(tmp_path: Path) -> None:
    """FFmpeg tells its length, which is negative, without the sign."""
    path = tmp_path / 'found.ogg'
    soundfile.write(path, seeds.SOUND, 8000, 'VORBIS', format='OGG')
    UploadLimits(max_seconds=1.01).check_sound(str(path))
    with pytest.raises(ValueError, match='found.ogg: 1.5 s long'):
        UploadLimits(max_seconds=0.9).check_sound(str(path))


def test_a_table_of_contents_that_only_torch_trips_over(
        tmp_path: Path) -> None:
    path = tmp_path / 'found.pth'
    path.write_bytes(seeds.checkpoint())
    fault = OSError(errno.EINVAL, 'Invalid argument')
    with mock.patch(
            'torch.load', side_effect=fault), pytest.raises(
                ValueError, match='found.pth: .*table of contents is damaged'):
        load_plain_checkpoint(str(path))


def test_a_damaged_page_of_values_in_a_pack(tmp_path: Path) -> None:
    """It is in no checksum of the tree; LMDB itself notices."""
    seeds.make_pack(tmp_path / 'found', seeds.many_records())
    path = tmp_path / 'found' / DATABASE
    content = bytearray(path.read_bytes())
    values = [
        page for page in range(0, len(content), 4096)
        if content[page + 10:page + 12] == b'\x04\0'  # P_OVERFLOW
    ]
    assert values
    for page in values:
        content[page + 10] = 1
    path.write_bytes(content)
    media = PackedMedia(path.parent)
    media.check()
    with pytest.raises(PackedDataError, match='data.mdb: .*is damaged'):
        for number in range(120):
            media.get(f'img_path/{number}')


@pytest.mark.parametrize('content', ['[' * 99_999, '5', '{"version": 1}'])
def test_history_of_maps(tmp_path: Path, content: str) -> None:
    path = tmp_path / 'run' / 'vis_data' / FOLDER / 'epoch_1.json'
    path.parent.mkdir(parents=True)
    path.write_text(content)
    with pytest.raises(ValueError, match='epoch_1.json is no history'):
        read_history(tmp_path)


@pytest.mark.parametrize('content, message', [
    ('[' * 99_999, 'not a json file'),
    ('{"a": 1' + '0' * 400 + '}', 'no numbers'),
])
def test_scores_to_publish(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / 'found.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=f'found.json: {message}'):
        read_metrics(str(path))
