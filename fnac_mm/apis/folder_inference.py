"""All that a folder holds, one batch or video after the other."""
import json
from pathlib import Path
from typing import (TYPE_CHECKING, Any, Dict, Iterable, Iterator, List,
                    NamedTuple, Union)

from rich.console import Console
from rich.progress import track

from fnac_mm.apis.video_options import VideoOptions
from fnac_mm.media import is_hidden, media_kind
from fnac_mm.media.suffixes import missing_plugin
from fnac_mm.utils import write_atomically

if TYPE_CHECKING:
    from fnac_mm.apis.localization_inferencer import LocalizationInferencer

# What a picture's json tells; maps are in files of their own.
_TOLD = ('sample_id', 'confidence', 'placed', 'peak', 'box', 'box_pixels',
         'gain_db', 'files')
_BROKEN = (OSError, ValueError)
_REASONS = {
    'unread picture': 'this kind of picture is not read',
    'picture': 'no sound of this name',
    'sound': 'no picture of this name'
}


class FolderInputs(NamedTuple):
    """Contents of a folder.

    Attributes:
        pairs (list[dict]): ``sample_id``, ``image`` and ``audio`` (str).
        videos (list[str]): Paths.
        left_out (dict[str, str]): All other files and folders that are not
            hidden, and why they are left out.
    """
    pairs: List[Dict[str, str]]
    videos: List[str]
    left_out: Dict[str, str]


def find_inputs(folder: Union[str, Path]) -> FolderInputs:
    """List what can be inferred, sorted by name.

    A folder is one of

    * ``frames/`` and ``audio/``, as prepared data sets have: pairs of the
      same name;
    * pictures and sounds side by side: pairs of the same name;
    * videos, with nothing else or beside pairs.

    Of files of a kind with the same name the first is taken.

    Args:
        folder (str | Path): Folder.

    Returns:
        FolderInputs: Its contents.

    Raises:
        NotADirectoryError: If there is no such folder.
        ValueError: If it holds nothing of these.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f'{folder}: no such folder')
    places = dict(picture=folder, sound=folder, video=folder)
    parts = dict(picture=folder / 'frames', sound=folder / 'audio')
    if all(part.is_dir() for part in parts.values()):
        places.update(parts)
    found: Dict[str, Dict[str, Path]] = {kind: {} for kind in places}
    left_out: Dict[str, str] = {}
    for path in (path for part in dict.fromkeys(places.values())
                 for path in sorted(part.iterdir())):
        kind = media_kind(path) or ''
        if is_hidden(path) or path in places.values():
            continue
        if path.is_dir():
            left_out[str(path)] = 'a folder within the folder'
        elif places.get(kind) != path.parent:
            left_out[str(path)] = _REASONS.get(
                kind, f'no picture, sound or video in {path.parent.name}/')
            if package := missing_plugin(path):
                left_out[str(path)] += f' without {package}'
        elif path.stem in found[kind]:
            left_out[str(path)] = (
                f'has the name of {found[kind][path.stem].name}; rename one')
        else:
            found[kind][path.stem] = path
    both = sorted(found['picture'].keys() & found['sound'].keys())
    if not both and not found['video']:
        raise ValueError(
            f'{folder}: found {len(found["picture"])} picture(s) and '
            f'{len(found["sound"])} sound(s), of which none have the same '
            'name, and no video; expected frames/<name>.jpg with '
            'audio/<name>.wav, or videos')
    for kind in ('picture', 'sound'):
        left_out.update((str(path), _REASONS[kind])
                        for stem, path in found[kind].items()
                        if stem not in both)
    pairs = [
        dict(
            sample_id=stem,
            image=str(found['picture'][stem]),
            audio=str(found['sound'][stem])) for stem in both
    ]
    videos = [str(path) for path in found['video'].values()]
    return FolderInputs(pairs, videos, left_out)


class FolderInference:
    """The run of an inferencer over a folder.

    Args:
        inferencer (LocalizationInferencer): What infers.
        out_dir (str | Path): Folder for the results; made if absent.
        options (VideoOptions): What the user chose; of pictures only
            ``batch_size``, ``protocol``, ``threshold`` and ``alpha`` matter.
    """

    def __init__(self, inferencer: 'LocalizationInferencer',
                 out_dir: Union[str, Path], options: VideoOptions) -> None:
        self.inferencer = inferencer
        self.out_dir = Path(out_dir)
        self.options = options
        self.failed: Dict[str, str] = {}

    def run(self, folder: Union[str, Path]) -> Dict[str, Any]:
        """Infer all, and write ``predictions.json``.

        Args:
            folder (str | Path): See :func:`find_inputs`.

        Returns:
            dict: See ``LocalizationInferencer.infer_folder``.
        """
        found = find_inputs(folder)
        size = self.options.batch_size
        batches = [
            found.pairs[i:i + size] for i in range(0, len(found.pairs), size)
        ]
        results = dict(
            predictions=[
                prediction for batch in self._track(batches, 'pictures')
                for prediction in self._pairs(batch)
            ],
            videos=list(self._videos(found.videos)),
            failed=self.failed,
            left_out=found.left_out)
        write_atomically(self.out_dir / 'predictions.json',
                         json.dumps(results, indent=1, allow_nan=False) + '\n')
        return results

    def _track(self, items: Iterable, name: str) -> Iterable:
        """With a bar, if the inferencer shows progress."""
        if not self.inferencer.show_progress:
            return items
        return track(list(items), name, console=Console(stderr=True))

    def _pairs(self, batch: List[Dict[str, str]]) -> List[Dict[str, Any]]:
        """Predictions of a batch; of what is broken the reason is kept."""
        chosen = self.options
        show, self.inferencer.show_progress = (self.inferencer.show_progress,
                                               False)
        try:
            predictions = self.inferencer(
                batch,
                batch_size=len(batch),
                protocol=chosen.protocol,
                threshold=chosen.threshold,
                alpha=chosen.alpha,
                gain=chosen.gain,
                out_dir=str(self.out_dir))['predictions']
        except _BROKEN as error:
            if len(batch) > 1:
                return [p for item in batch for p in self._pairs([item])]
            self.failed[batch[0]['image']] = str(error)
            return []
        finally:
            self.inferencer.show_progress = show
        return [{key: p[key] for key in _TOLD} for p in predictions]

    def _videos(self, paths: List[str]) -> Iterator[Dict[str, Any]]:
        """Summaries of videos."""
        for path in paths:
            out_file = self.out_dir / f'{Path(path).stem}.mp4'
            try:
                yield self.inferencer.infer_video(path, out_file,
                                                  **vars(self.options))
            except _BROKEN as error:
                self.failed[path] = str(error)
