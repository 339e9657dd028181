"""What is to be made of which files."""
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import (Any, Dict, Iterable, List, Mapping, Optional, Sequence,
                    Tuple)

from fnac_mm.datasets.id_lists import read_id_list
from fnac_mm.datasets.text_files import check_id
from fnac_mm.media.suffixes import VIDEOS, is_hidden, media_kind


@dataclass(frozen=True)
class Output:
    """A file to make.

    Attributes:
        path (str): Below the folder that is made.
        source (str): Below the source folder.
        kind (str): ``'frame'`` or ``'sound'`` of a video, ``'still'`` (a
            picture file) or ``'link'`` (a file that is taken as it is).
        rule (str): Which frame, seconds or a name of ``FRAME_RULES``.
        size (int, optional): Squash the frame to this square, in pixels.
        clamp (bool): Take the last frame if the video ends before.
    """
    path: str
    source: str
    kind: str
    rule: str = ''
    size: Optional[int] = None
    clamp: bool = False


@dataclass(frozen=True)
class Clip:
    """Files that belong together: all of them are made, or none.

    Attributes:
        clip_id (str): Its id, one a data set.
        outputs (tuple[Output]): What to make.
        begin (float): First second of a window of the source.
        end (float, optional): Its end. None is the end of the source.
        note (dict): What else the manifest says about it.
    """
    clip_id: str
    outputs: Tuple[Output, ...]
    begin: float = 0.0
    end: Optional[float] = None
    note: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MediaOptions:
    """What the bytes of the files depend on, beside the clip.

    Attributes:
        source (Path): Folder of the raw media.
        out_dir (Path): Folder to make.
        audio_track (int): Number among the audio tracks.
        seed (int): Seed of random frames.
        link (str): ``'symlink'``, ``'hardlink'`` or ``'copy'``, for files
            that are taken as they are.
    """
    source: Path
    out_dir: Path
    audio_track: int = 0
    seed: int = 0
    link: str = 'symlink'


@dataclass
class Plan:
    """All that a run is to do.

    Attributes:
        clips (list[Clip]): What was found.
        missing (dict[str, dict]): Listed ids that were not found, with the
            notes of the manifest.
        ignored (dict[str, list[str]]): Files that are not used, by reason.
    """
    clips: List[Clip]
    missing: Dict[str, dict] = field(default_factory=dict)
    ignored: Dict[str, List[str]] = field(default_factory=dict)


def frame_and_sound(clip_id: str, source: str, rule: str,
                    image_format: str) -> Tuple[Output, ...]:
    """Outputs of a video: ``frames/<id>.jpg`` and ``audio/<id>.wav``."""
    return (Output(f'frames/{clip_id}.{image_format}', source, 'frame',
                   rule), Output(f'audio/{clip_id}.wav', source, 'sound'))


def find_files(folder: Path, ignored: Dict[str, List[str]], *kinds:
               str) -> List[str]:
    """Media below a folder, but for links and hidden folders.

    Args:
        folder (Path): Source folder.
        ignored (dict[str, list[str]]): Gets all others, by reason.
        *kinds (str): Of :func:`~fnac_mm.media.suffixes.media_kind`.

    Returns:
        list[str]: Sorted paths below the folder, with ``/``.
    """
    found = []
    for parent, folders, names in os.walk(folder):
        below = os.path.relpath(parent, folder)
        hidden = [name for name in folders if is_hidden(name)]
        folders[:] = [name for name in folders if not is_hidden(name)]
        for name in hidden + names + [
                name for name in folders
                if os.path.islink(os.path.join(parent, name))
        ]:
            path = os.path.normpath(os.path.join(below, name))
            if os.path.islink(os.path.join(parent, name)):
                reason = 'symbolic links'
            elif is_hidden(name):
                reason = 'hidden files'
            elif media_kind(name) not in kinds:
                reason = f'no {" or ".join(kinds)} by their names'
            else:
                try:
                    check_id(os.path.splitext(name)[0], '').encode()
                    found.append(path)
                    continue
                except ValueError:
                    reason = 'unsafe names'
            ignored.setdefault(reason, []).append(path)
    return sorted(found)


def choose_source(sources: Iterable[str]) -> List[str]:
    """Videos of one clip, the one to use first: mp4, mkv, webm, others.

    Then the shorter path, then by name.
    """
    return sorted(
        sources,
        key=lambda path:
        (VIDEOS.index(os.path.splitext(path)[1].lower()), len(path), path))


def read_ids(paths: Optional[Sequence[Path]]) -> Optional[List[str]]:
    """Ids of list files, without classes and repetitions; None without lists.

    Args:
        paths (Sequence[Path], optional): Lists as published, see
            :func:`~fnac_mm.datasets.id_lists.read_id_list`.

    Raises:
        SystemExit: If a file is absent, empty, or holds unsafe ids.
    """
    if not paths:
        return None
    try:
        return list(
            dict.fromkeys(
                # Some name classes in a .txt.
                check_id(name.partition(',')[0].strip(), f'{path}, {name!r}')
                for path in paths for name in read_id_list(path)))
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
