"""What may be uploaded to the web page, checked before it is decoded."""
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Tuple

from av.container import InputContainer

from fnac_mm.apis.web_demo import MAX_MB, MAX_SECONDS
from fnac_mm.media.container import (MediaError, audio_track, open_media,
                                     video_track)
from fnac_mm.media.length import counted_length
from fnac_mm.media.pictures import open_picture

_MIB = 2**20


@dataclass(frozen=True)
class UploadLimits:
    """Checks of uploaded files; messages name a file without its folder.

    Attributes:
        max_mb (float): Largest file, in MiB. Defaults to 100.
        max_seconds (float): Longest video or recording. Defaults to 60.
        max_megapixels (float): Largest picture. Defaults to 50.

    Raises:
        ValueError: If a limit is not positive.
    """
    max_mb: float = MAX_MB
    max_seconds: float = MAX_SECONDS
    max_megapixels: float = 50.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f'{name} must be positive, got {value}')

    def check_video(self, path: str) -> None:
        """Raise ValueError unless it is a film with sound within limits."""
        with self._open(path, 'video') as (name, container):
            track = video_track(container)
            context = track.codec_context
            self._check_pixels(name, (context.width, context.height))
            self._check_length(name, counted_length(track))
            if not container.streams.audio:
                raise ValueError(
                    f'{name}: the video has no sound, so there is nothing to '
                    'find; choose "A picture and a sound" to give one of its '
                    'own')

    def check_sound(self, path: str) -> None:
        """Raise ValueError unless it is a recording within the limits."""
        with self._open(path, 'recording') as (name, container):
            track = audio_track(container)
            self._check_length(name, counted_length(track))

    def check_picture(self, path: str) -> None:
        """Raise ValueError unless it is a picture within the limits."""
        name = self._check_size(path)
        with open_picture(Path(path).read_bytes(), name) as picture:
            size = picture.size
        self._check_pixels(name, size)

    @contextmanager
    def _open(self, path: str,
              kind: str) -> Iterator[Tuple[str, InputContainer]]:
        """Open what is not too large; say what it should have been."""
        name = self._check_size(path)
        try:
            with open_media(path) as container:
                yield name, container
        except MediaError as error:
            raise ValueError(f'{name}: not a readable {kind} '
                             f'({error})') from error

    def _check_size(self, path: str) -> str:
        """Compare the bytes; return the name."""
        name, size = Path(path).name, os.path.getsize(path)
        if size > self.max_mb * _MIB:
            raise ValueError(f'{name}: {size / _MIB:.1f} MB, but at most '
                             f'{self.max_mb:g} MB may be uploaded')
        return name

    def _check_length(self, name: str, seconds: float) -> None:
        # Half a second, because tracks end at a whole frame or block.
        if seconds > self.max_seconds + 0.5:
            raise ValueError(f'{name}: {seconds:.1f} s long, but at most '
                             f'{self.max_seconds:g} s are analysed here; '
                             'cut it first')

    def _check_pixels(self, name: str, size: Tuple[int, int]) -> None:
        width, height = size
        if width * height > self.max_megapixels * 1e6:
            raise ValueError(f'{name}: {width} x {height} pixels, but at '
                             f'most {self.max_megapixels:g} million are '
                             'analysed here')
