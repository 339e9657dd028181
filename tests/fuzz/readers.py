"""Each parser called as its users do, and what it may accept."""
import math
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterable, List

import numpy as np
import torch
from mmengine.fileio import io as mmengine_io

from fnac_mm.apis.checkpoint_config import read_config
from fnac_mm.apis.web_demo.upload_limits import UploadLimits
from fnac_mm.datasets import AVSBenchS4, LoadAudio, LoadImage
from fnac_mm.datasets.packed.reader import MANIFEST, PackedMedia
from fnac_mm.datasets.packed.record import read_record
from fnac_mm.datasets.transforms import LoadMask
from fnac_mm.datasets.transforms.packed import LoadPacked
from fnac_mm.media.audio import SoundTrack
from fnac_mm.media.video import VideoReader
from fnac_mm.preparation.media import make_clip
from fnac_mm.preparation.plan import (Clip, MediaOptions, Output,
                                      frame_and_sound)
from fnac_mm.verification.probe import FileTask, probe_file
from fnac_mm.verification.published_lists import list_entries, recognize_list
from . import seeds
from .harness import STEM
from .seeds import lists

# A lost coordinate of the published vggss.json.
_LOST = -2**63 / 320


def check_ids(ids: Iterable[str]) -> None:
    """Each can be the name of a file in a folder."""
    for sample_id in ids:
        assert sample_id and sample_id not in ('.', '..'), sample_id
        assert not set(sample_id) & set('/\\\0\n\r'), repr(sample_id)
        sample_id.encode()


def check_boxes(samples: Dict[str, Dict[str, Any]]) -> None:
    """Ids are names, boxes lie in the picture."""
    check_ids(samples)
    for sample in samples.values():
        check_box_values(sample.get('gt_boxes', []))


def check_box_values(boxes: List[List[float]]) -> None:
    """Boxes lie in the picture, but for lost coordinates."""
    for box in boxes:
        assert len(box) == 4 and all(map(math.isfinite, box)), box
        if _LOST not in box:
            assert -1e-5 <= box[0] <= box[2] <= 1 + 1e-5, box
            assert -1e-5 <= box[1] <= box[3] <= 1 + 1e-5, box


def read_avsbench(path: Path) -> Dict[str, dict]:
    """Frames of a list of AVSBench, without its media."""
    dataset = AVSBenchS4.__new__(AVSBenchS4)
    dataset.ann_file, dataset.strict_boxes = str(path), True
    table = dataset._read_json() if path.suffix == '.json' else \
        dataset._read_csv()
    for sample_id, (clip, _, _) in table.items():
        check_ids((sample_id, *filter(None, clip)))
    return {sample_id: fields for sample_id, (*_, fields) in table.items()}


def published_lists() -> List[bytes]:
    """Those that may be taken for published ones."""
    return lists('ids', 'negatives') + lists('csv', lines=1000)


@cache
def _whole_entries() -> List[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'whole.csv')
        return [
            list_entries(path) for content in published_lists()
            if path.write_bytes(content)
        ]


def check_published(path: Path) -> None:
    """A list that is taken for a published one has the entries of it."""
    facts, entries = recognize_list(path), list_entries(path)
    assert facts.published is None or entries in _whole_entries()


def read_sound(path: Path) -> None:
    """A window as in training, with resampling and without."""
    for rate in (16000, None):
        loaded = LoadAudio(
            duration=0.5, sample_rate=rate)(
                dict(audio_path=str(path)))
        waveform = loaded['waveform']
        assert len(waveform) == int(0.5 * loaded['sample_rate'])
        assert np.isfinite(waveform).all() and abs(waveform).max() <= 1


def read_picture(path: Path, backend: str) -> np.ndarray:
    """A picture by one of the backends."""
    picture = LoadImage(imdecode_backend=backend)(dict(img_path=str(path)))
    picture = picture['img']
    assert picture.ndim == 3 and picture.shape[2] == 3
    assert picture.dtype == np.uint8 and picture.size
    return picture


def read_both(path: Path) -> None:
    """Both backends give the same pixels, or both refuse."""
    outcomes: List[Any] = []
    for backend in ('pillow', 'simplejpeg'):
        try:
            outcomes.append(read_picture(path, backend))
        except ValueError as error:
            refusal = error
            outcomes.append(None)
    if outcomes[0] is outcomes[1]:
        raise refusal
    np.testing.assert_array_equal(*outcomes)


def read_mask(path: Path) -> None:
    """A mask at the size of the evaluation holds 0 and 1."""
    mask = LoadMask(threshold=127)(dict(mask_path=str(path)))['gt_mask']
    assert mask.shape == (224, 224) and mask.max() <= 1


def play(path: Path) -> None:
    """Pictures and sound as the tool for videos reads them."""
    reader = VideoReader(str(path), duration=1.0)
    try:
        for _, frame in zip(range(20), reader):
            assert frame.image.dtype == np.uint8 and frame.image.ndim == 3
    finally:
        reader.close()
    track = SoundTrack(str(path))
    try:
        for _, samples in zip(range(100), track.blocks()):
            assert samples.ndim == 2
    finally:
        track.close()


def prepare(path: Path, kind: str) -> None:
    """Frame and sound, or a published picture, as a data set is prepared."""
    outputs = frame_and_sound(STEM, path.name, '0.5',
                              'png') if kind == 'film' else (Output(
                                  'taken.png', path.name, kind), )
    record = make_clip(
        Clip(STEM, outputs),
        MediaOptions(source=path.parent, out_dir=path.parent))
    assert record['id'] == STEM
    if record['status'] == 'failed':
        assert record['failure'] != 'unexpected', record['reason']
        raise ValueError(f'{STEM}: {record["reason"]}')


def check_upload(path: Path, kind: str) -> None:
    """What the web page asks about an uploaded file."""
    getattr(UploadLimits(), f'check_{kind}')(str(path))


def verify(path: Path, kind: str) -> None:
    """The verification says of a file a digest or a problem, in words."""
    facts = probe_file(
        FileTask(
            str(path),
            kind,
            seconds=0.5,
            mask_threshold=127,
            fingerprint=True,
            thumbnail=True))
    assert facts.problems or facts.digest or kind == 'mask_path'
    for problem, words in facts.problems:
        assert problem and words and len(words) < 5000, words


def check_weights(checkpoint: dict) -> None:
    """Numbers are those that were saved."""
    saved = seeds.WEIGHTS
    assert checkpoint.keys() == saved.keys()
    assert checkpoint['meta'] == saved['meta']
    for name, tensor in saved['state_dict'].items():
        found = checkpoint['state_dict'][name]
        assert found.dtype == tensor.dtype and torch.equal(found, tensor)


def read_checkpoint_config(path: Path) -> Any:
    """The config in a checkpoint."""
    text = path.read_bytes().decode('utf-8', 'replace')
    return read_config(dict(meta=dict(cfg=text)), str(path))


def read_pack(path: Path) -> None:
    """Of a pack with a damaged manifest all records are those of the whole."""
    folder = path.parent / f'{STEM}_pack'
    folder.mkdir(exist_ok=True)
    for part, content in seeds.pack().items():
        (folder / part).write_bytes(content)
    shutil.copyfile(path, folder / MANIFEST)
    # What is open stays so for the life of a process.
    mmengine_io.backend_instances.clear()
    media = PackedMedia(folder)
    try:
        found = {
            name: bytes(media.get(f'img_path/{name}')[1])
            for name in media.names('img_path')
        }
    except KeyError as error:
        raise ValueError(error.args[0]) from error
    assert found == {
        key[len('img_path/'):]: bytes(read_record(key, record)[1])
        for key, record in seeds.many_records().items() if key != seeds.INDEX
    }


def read_forged_record(path: Path) -> None:
    """A picture from a pack whose forger knows the checksums."""
    folder = path.parent / f'{STEM}_pack'
    seeds.make_pack(folder, {'img_path/a': path.read_bytes()})
    mmengine_io.backend_instances.clear()
    step = LoadPacked(
        PackedMedia(folder), [dict(type='LoadImage')], dict(img_path=''))
    sample = step.transform(dict(img_path='./a', sample_id='a'))
    assert isinstance(sample['img'], np.ndarray) and sample['img'].ndim


def check_records(records: Dict[str, dict]) -> None:
    """Each clip has a record with its id."""
    for clip_id, record in records.items():
        assert isinstance(record, dict) and record['id'] == clip_id
