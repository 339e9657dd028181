"""Reading what was packed in the place of the steps that made it."""
import json
import os
from collections import defaultdict
from typing import (Any, Callable, Dict, List, Mapping, Optional, Sequence,
                    Tuple)

from mmcv.transforms import BaseTransform

from fnac_mm.registry import TRANSFORMS
from ..packed.reader import PackedDataError, PackedMedia
from ..packed.record import ARRAYS, decode_array, packed_key
from .loading import replace_sound

# Transforms without random draws, and the file that each works on.
PACKABLE = dict(
    LoadImage='img_path',
    Resize='img_path',
    ResizeEdge='img_path',
    ResizeShortEdge='img_path',
    LoadAudio='audio_path',
    LoadMask='mask_path')


def step_name(step: Mapping[str, Any]) -> str:
    """Name of a transform without its scope, such as ``'ResizeEdge'``."""
    return str(step['type']).rpartition('.')[2]


def plain_step(step: Mapping[str, Any]) -> Dict[str, Any]:
    """Config of a transform as JSON gives it back.

    Without scope and ``on_error``, which change no sample.
    """
    plain = {k: v for k, v in step.items() if k != 'on_error'}
    return json.loads(json.dumps(dict(plain, type=step_name(step))))


def _split_steps(pipeline: Sequence[Any]) -> List[Any]:
    """With ``ResizeShortEdge`` before ``ResizeRandomCrop``.

    The second has nothing left to resize then.
    """
    steps: List[Any] = []
    for step in pipeline:
        if isinstance(step, Mapping) and step_name(step) == 'ResizeRandomCrop':
            first = {k: v for k, v in step.items() if k != 'crop_size'}
            steps.append(dict(first, type='fnac_mm.ResizeShortEdge'))
        steps.append(step)
    return steps


def packable_steps(pipeline: Sequence[Any]) -> List[Mapping[str, Any]]:
    """The first steps of a pipeline, up to the first random one.

    Their configs are what packing does once and for all.

    Raises:
        ValueError: If frame or sound is not loaded by them.
    """
    steps: List[Mapping[str, Any]] = []
    for step in _split_steps(pipeline):
        if not isinstance(step, Mapping) or step_name(step) not in PACKABLE:
            break
        steps.append(step)
    names = {step_name(step) for step in steps}
    if not {'LoadImage', 'LoadAudio'} <= names:
        raise ValueError(
            'a pipeline can be packed if it begins with configs of LoadImage '
            f'and LoadAudio, before any transform that is not one of '
            f'{sorted(PACKABLE)}; got {list(pipeline)}')
    return steps


class LoadPacked(BaseTransform):
    """Load frame, sound and mask from packed data.

    Stands for the steps that were packed and adds the keys that they add.

    Args:
        media (PackedMedia): Where to read.
        steps (Sequence[dict]): Configs of the transforms that it replaces.
        folders (Mapping[str, str]): ``data_prefix`` of the data set, joined
            to its root: what the paths of the samples begin with.
    """

    def __init__(self, media: PackedMedia, steps: Sequence[Mapping[str, Any]],
                 folders: Mapping[str, str]) -> None:
        self.media = media
        self._roots = {
            kind: os.path.join(folder or '.', '')
            for kind, folder in folders.items()
        }
        # In the order of the steps: a clip fails for the same reason.
        self._skips: Dict[str, bool] = {}
        self._load_mask: Optional[Callable] = None
        for step in steps:
            kind, skip = PACKABLE[step_name(step)], step.get('on_error')
            self._skips[kind] = self._skips.get(kind, False) or skip == 'skip'
            if kind == 'mask_path':
                self._load_mask = TRANSFORMS.build(dict(step))

    def lister(self) -> Callable[[str, str], List[str]]:
        """What stands for listing the folders of media.

        From a folder, as the data set calls it, to the names of the packed
        files that lay in it. The second argument is not used.
        """
        names: Dict[str, List[str]] = defaultdict(list)
        for kind, root in self._roots.items():
            for path in self.media.names(kind):
                folder, name = os.path.split(root + path)
                names[folder].append(name)
        return lambda folder, argument: names.get(folder.rstrip('/'), [])

    def transform(self, results: dict) -> Optional[dict]:
        """Load a sample.

        Raises:
            FileNotFoundError: If a file was not packed.
            PackedDataError: If packed data is damaged.
            ValueError: If it could not be read when it was packed.
        """
        for kind in self._skips:
            if kind == 'mask_path' and results.get(kind) is None:
                assert self._load_mask is not None
                results = self._load_mask(results)
            elif not self._add(results, kind):
                return None
        return results

    def _add(self, results: dict, kind: str) -> bool:
        """Add what was packed of one file; False if it was broken."""
        path = results[kind]
        key = packed_key(kind, path[len(self._roots[kind]):])
        try:
            fields, content = self.media.get(key)
        except KeyError as error:
            raise FileNotFoundError(f'{path}: {error.args[0]}') from error
        except ValueError as error:
            raise type(error)(
                f'sample {results.get("sample_id")!r}: {error}') from error
        failure = fields.get('load_error')
        if failure is not None:
            if not self._skips[kind]:
                raise ValueError(failure)
            results['load_error'] = failure
            return False
        try:
            array = decode_array(content, fields['encoding'],
                                 fields.get('shape'))
            results.update(fields['results'])
        except (KeyError, TypeError, ValueError) as error:
            raise PackedDataError(
                f'{self.media.path}: {key!r} is not what a packer writes '
                f'({error!s:.200}); pack the file again') from error
        results[ARRAYS[kind]] = array
        if kind == 'audio_path' and 'audio_override' in results:
            results['waveform'] = replace_sound(results['waveform'],
                                                **results['audio_override'])
        return True

    def __repr__(self) -> str:
        return f'{type(self).__name__}(folder={self.media.folder!r})'


def open_packed(packed: str,
                pipeline: Sequence[Any],
                data_prefix: Mapping[str, str],
                data_root: str = '') -> Tuple[LoadPacked, List[Any]]:
    """A step that reads what the first of a pipeline gave; both joined.

    Args:
        packed (str): Folder of packed data, relative to ``data_root``.
        pipeline (Sequence[dict | callable]): Transforms of the data set.
        data_prefix (Mapping[str, str]): Folders of the media.
        data_root (str): Root of all of them. Defaults to ''.

    Raises:
        ValueError: If other steps were packed.
    """
    root = data_root or ''
    media = PackedMedia(os.path.join(root, packed))
    there, first = media.manifest['steps'], packable_steps(pipeline)
    wanted = [plain_step(step) for step in first]
    if there != wanted:
        raise ValueError(
            f'{media.folder} was packed by other steps than the pipeline '
            f'begins with: {there} there, {wanted} in the config. Use the '
            'config that it was packed with, or pack again')
    folders = {k: os.path.join(root, v) for k, v in data_prefix.items()}
    step = LoadPacked(media, first, folders)
    return step, [step, *_split_steps(pipeline)[len(first):]]
