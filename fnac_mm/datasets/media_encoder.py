"""Which files of a data set are packed, and encoding them."""
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from mmengine.dataset import BaseDataset
from torch.utils.data import Dataset

from fnac_mm.registry import TRANSFORMS
from .packed_media import KINDS, packed_key
from .packed_record import (Fields, encode_audio, encode_image, encode_mask,
                            write_record)
from .transforms.packed import PACKABLE, step_name


class MediaFile(NamedTuple):
    """A file to pack: kind, key, and the fields that its steps need."""
    kind: str
    key: str
    item: Dict[str, Any]


class PackedFile(NamedTuple):
    """What became of a file; no record if its steps raised ``error``."""
    file: MediaFile
    record: bytes = b''
    error: str = ''
    inexact: bool = False


class MediaEncoder(Dataset):
    """Runs the packable steps of each file.

    Args:
        files (Sequence[MediaFile]): The files.
        steps (Sequence[dict]): Configs of the transforms, see
            :func:`~fnac_mm.datasets.transforms.packed.packable_steps`.
        formats (Mapping): ``image_format``, ``audio_format`` and
            ``jpeg_quality``.
    """

    def __init__(self, files: Sequence[MediaFile],
                 steps: Sequence[Mapping[str, Any]],
                 formats: Mapping[str, Any]) -> None:
        self.files = files
        self.formats = formats
        self.steps: Dict[str, list] = {kind: [] for kind in KINDS}
        for step in steps:
            self.steps[PACKABLE[step_name(step)]].append(
                TRANSFORMS.build(dict(step)))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> PackedFile:
        file = self.files[index]
        sample = dict(file.item)
        try:
            for step in self.steps[file.kind]:
                if step(sample) is None:
                    error = sample['load_error']
                    record = write_record(file.key, dict(load_error=error))
                    return PackedFile(file, record, error)
        except (OSError, ValueError) as error:
            return PackedFile(file, error=str(error))
        content, fields = self._encode(file.kind, sample.pop(KINDS[file.kind]))
        fields['results'] = {
            key: sample[key]
            for key in sorted(sample.keys() - file.item.keys())
        }
        record = write_record(file.key, fields, content)
        return PackedFile(file, record, inexact=not fields.get('exact', True))

    def _encode(self, kind: str, array: Any) -> Tuple[bytes, Fields]:
        if kind == 'img_path':
            return encode_image(array, self.formats['image_format'],
                                self.formats['jpeg_quality'])
        if kind == 'audio_path':
            return encode_audio(array, self.formats['audio_format'])
        return encode_mask(array)


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
