"""Each parser called as its users do, and what it may accept."""
import math
import shutil
from pathlib import Path
from typing import Any, Dict, Iterable, List

import numpy as np
import torch
from mmengine.fileio import io as mmengine_io

from fnac_mm.apis.checkpoint_config import read_config
from fnac_mm.apis.web_demo.upload_limits import UploadLimits
from fnac_mm.datasets import AVSBenchS4, LoadAudio, LoadImage
from fnac_mm.datasets.packed.reader import PackedMedia
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


def read_sound(path: Path) -> None:
    """A window as in training, with resampling and without."""
    for rate in (16000, None):
        results = dict(audio_path=str(path))
        loaded = LoadAudio(duration=0.5, sample_rate=rate)(results)
        waveform = loaded['waveform']
        assert len(waveform) == int(0.5 * loaded['sample_rate'])
        assert np.isfinite(waveform).all() and abs(waveform).max() <= 1


def read_picture(path: Path, backend: str) -> np.ndarray:
    """A picture by one of the backends."""
    return LoadImage(imdecode_backend=backend)(dict(img_path=str(path)))['img']


def check_picture(picture: np.ndarray) -> None:
    """It is one of three channels."""
    assert picture.ndim == 3 and picture.shape[2] == 3
    assert picture.dtype == np.uint8 and picture.size


def read_both(path: Path) -> np.ndarray:
    """Both backends give the same pixels, or both refuse."""
    outcomes: List[Any] = []
    for backend in ('pillow', 'simplejpeg'):
        try:
            outcomes.append(read_picture(path, backend))
        except ValueError as error:
            outcomes.append(error)
    if isinstance(outcomes[0], ValueError) and isinstance(
            outcomes[1], ValueError):
        raise outcomes[1]
    assert not any(isinstance(o, ValueError) for o in outcomes), outcomes
    np.testing.assert_array_equal(*outcomes)
    return outcomes[0]


def read_mask(path: Path) -> np.ndarray:
    """A mask at the size of the evaluation."""
    return LoadMask(threshold=127)(dict(mask_path=str(path)))['gt_mask']


def check_mask(mask: np.ndarray) -> None:
    """It holds 0 and 1."""
    assert mask.shape == (224, 224) and mask.max() <= 1


def prepare_clip(path: Path) -> None:
    """Frame and sound as the preparation of data sets writes them."""
    clip = Clip(STEM, frame_and_sound(STEM, path.name, '0.5', 'png'))
    record = make_clip(clip,
                       MediaOptions(source=path.parent, out_dir=path.parent))
    assert record['id'] == STEM
    if record['status'] == 'failed':
        assert record['failure'] != 'unexpected', record['reason']
        raise ValueError(f'{STEM}: {record["reason"]}')


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


class PackFolder:
    """Packed data of which one file is replaced by a damaged one."""

    def __init__(self, whole: Path, name: str) -> None:
        self.whole, self.name = whole, name
        self.expected = self.contents(whole)

    def read(self, path: Path) -> Dict[str, bytes]:
        """All records of the pack with the damaged file."""
        folder = path.parent / f'{STEM}_pack'
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.whole, folder)
        shutil.copyfile(path, folder / self.name)
        return self.contents(folder)

    def check(self, found: Dict[str, bytes]) -> None:
        """No record differs from what was packed."""
        assert found == self.expected

    @staticmethod
    def contents(folder: Path) -> Dict[str, bytes]:
        """All records."""
        # What is open stays so for the life of a process.
        mmengine_io.backend_instances.clear()
        media = PackedMedia(folder)
        try:
            return {
                name: bytes(media.get(f'img_path/{name}')[1])
                for name in media.names('img_path')
            }
        except KeyError as error:
            raise ValueError(error.args[0]) from error


def read_forged_record(path: Path) -> None:
    """A picture from a pack whose forger knows the checksums."""
    folder = path.parent / f'{STEM}_pack'
    seeds.make_pack(folder, {'img_path/a': path.read_bytes()})
    mmengine_io.backend_instances.clear()
    step = LoadPacked(
        PackedMedia(folder), [dict(type='LoadImage')], dict(img_path=''))
    sample = step.transform(dict(img_path='./a', sample_id='a'))
    assert isinstance(sample['img'], np.ndarray) and sample['img'].ndim


def check_upload(path: Path, kind: str) -> None:
    """What the web page asks about an uploaded file."""
    getattr(UploadLimits(), f'check_{kind}')(str(path))


def probe(path: Path, kind: str) -> Any:
    """What the verification of a data set says about a file."""
    return probe_file(
        FileTask(
            str(path),
            kind,
            seconds=0.5,
            mask_threshold=127,
            fingerprint=True,
            thumbnail=True))


def check_facts(facts: Any) -> None:
    """A file has a digest or a problem, in words."""
    assert facts.problems or facts.digest
    for kind, words in facts.problems:
        assert kind and words and len(words) < 5000, words


def take_over(path: Path) -> None:
    """A published picture as the preparation converts it."""
    clip = Clip(STEM, (Output('taken.png', path.name, 'still'), ))
    options = MediaOptions(source=path.parent, out_dir=path.parent)
    record = make_clip(clip, options)
    if record['status'] == 'failed':
        assert record['failure'] != 'unexpected', record['reason']
        raise ValueError(record['reason'])


class PublishedLists:
    """Damaged lists must not be taken for those that were published.

    Args:
        seeds (list[bytes]): Whole lists.
        folder (Path): Where they may be written.
    """

    def __init__(self, seeds: List[bytes], folder: Path) -> None:
        self.entries = []
        for content in seeds:
            path = folder / 'whole.csv'
            path.write_bytes(content)
            self.entries.append(list_entries(path))

    def read(self, path: Path) -> Any:
        """What is said of the list, and its entries."""
        return recognize_list(path), list_entries(path)

    def check(self, found: Any) -> None:
        """A known one has the entries of a whole one."""
        facts, entries = found
        assert facts.published is None or entries in self.entries


def check_results(expected: dict, found: dict) -> None:
    """Nothing differs from what was written."""
    assert found == expected


def check_records(records: Dict[str, dict]) -> None:
    """Each clip has a record with its id."""
    for clip_id, record in records.items():
        assert isinstance(record, dict) and record['id'] == clip_id
