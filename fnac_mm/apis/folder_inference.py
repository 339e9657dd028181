"""All that a folder holds, one batch or video after the other."""
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Union

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


def infer_folder(inferencer: 'LocalizationInferencer', folder: Union[str,
                                                                     Path],
                 out_dir: Path, options: VideoOptions) -> Dict[str, Any]:
    """Infer all, and write ``predictions.json``.

    Args:
        inferencer (LocalizationInferencer): What infers.
        folder (str | Path): See :func:`find_inputs`.
        out_dir (Path): For the results; made if absent.
        options (VideoOptions): Of pictures only ``batch_size``, ``protocol``,
            ``threshold``, ``alpha`` and ``gain`` matter.

    Returns:
        dict: See ``LocalizationInferencer.infer_folder``.
    """
    found = find_inputs(folder)
    failed: Dict[str, str] = {}
    size, show = options.batch_size, inferencer.show_progress
    batches = [
        found.pairs[i:i + size] for i in range(0, len(found.pairs), size)
    ]
    predictions: List[Dict[str, Any]] = []
    try:
        inferencer.show_progress = False  # one bar for all batches
        for batch in track(
                batches,
                'pictures',
                console=Console(stderr=True),
                disable=not show):
            predictions += _infer_pairs(inferencer, batch, out_dir, options,
                                        failed)
    finally:
        inferencer.show_progress = show
    videos = []
    for path in found.videos:
        try:
            videos.append(
                inferencer.infer_video(path,
                                       out_dir / f'{Path(path).stem}.mp4',
                                       **vars(options)))
        except _BROKEN as error:
            failed[path] = str(error)
    results = dict(
        predictions=predictions,
        videos=videos,
        failed=failed,
        left_out=found.left_out)
    write_atomically(out_dir / 'predictions.json',
                     json.dumps(results, indent=1, allow_nan=False) + '\n')
    return results


def _infer_pairs(inferencer: 'LocalizationInferencer', batch: List[Dict[str,
                                                                        str]],
                 out_dir: Path, options: VideoOptions,
                 failed: Dict[str, str]) -> List[Dict[str, Any]]:
    """Predictions of a batch; of what is broken the reason is kept."""
    try:
        predictions = inferencer(
            batch,
            batch_size=len(batch),
            protocol=options.protocol,
            threshold=options.threshold,
            alpha=options.alpha,
            gain=options.gain,
            out_dir=str(out_dir))['predictions']
    except _BROKEN as error:
        if len(batch) > 1:
            return [
                prediction for item in batch for prediction in _infer_pairs(
                    inferencer, [item], out_dir, options, failed)
            ]
        failed[batch[0]['image']] = str(error)
        return []
    return [{key: p[key] for key in _TOLD} for p in predictions]
