"""One packed file: its key, what is known of it, its array, a checksum.

Layout, little-endian: CRC-32 (4 bytes) of the key and all that follows, the
length of the header (4 bytes), the header (JSON), the array.
"""
import json
import os
import struct
import zlib
from dataclasses import dataclass
from typing import (Any, Callable, Dict, List, Mapping, NamedTuple, Optional,
                    Sequence, Tuple)
from urllib.parse import quote

import cv2
import numpy as np
from mmengine.dataset import BaseDataset

from fnac_mm.functional import decode_pcm16, encode_pcm16

_CHECKSUM = 4
_START = 8

# The files that can be packed, and the array that is made of each.
ARRAYS = dict(img_path='img', audio_path='waveform', mask_path='gt_mask')

Fields = Dict[str, Any]


def packed_key(kind: str, name: str) -> str:
    """Key of a file, in ASCII, which the backend asks for.

    Args:
        kind (str): A key of ``ARRAYS``.
        name (str): Path below the folder of ``data_prefix``.
    """
    return f'{kind}/{quote(name)}'


def _encode_image(image: np.ndarray, image_format: str,
                  quality: int) -> Tuple[bytes, Fields]:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise TypeError('only pictures (H, W, 3) of 8 bits can be packed, got '
                        f'{image.shape} {image.dtype}')
    if image_format == 'raw':
        # Planes of R, G, B, as PackAVInputs wants them: it then copies rows.
        planes = np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1))
        return planes.tobytes(), dict(
            encoding='planes', shape=list(planes.shape))
    flags = [cv2.IMWRITE_PNG_COMPRESSION, 6] if image_format == 'png' else [
        cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    ]
    content = cv2.imencode(f'.{image_format}', image, flags)[1]
    return content.tobytes(), dict(encoding=image_format)


def _encode_audio(waveform: np.ndarray) -> Tuple[bytes, Fields]:
    """16 bits where they give the same waveform, else float32."""
    if waveform.dtype == np.int16:
        return waveform.tobytes(), dict(encoding='int16')
    samples = encode_pcm16(waveform)
    if np.array_equal(decode_pcm16(samples), waveform):
        return samples.tobytes(), dict(encoding='pcm16')
    return waveform.tobytes(), dict(encoding='float32')


def encode_array(kind: str,
                 array: np.ndarray,
                 image_format: str = 'raw',
                 jpeg_quality: int = 95) -> Tuple[bytes, Fields]:
    """Bytes of a picture, a sound or a mask, and how to read them.

    Args:
        kind (str): A key of ``ARRAYS``.
        array (np.ndarray): Picture (H, W, 3) uint8 BGR, waveform (S,)
            float32 or int16, or mask (H, W) uint8 of 0 and 1.
        image_format (str): ``'raw'``, ``'png'`` (both without loss) or
            ``'jpeg'`` (full chroma resolution). Defaults to 'raw'.
        jpeg_quality (int): Defaults to 95.

    Raises:
        TypeError: If a picture is of another type.
    """
    if kind == 'img_path':
        return _encode_image(array, image_format, jpeg_quality)
    if kind == 'audio_path':
        return _encode_audio(array)
    return np.packbits(array).tobytes(), dict(
        encoding='bits', shape=list(array.shape))


def decode_array(content: memoryview, encoding: str,
                 shape: Optional[Tuple[int, ...]]) -> np.ndarray:
    """The array that :func:`encode_array` encoded; it may be written to.

    ValueError if there is no such encoding, or the bytes are not of it.
    """
    if encoding == 'planes':
        planes = np.frombuffer(content, np.uint8).copy().reshape(shape)
        return planes[::-1].transpose(1, 2, 0)
    if encoding in ('png', 'jpeg'):
        data = np.frombuffer(content, np.uint8)
        try:
            picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise ValueError(f'not a picture ({error})') from error
        if picture is None:
            raise ValueError(f'not a {encoding} of {len(data)} bytes')
        return np.asarray(picture)
    if encoding == 'pcm16':
        return decode_pcm16(np.frombuffer(content, np.int16))
    if encoding in ('float32', 'int16'):
        return np.frombuffer(content, encoding).copy()
    if encoding == 'bits':
        height, width = shape or (0, 0)
        if -(-height * width // 8) != len(content):  # it would be filled up
            raise ValueError(f'{len(content)} bytes are no mask of {shape}')
        return np.unpackbits(
            np.frombuffer(content, np.uint8),
            count=height * width).reshape(height, width)
    raise ValueError(f'unknown encoding {encoding!r}; it was packed by a '
                     'newer version')


def write_record(key: str, fields: Fields, content: bytes = b'') -> bytes:
    """A record with its checksum.

    Args:
        key (str): Its name, which the checksum covers.
        fields (dict): What JSON can hold.
        content (bytes): The array. Defaults to none.
    """
    header = json.dumps(fields).encode()
    body = b''.join((struct.pack('<I', len(header)), header, content))
    crc = zlib.crc32(body, zlib.crc32(key.encode()))
    return struct.pack('<I', crc) + body


def read_record(key: str, record: bytes) -> Tuple[Fields, memoryview]:
    """Check a record and take it apart.

    Args:
        key (str): Its name.
        record (bytes): The record.

    Returns:
        tuple[dict, memoryview]: Fields, with lists as tuples, and the bytes
        of the array.

    Raises:
        ValueError: If it isn't what was written.
    """
    view = memoryview(record)
    if len(record) < _START or zlib.crc32(
            view[_CHECKSUM:], zlib.crc32(key.encode())) != struct.unpack_from(
                '<I', record)[0]:
        raise ValueError(f'{len(record)} bytes with another checksum than '
                         'was written')
    end = _START + struct.unpack_from('<I', record, _CHECKSUM)[0]
    try:
        fields = json.loads(record[_START:end])
        tables = (fields, fields.get('results', {}))
        items = [(table, *item) for table in tables for item in table.items()]
    except (AttributeError, RecursionError) as error:
        raise ValueError(f'its header is none ({error})') from error
    # JSON knows no tuples.
    for table, name, value in items:
        if isinstance(value, list):
            table[name] = tuple(value)
    return fields, view[end:]


class MediaFile(NamedTuple):
    """A file to pack: kind, key, and the fields that its steps need."""
    kind: str
    key: str
    item: Dict[str, Any]


def list_files(
        dataset: BaseDataset,
        kinds: Sequence[str]) -> Tuple[List[MediaFile], Dict[str, List[str]]]:
    """Files of a data set.

    Args:
        dataset (AVLocalizationDataset): Its samples name the files.
        kinds (Sequence[str]): Kinds to pack.

    Returns:
        tuple[list[MediaFile], dict[str, list[str]]]: Each file to pack once,
        and for each kind of ``data_prefix`` the sorted names below it.
    """
    files: Dict[str, MediaFile] = {}
    names: Dict[str, set] = {kind: set() for kind in dataset.data_prefix}
    starts = {
        kind: len(os.path.join(folder or '.', ''))
        for kind, folder in dataset.data_prefix.items()
    }
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        for kind, known in names.items():
            name = info[kind][starts[kind]:]
            known.add(name)
            key = packed_key(kind, name)
            if kind in kinds and key not in files:
                wanted = (kind, 'mask_threshold')
                item = {k: info[k] for k in wanted if k in info}
                files[key] = MediaFile(kind, key, item)
    return list(files.values()), {k: sorted(v) for k, v in names.items()}


@dataclass
class MediaEncoder:
    """Runs the packable steps of a file.

    Attributes:
        steps (Mapping[str, Sequence[Callable]]): Transforms of each kind of
            file.
        formats (Mapping): ``image_format`` and ``jpeg_quality``.
    """
    steps: Mapping[str, Sequence[Callable]]
    formats: Mapping[str, Any]

    def __call__(self, file: MediaFile) -> Tuple[bytes, str]:
        """The record, empty if a step raised, and what is wrong."""
        sample = dict(file.item)
        try:
            for step in self.steps[file.kind]:
                if step(sample) is None:
                    error = sample['load_error']
                    return write_record(file.key, dict(load_error=error)), ''
        except (OSError, ValueError) as error:
            return b'', str(error)
        content, fields = encode_array(file.kind,
                                       sample.pop(ARRAYS[file.kind]),
                                       **self.formats)
        fields['results'] = {
            key: sample[key]
            for key in sorted(sample.keys() - file.item.keys())
        }
        return write_record(file.key, fields, content), ''
