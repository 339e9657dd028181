"""What a folder holds: pictures with their sounds, or videos."""
from pathlib import Path
from typing import Dict, List, NamedTuple, Union

IMAGES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp')
SOUNDS = ('.wav', '.flac', '.ogg', '.mp3', '.m4a', '.opus', '.aac')
VIDEOS = ('.mp4', '.mkv', '.webm', '.avi', '.mov', '.m4v', '.mpg', '.mpeg',
          '.ts', '.flv', '.3gp')


class FolderInputs(NamedTuple):
    """Contents of a folder.

    Attributes:
        pairs (list[dict]): ``sample_id``, ``image`` and ``audio`` (str).
        videos (list[str]): Paths.
        unpaired (dict[str, str]): Files that lack the other half, and why
            they are left out.
    """
    pairs: List[Dict[str, str]]
    videos: List[str]
    unpaired: Dict[str, str]


def _by_stem(folder: Path, suffixes: tuple) -> Dict[str, Path]:
    """Files by their names without suffix; ValueError if two share one."""
    found: Dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in suffixes and path.name[0] != '.':
            if path.stem in found:
                raise ValueError(f'{folder}: {found[path.stem].name} and '
                                 f'{path.name} have the same name; keep one')
            found[path.stem] = path
    return found


def find_inputs(folder: Union[str, Path]) -> FolderInputs:
    """List what can be inferred, sorted by name.

    A folder is one of

    * ``frames/`` and ``audio/``, as prepared data sets have: pairs of the
      same name;
    * pictures and sounds side by side: pairs of the same name;
    * videos, with nothing else or beside pairs.

    Args:
        folder (str | Path): Folder.

    Returns:
        FolderInputs: Its contents.

    Raises:
        NotADirectoryError: If there is no such folder.
        ValueError: If it holds nothing of these, or two files of a kind
            have the same name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotADirectoryError(f'{folder}: no such folder')
    parts = folder / 'frames', folder / 'audio'
    if not all(part.is_dir() for part in parts):
        parts = folder, folder
    images, sounds = _by_stem(parts[0], IMAGES), _by_stem(parts[1], SOUNDS)
    videos = _by_stem(folder, VIDEOS)
    twice = sorted(videos.keys() & images.keys() & sounds.keys())
    if twice:
        raise ValueError(f'{folder}: a video and a pair are both called '
                         f'{twice[0]!r}; rename one')
    both = sorted(images.keys() & sounds.keys())
    if not both and not videos:
        raise ValueError(
            f'{folder}: found {len(images)} picture(s) and {len(sounds)} '
            'sound(s), of which none have the same name, and no video; '
            'expected frames/<name>.jpg with audio/<name>.wav, or videos')
    unpaired = {
        str(path): f'no {other} of this name'
        for mine, others, other in ((images, sounds, 'sound'), (sounds, images,
                                                                'picture'))
        for stem, path in mine.items() if stem not in others
    }
    pairs = [
        dict(sample_id=s, image=str(images[s]), audio=str(sounds[s]))
        for s in both
    ]
    return FolderInputs(pairs, [str(p) for p in videos.values()], unpaired)
