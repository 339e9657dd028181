"""What the web page does, without the page."""
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

from fnac_mm.apis.localization_inferencer import LocalizationInferencer
from fnac_mm.apis.web_demo.redrawing import (RedrawnOverlay, RedrawnPicture,
                                             RedrawnVideo)
from fnac_mm.apis.web_demo.upload_limits import UploadLimits

_UNEXPECTED = ('Something went wrong that should not have; the terminal in '
               'which the page was started says what.')


@dataclass(frozen=True)
class Upload:
    """Files that a visitor gave.

    Attributes:
        video (str, optional): Video with sound; or else
        image (str, optional): a picture and
        audio (str, optional): its sound.
        other (str, optional): Another sound, to compare with.
    """
    video: Optional[str] = None
    image: Optional[str] = None
    audio: Optional[str] = None
    other: Optional[str] = None

    def check(self, limits: UploadLimits) -> None:
        """Raise ValueError unless all is there and within the limits."""
        if self.video is not None:
            limits.check_video(self.video)
        elif self.image is None or self.audio is None:
            missing = ('a video, or a picture and its sound,'
                       if self.image is None and self.audio is None else
                       'a picture' if self.image is None else 'a sound')
            raise ValueError(f'Please give {missing} first.')
        else:
            limits.check_picture(self.image)
            limits.check_sound(self.audio)
        if self.other is not None:
            limits.check_sound(self.other)


class DemoService:
    """Runs uploads and keeps their maps until they are forgotten.

    Args:
        inferencer (LocalizationInferencer): Model.
        folder (Path): For the results; each upload gets a folder in it.
        limits (UploadLimits): What may be uploaded.
        every (int): The model looks at every Nth frame of a video.
            Defaults to 1.
    """

    def __init__(self,
                 inferencer: LocalizationInferencer,
                 folder: Path,
                 limits: UploadLimits,
                 every: int = 1) -> None:
        self.inferencer, self.folder = inferencer, folder
        self.limits, self.every = limits, every

    def start(self, upload: Upload) -> List[RedrawnOverlay]:
        """Check an upload.

        Args:
            upload (Upload): Files.

        Returns:
            list[RedrawnOverlay]: One with its own sound and, if there is
            another one, one with that.

        Raises:
            ValueError: If it can't be analysed; nothing is written then.
        """
        upload.check(self.limits)
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        source = Path(upload.video or upload.image or '')
        stem = folder / f'{source.stem}_overlay'
        runs = [self._run(upload, stem, None)]
        if upload.other is not None:
            runs.append(
                self._run(upload, Path(f'{stem}_other_sound'), upload.other))
        return runs

    def _run(self, upload: Upload, stem: Path,
             other: Optional[str]) -> RedrawnOverlay:
        """Its own sound, or another one."""
        if upload.video is not None:
            return RedrawnVideo(self.inferencer, stem, upload.video, other,
                                self.every)
        assert upload.image is not None and upload.audio is not None
        return RedrawnPicture(self.inferencer, stem, upload.image, other
                              or upload.audio)

    def forget(self, runs: Optional[List[RedrawnOverlay]]) -> None:
        """Remove the results of :meth:`start`."""
        for run in runs or ():
            shutil.rmtree(run.stem.parent, ignore_errors=True)


def explain(error: Exception, upload: Upload) -> str:
    """Say in words what went wrong, without folders of the server.

    Args:
        error (Exception): What was raised.
        upload (Upload): For which files.

    Returns:
        str: For the visitor. What is no fault of the files is logged.
    """
    if not isinstance(error, (OSError, ValueError)):
        logging.getLogger(__name__).error('web page', exc_info=error)
        return _UNEXPECTED
    text = str(error)
    for path in filter(None, vars(upload).values()):
        text = text.replace(path, Path(path).name)
    return text
