"""What fuzzing found, kept small: each once crashed, hung or was accepted."""
import errno
import json
import struct
from pathlib import Path
from typing import Any, Callable
from unittest import mock

import pytest

from fnac_mm.apis.publish import read_metrics
from fnac_mm.apis.source_location import read_min_confidence
from fnac_mm.datasets import read_id_list
from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.flickr_soundnet import read_flickr_boxes
from fnac_mm.datasets.packed.reader import MANIFEST, read_manifest
from fnac_mm.datasets.packed.record import decode_array
from fnac_mm.datasets.vggss import read_vggss
from fnac_mm.evaluation.result_file import read_results
from fnac_mm.preparation.state import OPTIONS, PreparedFolder, read_records
from fnac_mm.preparation.vggsound import read_csv
from fnac_mm.utils import load_plain_checkpoint
from fnac_mm.visualization.curves import read_scalars
from . import seeds
from .readers import read_forged_record

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
        read_csv(path)


def test_damaged_records_of_a_preparation_are_made_anew(
        tmp_path: Path) -> None:
    path = tmp_path / 'manifest.jsonl'
    path.write_bytes(b'5\n{"a": 1}\n[]\n' + b'[' * 99_999 +
                     b'\n{"id": "a", "outputs": 5}\n{"id": ["b"]}\n'
                     b'{"id": "c", "outputs": [{"path": 1}]}\n{"id": "d"}\n')
    assert list(read_records(path)) == ['d']


@pytest.mark.parametrize('content', ['[', '5', '[' * 99_999])
def test_damaged_options_of_a_preparation(tmp_path: Path,
                                          content: str) -> None:
    (tmp_path / OPTIONS).write_text(content)
    with pytest.raises(SystemExit, match=f'{OPTIONS} is damaged'):
        PreparedFolder(tmp_path, {})


@pytest.mark.parametrize('content', [
    seeds.checkpoint_with(b'\x80\x02h\x58.'),
    b'\x80\x02h\x58.',
    b'PK\x03\x04' + bytes(30),
])
def test_checkpoints(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'found.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found.pth: ') as caught:
        load_plain_checkpoint(str(path))
    assert len(str(caught.value)) < 2000


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


def test_a_table_of_contents_that_only_torch_trips_over(
        tmp_path: Path) -> None:
    path = tmp_path / 'found.pth'
    path.write_bytes(seeds.checkpoint())
    fault = OSError(errno.EINVAL, 'Invalid argument')
    with mock.patch(
            'torch.load', side_effect=fault), pytest.raises(
                ValueError, match='found.pth: .*table of contents is damaged'):
        load_plain_checkpoint(str(path))


@pytest.mark.parametrize('content, message', [
    ('[' * 99_999, 'not a json file'),
    ('{"a": 1' + '0' * 400 + '}', 'no numbers'),
])
def test_scores_to_publish(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / 'found.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=f'found.json: {message}'):
        read_metrics(str(path))
