"""From pictures and sounds to heat maps, in one object."""
import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import (Any, Callable, Dict, Iterator, List, Optional, Sequence,
                    Union)

import numpy as np
import torch
from mmengine.config import ConfigDict
from mmengine.infer import BaseInferencer
from mmengine.registry import DefaultScope
from torch import nn

from fnac_mm.apis.checkpoint_config import read_config, registered_only
from fnac_mm.apis.find_checkpoint import ConfigLike, find_checkpoint
from fnac_mm.apis.folder_inference import infer_folder
from fnac_mm.apis.inference_pipeline import (InferenceInput, InferencePipeline,
                                             parse_inputs)
from fnac_mm.apis.source_location import (NOT_PLACED, check_confidence,
                                          enlarge_maps, place)
from fnac_mm.apis.video_inference import Advance, VideoInference, progress_bar
from fnac_mm.apis.video_options import VideoOptions
from fnac_mm.datasets import collate_av
from fnac_mm.functional import Protocol, get_protocol
from fnac_mm.registry import INFERENCERS, MODELS, TRANSFORMS
from fnac_mm.utils import (atomic_path, check_weights, load_plain_checkpoint,
                           read_weights)
from fnac_mm.visualization import LocalizationVisualizer
from fnac_mm.visualization.localization_visualizer import write_image
from fnac_mm.visualization.overlay import draw_overlay


@INFERENCERS.register_module()
class LocalizationInferencer(BaseInferencer):
    """Find where in pictures their sounds come from.

    Each input is a dict, with paths or arrays:

    * ``image`` (path | np.ndarray (H, W, 3) uint8 RGB) and ``audio`` (path |
      (mono waveform (S,), sample rate in Hz)); or ``video`` (path): its
      middle frame, or the one at ``time``, and the sound around it;
    * ``time`` (float): second around which to listen; the default is the
      centre of the recording;
    * ``sample_id`` (str): name of the results; the default is the file's.

    Called with one or a list of them and, as keywords, ``batch_size`` (1),
    ``protocol`` (``'fnac_test'``: how maps are enlarged), ``threshold`` (0.5:
    level at which boxes are cut), ``draw`` (True), ``alpha`` (0.5: opacity),
    ``gain`` (``'none'``, or ``'auto'``: the sound is brought to the loudness
    of :data:`fnac_mm.functional.loudness.TARGET`), ``out_dir`` (None: write
    no files) and ``return_datasamples`` (False), it returns a dict:

    * ``predictions``: a list of dicts with ``sample_id``; ``map`` (H, W)
      float32, enlarged as the protocol says, then to the picture's size;
      ``raw_map`` (h, w) cosines; ``confidence``, ``placed``, ``peak``,
      ``box``, ``box_pixels`` of :func:`~fnac_mm.apis.source_location.place`;
      ``gain_db``, by which the sound was made louder;
      with ``object_prior`` also ``object_map`` and ``fused_map``; with
      ``out_dir`` ``files``, a dict of ``map`` (npy) and ``overlay`` (png).
      With ``return_datasamples`` a list of
      :class:`~fnac_mm.structures.AVDataSample` instead.
    * ``visualization``: a list of (H, W, 3) uint8 RGB pictures; empty
      without ``draw``.

    Args:
        model (str | dict | Config, optional): Config of the training, or a
            checkpoint, which holds its config. None takes the shipped one.
        weights (str, optional): Checkpoint, if ``model`` is a config.
        device (str, optional): None (default) takes a GPU if there is one.
        object_prior (bool): Keep the config's object prior, which may
            download weights. Defaults to False.
        min_confidence (float, optional): Cosine that a map must exceed
            somewhere; else no source is placed, and nothing drawn over the
            picture. See :func:`~fnac_mm.apis.read_min_confidence`. None
            (default) takes ``min_confidence`` of the checkpoint's ``meta``
            or of the config; without them maps are drawn whatever is heard.
        scope (str): Where types without a scope are looked up. Defaults to
            ``'fnac_mm'``.
        show_progress (bool): Defaults to True.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a checkpoint is missing, carries code or does not fit.

    Examples:
        >>> inferencer = LocalizationInferencer('epoch_30.pth')
        >>> inputs = dict(image='dog.jpg', audio='dog.wav')
        >>> inferencer(inputs, out_dir='out')['predictions'][0]['peak']
        >>> inferencer.infer_video('dog.mp4', 'out/dog.mp4', every=2)
    """

    preprocess_kwargs: set = {'gain'}
    forward_kwargs: set = {'protocol', 'threshold'}
    visualize_kwargs: set = {'draw', 'alpha'}
    postprocess_kwargs: set = {'out_dir'}

    def __init__(self,
                 model: Optional[ConfigLike] = None,
                 weights: Optional[str] = None,
                 device: Optional[str] = None,
                 object_prior: bool = False,
                 scope: str = 'fnac_mm',
                 show_progress: bool = True,
                 min_confidence: Optional[float] = None) -> None:
        config, weights = find_checkpoint(model, weights)
        self._checkpoint = load_plain_checkpoint(weights)
        self.object_prior = object_prior
        with ExitStack() as stack:
            stack.enter_context(DefaultScope.overwrite_default_scope(scope))
            if config is None:
                config = read_config(self._checkpoint, weights)
                stack.enter_context(registered_only(weights))
            super().__init__(config, weights, device, scope, show_progress)
        meta = self._checkpoint.get('meta')
        meta = meta if isinstance(meta, dict) else {}
        sources = dict(
            argument=min_confidence,
            checkpoint=meta.get('min_confidence'),
            config=self.cfg.get('min_confidence'))
        known = [check_confidence(v, k) for k, v in sources.items()]
        self.min_confidence = next((v for v in known if v is not None), None)
        del self._checkpoint

    def _init_model(self,
                    cfg: ConfigDict,
                    weights: str,
                    device: str = 'cpu') -> nn.Module:
        """Build the model and fill it, completely."""
        if not self.object_prior:
            cfg.model.object_prior = None
        model = MODELS.build(cfg.model)
        model.cfg = cfg
        state = read_weights(self._checkpoint, weights)
        check_weights(model.state_dict(), state, weights)
        model.load_state_dict(state)
        # Of metrics only, and large.
        model.return_features = False
        return model.to(device).eval()

    def _init_pipeline(self, cfg: ConfigDict) -> InferencePipeline:
        """Transforms of the config's test data."""
        transforms = cfg.test_dataloader.dataset.pipeline
        return InferencePipeline([TRANSFORMS.build(t) for t in transforms])

    def _init_collate(self, cfg: ConfigDict) -> Callable:
        """Batches are stacked, and checked, as ours."""
        return collate_av

    def _init_visualizer(self, cfg: ConfigDict) -> LocalizationVisualizer:
        """Draws, and hands nothing to the backends of the training."""
        return LocalizationVisualizer(f'inferencer-{id(self)}')

    def _inputs_to_list(self, inputs: Any) -> List[InferenceInput]:
        """Check and name the inputs."""
        return parse_inputs(inputs)

    def preprocess(self,
                   inputs: List[InferenceInput],
                   batch_size: int = 1,
                   gain: str = 'none',
                   **kwargs: Any) -> Iterator[dict]:
        """Batches, loaded and collated; ValueError for an unknown gain."""
        VideoOptions(gain=gain)
        data = map(partial(self.pipeline, gain=gain), inputs)
        yield from map(self.collate_fn, self._get_chunk_data(data, batch_size))

    @torch.no_grad()
    def forward(self,
                inputs: dict,
                protocol: Union[str, Protocol] = 'fnac_test',
                threshold: float = 0.5) -> List[dict]:
        """``sample``, ``maps``, ``protocol`` and ``found`` of each input."""
        protocol = get_protocol(protocol)
        predictions = []
        for sample in self.model.test_step(inputs):
            sample = sample.cpu()
            objects = sample.get('pred_object_map')
            raw = sample.pred_map.data[0]
            maps = enlarge_maps(raw, tuple(sample.ori_shape), protocol,
                                None if objects is None else objects.data[0])
            found = place(raw, maps['audio_visual'], threshold,
                          self.min_confidence)
            predictions.append(
                dict(sample=sample, maps=maps, protocol=protocol, found=found))
        return predictions

    def visualize(self,
                  inputs: List[InferenceInput],
                  preds: List[dict],
                  draw: bool = True,
                  alpha: float = 0.5) -> List[np.ndarray]:
        """Lay the maps over the pictures, where a source is placed."""
        pictures = []
        for item, pred in zip(inputs, preds) if draw else ():
            picture = self.pipeline.read_picture(item.image)
            if pred['found']['placed'] is False:
                caption = f'{item.sample_id}  {NOT_PLACED}'
                pictures.append(draw_overlay(picture, caption=caption))
                continue
            self.visualizer.protocol = pred['protocol']
            pictures.append(
                self.visualizer.add_datasample(
                    item.sample_id, picture, pred['sample'], alpha=alpha))
        return pictures

    def postprocess(self,
                    preds: List[dict],
                    visualization: Sequence[np.ndarray],
                    return_datasamples: bool = False,
                    out_dir: Optional[str] = None) -> dict:
        """Pack the results, and write them into a folder."""
        predictions = []
        for index, pred in enumerate(preds):
            sample, maps = pred['sample'], pred['maps']
            packed = dict(
                sample_id=sample.sample_id,
                map=maps.pop('audio_visual'),
                raw_map=sample.pred_map.data[0].float().numpy(),
                gain_db=sample.get('gain_db', 0.0),
                **pred['found'])
            packed.update({f'{kind}_map': map for kind, map in maps.items()})
            if out_dir is not None:
                picture = visualization[index] if visualization else None
                packed['files'] = _write(out_dir, packed, picture)
            predictions.append(sample if return_datasamples else packed)
        return dict(predictions=predictions, visualization=list(visualization))

    @torch.no_grad()
    def infer_video(self,
                    path: Union[str, Path],
                    out_file: Union[str, Path],
                    progress: Optional[Advance] = None,
                    **options: Any) -> Dict[str, Any]:
        """Draw the heat map over a video, in sync with its sound.

        Each frame is compared with the sound around it, as long as in
        training. The sound is analysed once and kept in the output. Memory
        does not grow with the length of the video.

        Args:
            path (str | Path): Video with sound.
            out_file (str | Path): mp4 to write; its folder is made if
                absent. A json of the same name tells of each analysed frame
                ``time`` (seconds of ``path``), ``confidence``, ``placed``,
                ``peak``, ``box`` and ``box_pixels``. Both appear when they
                are complete.
            progress (Callable, optional): Called with the seconds done and
                those in all (None if unknown). None (default) shows a bar,
                if the inferencer shows progress.
            **options: Of :class:`~fnac_mm.apis.VideoOptions`.

        Returns:
            dict: ``files`` (``video``, ``frames``), ``n_frames`` written,
            ``n_analyzed``, ``n_placed`` (None if no ``min_confidence`` is
            known), ``audio`` (``'copied'`` or ``'encoded as AAC'``),
            ``gain_db`` by which the sound was heard louder,
            ``missing_seconds`` by which the pictures end before the end
            that the file announces (0 if they do not) and
            ``audio_columns``, of the spectrogram, that were computed.

        Raises:
            FileNotFoundError: If the video is missing.
            TypeError: If an option is unknown.
            ValueError: If an option is out of range, or the file is not a
                readable video with sound; then nothing is written.
        """
        path, out_file = os.fspath(path), Path(out_file)
        if not os.path.isfile(path):
            raise FileNotFoundError(f'{path}: no such video')
        if out_file.suffix != '.mp4' or (out_file.exists()
                                         and os.path.samefile(path, out_file)):
            raise ValueError(f'{out_file}: the output must be an mp4 other '
                             'than the input')
        run = VideoInference(self.model, self.pipeline, path,
                             VideoOptions(**options), self.min_confidence)
        if progress is not None:
            return run.run(out_file, progress)
        with progress_bar(out_file.stem, self.show_progress) as advance:
            return run.run(out_file, advance)

    def infer_folder(self, folder: Union[str, Path], out_dir: Union[str, Path],
                     **options: Any) -> Dict[str, Any]:
        """Infer the pairs and videos of a folder.

        Args:
            folder (str | Path): See :func:`~fnac_mm.apis.find_inputs`.
            out_dir (str | Path): For the files of each, and
                ``predictions.json``: what is returned here.
            **options: Of :class:`~fnac_mm.apis.VideoOptions`.

        Returns:
            dict: ``predictions`` of the pairs, without their maps,
            ``videos`` (as of :meth:`infer_video`), ``failed`` and
            ``left_out`` (files and reasons).

        Raises:
            NotADirectoryError: If there is no such folder.
            ValueError: If it holds nothing to infer, or an option is out of
                range.
        """
        return infer_folder(self, folder, Path(out_dir),
                            VideoOptions(**options))


def _write(out_dir: str, prediction: Dict[str, Any],
           picture: Optional[np.ndarray]) -> Dict[str, str]:
    """Write the map and, if drawn, the picture; return their paths."""
    stem = os.path.join(out_dir, prediction['sample_id'])
    files = dict(map=f'{stem}.npy')
    with atomic_path(files['map']) as draft:
        np.save(draft, prediction['map'])
    if picture is not None:
        files['overlay'] = f'{stem}.png'
        write_image(files['overlay'], picture)
    return files
