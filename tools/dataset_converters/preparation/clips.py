"""What is to be made of which files."""
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import (Any, Dict, Iterable, List, Mapping, Optional, Sequence,
                    Tuple)

from fnac_mm.datasets.text_files import check_id

VIDEO_SUFFIXES = ('.mp4', '.mkv', '.webm', '.mov', '.avi', '.m4v', '.flv',
                  '.mpg', '.mpeg', '.ts', '.3gp', '.wmv', '.ogv')


@dataclass(frozen=True)
class Output:
    """A file to make.

    Attributes:
        path (str): Below the folder that is made.
        source (str): Below the source folder.
        kind (str): ``'frame'`` or ``'sound'`` of a video, ``'still'`` (a
            picture file) or ``'link'`` (a file that is taken as it is).
        rule (str): Which frame, see :func:`~preparation.media.frame_time`.
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
    """Outputs of a video in the layout of VGG-Sound.

    Args:
        clip_id (str): Id of the clip.
        source (str): Video below the source folder.
        rule (str): Which frame.
        image_format (str): ``'jpg'`` or ``'png'``.

    Returns:
        tuple[Output]: ``frames/<id>.jpg`` and ``audio/<id>.wav``.
    """
    return (Output(f'frames/{clip_id}.{image_format}', source, 'frame',
                   rule), Output(f'audio/{clip_id}.wav', source, 'sound'))


def is_safe(name: str) -> bool:
    """Whether a name can be an id: no path, no control characters, UTF-8."""
    try:
        check_id(name, '')
        name.encode()
    except ValueError:
        return False
    return True


def find_files(folder: Path, suffixes: Sequence[str],
               ignored: Dict[str, List[str]]) -> List[str]:
    """Files in a folder and below it; links are not followed.

    Args:
        folder (Path): Source folder.
        suffixes (Sequence[str]): In lower case, with the dot.
        ignored (dict[str, list[str]]): Gets links and unsafe names.

    Returns:
        list[str]: Sorted paths below the folder, with ``/``.

    Raises:
        SystemExit: If there is no such folder.
    """
    if not folder.is_dir():
        raise SystemExit(f'error: {folder}: no such folder')
    found = []
    for parent, folders, names in os.walk(folder):
        below = os.path.relpath(parent, folder)
        for name in folders + names:
            path = os.path.normpath(os.path.join(below, name))
            wanted = name.lower().endswith(tuple(suffixes))
            if os.path.islink(os.path.join(parent, name)):
                if wanted or name in folders:
                    ignored.setdefault('symbolic links', []).append(path)
            elif wanted and name in names:
                if is_safe(os.path.splitext(name)[0]):
                    found.append(path)
                else:
                    ignored.setdefault('unsafe names', []).append(path)
    return sorted(found)


def choose_source(sources: Iterable[str]) -> List[str]:
    """Order the files of one clip, the one to use first.

    Args:
        sources (Iterable[str]): Paths.

    Returns:
        list[str]: mp4 before mkv before webm before the others; then the
        shorter path, then by name.
    """

    def rank(path: str) -> Tuple[int, int, str]:
        suffix = os.path.splitext(path)[1].lower()
        order = VIDEO_SUFFIXES.index(suffix) if suffix in VIDEO_SUFFIXES \
            else len(VIDEO_SUFFIXES)
        return order, len(path), path

    return sorted(sources, key=rank)
