"""All that a folder holds, one batch or video after the other."""
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Union

from rich.console import Console
from rich.progress import track

from fnac_mm.apis.folder_inputs import find_inputs
from fnac_mm.apis.frame_log import draft_path
from fnac_mm.apis.video_options import VideoOptions

if TYPE_CHECKING:
    from fnac_mm.apis.localization_inferencer import LocalizationInferencer

# What a picture's json tells; maps are in files of their own.
_TOLD = ('sample_id', 'confidence', 'placed', 'peak', 'box', 'box_pixels',
         'files')
_BROKEN = (OSError, ValueError)


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
            folder (str | Path): See
                :func:`~fnac_mm.apis.folder_inputs.find_inputs`.

        Returns:
            dict: See ``LocalizationInferencer.infer_folder``.
        """
        found = find_inputs(folder)
        self.out_dir.mkdir(parents=True, exist_ok=True)
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
            unpaired=found.unpaired)
        path = self.out_dir / 'predictions.json'
        draft = draft_path(path)
        draft.write_text(json.dumps(results, indent=1, allow_nan=False) + '\n')
        os.replace(draft, path)
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
