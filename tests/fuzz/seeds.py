"""Small whole files, from which damaged ones are made."""
import io
import json
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import lmdb
import numpy as np
import soundfile
import torch
from PIL import Image

from fnac_mm.datasets.packed.reader import DATABASE, MANIFEST, write_manifest
from fnac_mm.datasets.packed.record import encode_array, write_record
from fnac_mm.evaluation.result_file import content_digest
from fnac_mm.functional import Protocol
from tests.conftest import ROOT
from tests.media import index_frames, write_media

SHARED = ROOT.parent / 'shared'
INDEX = 'index/img_path'
_RNG = np.random.default_rng(0)
PICTURE = _RNG.integers(0, 256, (24, 32, 3), np.uint8)
SOUND = np.sin(np.arange(12000) / 9)
WEIGHTS = dict(
    state_dict=dict(
        weight=torch.arange(60.).reshape(5, 12), bias=torch.ones(5).half()),
    meta=dict(epoch=3, cfg='model = dict(type=\'a\')'))
CONFIG = b"""model = dict(
    type='DualEncoderLocalizer',
    image_encoder=dict(type='mmpretrain.ResNet', depth=18, out=(3, )),
    weights={'a b': [1.5, -2, None, True]})
test_dataloader = dict(dataset=dict(pipeline=[dict(type='LoadImage')]))
min_confidence = None
"""
XML = b"""<annotation><object>
<bbox><a>1</a><b>10</b><c>20</c><d>128</d><e>256</e></bbox>
<bbox><n>x</n><xmin>0</xmin><ymin>32</ymin><xmax>64</xmax><ymax>96</ymax>
</bbox></object></annotation>"""

_TREE = b'"/d/s4_data/%s/test/dog/%s"'
_S4 = (b'[{"image": ' + _TREE % (b'visual_frames', b'a/a_1.png') +
       b', "audio": ' + _TREE % (b'audio_wav', b'a.wav') + b', "gt_box": ')
# Lists and annotations: of our own, and the first of published ones.
_LISTS: Dict[str, Tuple[List[bytes], List[str]]] = dict(
    ids=([b'AbCdEfGhIjK_000030\r\nb_000001\n', b'\xef\xbb\xbfa\nb\nc'],
         ['fnac/vggss_10k.txt', 'fnac/flickr_10k.txt']),
    csv=([b'a,dog\n"b",cat\n'],
         ['fnac/flickr_test.csv', 'fnac/vggss_test.csv']),
    negatives=([
        b'video,audio,label\na,b,non-sounding\n"b",a,non-sounding\n'
    ], ['slavc/flickr_test_plus_silent.csv']),
    avsbench=([
        b'name,start_time,category,split\na,0,dog,test\nb,"1",cat,train\r\n'
    ], []),
    vggsound=([b'AbCdEfGhIjK,30,"playing cello, bowed",train\n'], []),
    vggss=([
        b'[{"file": "a_000001", "class": "dog", "bbox": [[0, 0.25, 0.5, 1]]},'
        b'{"file": "b", "bbox": [[0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]]}]'
    ], ['fnac/vggss.json']),
    s4=([
        _S4 + b'[0.0, 12.0, 100.5, 224.0]}]',
        _S4 + _TREE % (b'gt_masks', b'a/a_1.png') + b'}]'
    ], ['sslalign/s4_box.json', 'sslalign/s4_seg.json']),
    sslalign=([], [
        'sslalign/synthetic3240_bbox.json', 'sslalign/vpo_ss_seg.json'
    ]),
    threshold=([b'{"negative_audio/threshold": 0.75, "x": 1}'], []),
    scores=([b'{"audio_visual/ciou@0.5": 0.75}'], []),
    log=([b'{"step": 1, "loss": 2.5, "epoch": 1}\n{"step": 2}\n'], []),
    manifest=([
        b'{"id": "a", "status": "made", "outputs": [{"path": "a", '
        b'"bytes": 3}], "sources": {"x": 1}}\n'
        b'{"id": "b", "status": "failed", "sources": {}}\n'
    ], []))  # yapf: disable


def lists(*kinds: str, lines: int = 12) -> List[bytes]:
    """Whole lists and annotations of these kinds."""
    found = [content for kind in kinds for content in _LISTS[kind][0]]
    for name in (name for kind in kinds for name in _LISTS[kind][1]
                 if SHARED.is_dir()):
        path = SHARED / 'metadata' / name
        found.append(
            json.dumps(json.loads(path.read_bytes())[:6]).encode(
            ) if path.suffix ==
            '.json' else b''.join(path.open('rb').readlines()[:lines]))
    return found


def _samples(*names: str) -> List[bytes]:
    """Sample media, where at hand."""
    return [(SHARED / 'samples' / name).read_bytes() for name in names
            if SHARED.is_dir()]


def _written(name: str, write: Callable, *args: Any, **kwargs: Any) -> bytes:
    """What a function writes into a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        write(path, *args, **kwargs)
        return path.read_bytes()


@cache
def sounds() -> List[bytes]:
    """A second and a half in the usual formats."""
    kinds = ('WAV PCM_16', 'WAV FLOAT', 'WAV ULAW', 'WAVEX PCM_24',
             'FLAC PCM_16', 'OGG VORBIS', 'OGG OPUS', 'AIFF PCM_16',
             'AU PCM_16', 'CAF ALAC_16', 'MP3 MPEG_LAYER_III', 'W64 PCM_16')
    pcm = (SOUND * 20000).astype(np.int16)
    files = [
        _written('a', soundfile.write, SOUND, 8000, subtype, None, kind)
        for kind, subtype in map(str.split, kinds)
    ]
    for name, codec in (('a.m4a', 'aac'), ('a.mka', 'pcm_s16le'), ('a.mp4',
                                                                   'aac')):
        files.append(_written(name, write_media, pcm, 8000, codec))
    return files + _samples('audio/sine_mono_f64.wav',
                            'audio/sine_16ch_s16.wav',
                            'audio/nasa_13013.mp4.audio.mp3')


@cache
def films() -> List[bytes]:
    """A second of pictures and sound in several containers."""
    pcm = (SOUND[:8000] * 20000).astype(np.int16)
    kinds = ('a.mp4 aac mpeg4', 'a.mkv aac mpeg4', 'a.avi pcm_s16le mpeg4',
             'a.ts mp2 mpeg2video', 'a.mov pcm_s16le mpeg4', 'a.flv aac flv')
    files = [
        _written(
            name,
            write_media,
            pcm,
            16000,
            audio,
            frames=index_frames(10, 4),
            video_codec=video) for name, audio, video in map(str.split, kinds)
    ]
    return files + _samples('videos/avi_44k.avi', 'videos/h264_aac_44k.mp4')


def _saved(picture: np.ndarray, kinds: Sequence[str],
           **options: Any) -> List[bytes]:
    """A picture in modes and formats."""
    image = Image.fromarray(picture)
    return [
        _written('a',
                 image.convert(mode).save, kind, **options)
        for mode, kind in map(str.split, kinds)
    ]


@cache
def pictures() -> List[bytes]:
    """The same noise in the usual formats and modes."""
    kinds = ('RGB JPEG', 'L JPEG', 'CMYK JPEG', 'RGB PNG', 'P PNG', 'RGBA PNG',
             '1 PNG', 'P GIF', 'RGB BMP', 'RGB WEBP', 'RGB TIFF', 'RGB PPM')
    return [
        *_saved(PICTURE, kinds),
        *_saved(PICTURE, ['RGB JPEG'], progressive=True),
        *_saved(PICTURE, ['RGB TIFF'], compression='tiff_lzw'),
        *_samples('pairs/car_image.jpg')
    ]


@cache
def masks() -> List[bytes]:
    """Masks as PNG and JPEG."""
    mask = (PICTURE[..., 0] > 127).astype(np.uint8) * 255
    return _saved(mask, ('L PNG', '1 PNG', 'P PNG', 'RGB PNG', 'L JPEG'))


@cache
def checkpoint(as_archive: bool = True) -> bytes:
    """As PyTorch writes it, or wrote it before 1.6, without an archive."""
    stream = io.BytesIO()
    torch.save(WEIGHTS, stream, _use_new_zipfile_serialization=as_archive)
    return stream.getvalue()


def checkpoint_with(pickled: bytes) -> bytes:
    """A whole checkpoint around a damaged pickle: checksums are right."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(checkpoint())) as old, \
            zipfile.ZipFile(stream, 'w') as new:
        for name in old.namelist():
            is_pickle = name.endswith('/data.pkl')
            new.writestr(name, pickled if is_pickle else old.read(name))
    return stream.getvalue()


def checkpoint_pickle() -> bytes:
    """The pickle in a checkpoint."""
    with zipfile.ZipFile(io.BytesIO(checkpoint())) as archive:
        name, = (n for n in archive.namelist() if n.endswith('/data.pkl'))
        return archive.read(name)


def records() -> List[bytes]:
    """Records of packed data: a header and an array."""
    arrays = [
        *(encode_array('img_path', PICTURE, f)
          for f in ('raw', 'png', 'jpeg')),
        encode_array('audio_path', np.float32(SOUND[:50])),
        encode_array('audio_path', np.zeros(50, np.float32)),
        encode_array('mask_path', PICTURE[..., 0] > 99)
    ]
    return [
        write_record('img_path/a',
                     dict(fields, results=dict(img_shape=[24, 32])), content)
        for content, fields in arrays
    ]


def with_record_checksum(record: bytes) -> bytes:
    """A damaged record with the checksum that its forger would write."""
    crc = zlib.crc32(record[4:], zlib.crc32(b'img_path/a'))
    return crc.to_bytes(4, 'little') + record[4:]


def many_records() -> Dict[str, bytes]:
    """Enough records for a search tree of two levels."""
    some = records()
    many = {
        key: write_record(key, {}, some[i % len(some)] * (1 + i % 5))
        for i, key in enumerate(f'img_path/{n}' for n in range(120))
    }
    names = json.dumps([str(n) for n in range(120)]).encode()
    return {**many, INDEX: write_record(INDEX, {}, names)}


def make_pack(folder: Path, content: Dict[str, bytes]) -> None:
    """Packed data of these records, with right checksums."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with lmdb.open(str(folder), map_size=2**24, lock=False, sync=False) as env:
        with env.begin(write=True) as txn:
            for key, record in content.items():
                txn.put(key.encode(), record)
    write_manifest(
        folder,
        dict(
            version=1,
            steps=[],
            complete=True,
            bytes=(folder / DATABASE).stat().st_size,
            bytes_by_kind=dict(img_path=1)))


@cache
def pack() -> Dict[str, bytes]:
    """Files of packed data."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, 'pack')
        make_pack(folder, many_records())
        return {
            part: (folder / part).read_bytes()
            for part in (DATABASE, MANIFEST)
        }


def result_file() -> bytes:
    """A file of results of two samples, one with a mask."""
    rule = dict(name='ezvsl', size=8, threshold=0.5)
    row = dict(
        boxes=[[0.1, 0.2, 0.5, 0.75]],
        n_boxes=1,
        map=[[0.25, -0.5], [1.0, 0.125]],
        mask=dict(size=[2, 3], counts=[1, 2, 3]))
    content = dict(
        version=1,
        metric=dict(type='SegmentationMetric'),
        protocol=asdict(Protocol(**rule)),
        dataset=dict(name='avsbench', combine='union', consensus=2),
        n=2,
        n_listed=3,
        metrics=dict(miou=51.25, f_score=None),
        results=[dict(row, sample_id='a'),
                 dict(row, sample_id='b')])
    return json.dumps(dict(content, sha256=content_digest(content))).encode()


def with_sha256(content: bytes) -> bytes:
    """A damaged file of results, with the sha256 of its new content."""
    try:
        parts = json.loads(content)
        return json.dumps(dict(parts, sha256=content_digest(parts))).encode()
    except (ValueError, RecursionError, TypeError, AttributeError):
        return content
