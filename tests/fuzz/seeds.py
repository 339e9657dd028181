"""Small whole files, from which damaged ones are made."""
import io
import json
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Dict, List, Optional

import lmdb
import numpy as np
import soundfile
import torch
from PIL import Image

from fnac_mm.datasets.packed.reader import DATABASE, write_manifest
from fnac_mm.datasets.packed.record import encode_array, write_record
from fnac_mm.evaluation.result_file import content_digest
from fnac_mm.functional import Protocol
from tests.media import index_frames, write_media

Shared = Optional[Path]

_INDEX = 'index/img_path'
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


def from_shared(shared: Shared, *names: str, lines: int = 12) -> List[bytes]:
    """The first lines of published lists, where they are at hand."""
    if shared is None:
        return []
    return [
        b''.join((shared / 'metadata' / name).open('rb').readlines()[:lines])
        for name in names
    ]


def json_from_shared(shared: Shared, *names: str) -> List[bytes]:
    """The first entries of published annotations."""
    if shared is None:
        return []
    return [
        json.dumps(json.loads(
            (shared / 'metadata' / name).read_bytes())[:6]).encode()
        for name in names
    ]


def sample_files(shared: Shared, *names: str) -> List[bytes]:
    """Sample media."""
    if shared is None:
        return []
    return [(shared / 'samples' / name).read_bytes() for name in names]


def written(write: Any, name: str) -> bytes:
    """What a function writes into a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, name))
        return Path(folder, name).read_bytes()


def sounds() -> List[bytes]:
    """A second and a half in the usual formats."""
    kinds = (('WAV', 'PCM_16'), ('WAV', 'FLOAT'), ('WAV', 'ULAW'),
             ('WAVEX', 'PCM_24'), ('FLAC', 'PCM_16'), ('OGG', 'VORBIS'),
             ('OGG', 'OPUS'), ('AIFF', 'PCM_16'), ('AU', 'PCM_16'),
             ('CAF', 'ALAC_16'), ('MP3', 'MPEG_LAYER_III'), ('W64', 'PCM_16'))
    files = []
    for kind, subtype in kinds:
        stream = io.BytesIO()
        soundfile.write(stream, SOUND, 8000, subtype, format=kind)
        files.append(stream.getvalue())
    pcm = (SOUND * 20000).astype(np.int16)
    for name, codec in (('a.m4a', 'aac'), ('a.mka', 'pcm_s16le'), ('a.mp4',
                                                                   'aac')):
        files.append(
            written(lambda p, c=codec: write_media(p, pcm, 8000, c), name))
    return files


def films() -> List[bytes]:
    """A second of pictures and sound in several containers."""
    pcm = (SOUND[:8000] * 20000).astype(np.int16)
    kinds = (('a.mp4', 'aac', 'mpeg4'), ('a.mkv', 'aac', 'mpeg4'),
             ('a.avi', 'pcm_s16le', 'mpeg4'), ('a.ts', 'mp2', 'mpeg2video'),
             ('a.mov', 'pcm_s16le', 'mpeg4'), ('a.flv', 'aac', 'flv'))
    return [
        written(
            lambda p, a=audio, v=video: write_media(
                p, pcm, 16000, a, frames=index_frames(10, 4), video_codec=v),
            name) for name, audio, video in kinds
    ]


def pictures() -> List[bytes]:
    """The same noise in the usual formats and modes."""
    kinds = (('RGB', 'JPEG', dict(quality=80)), ('L', 'JPEG',
                                                 {}), ('RGB', 'JPEG',
                                                       dict(progressive=True)),
             ('CMYK', 'JPEG', {}), ('RGB', 'PNG', {}), ('P', 'PNG', {}),
             ('RGBA', 'PNG', {}), ('1', 'PNG', {}), ('P', 'GIF', {}),
             ('RGB', 'BMP', {}), ('RGB', 'WEBP', {}), ('RGB', 'TIFF', {}),
             ('RGB', 'TIFF', dict(compression='tiff_lzw')), ('RGB', 'PPM', {}))
    files = []
    for mode, kind, options in kinds:
        stream = io.BytesIO()
        Image.fromarray(PICTURE).convert(mode).save(stream, kind, **options)
        files.append(stream.getvalue())
    return files


def masks() -> List[bytes]:
    """Masks as PNG and JPEG."""
    files = []
    mask = Image.fromarray((PICTURE[..., 0] > 127).astype(np.uint8) * 255)
    for mode, kind in (('L', 'PNG'), ('1', 'PNG'), ('P', 'PNG'),
                       ('RGB', 'PNG'), ('L', 'JPEG')):
        stream = io.BytesIO()
        mask.convert(mode).save(stream, kind)
        files.append(stream.getvalue())
    return files


def checkpoint() -> bytes:
    """A checkpoint as PyTorch writes it."""
    stream = io.BytesIO()
    torch.save(WEIGHTS, stream)
    return stream.getvalue()


def legacy_checkpoint() -> bytes:
    """A checkpoint as PyTorch wrote it before 1.6, without an archive."""
    stream = io.BytesIO()
    torch.save(WEIGHTS, stream, _use_new_zipfile_serialization=False)
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
    return {**many, _INDEX: write_record(_INDEX, {}, names)}


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
