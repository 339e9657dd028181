"""From pictures and sounds to heat maps, in one object."""
import os
import os.path as osp
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.infer import BaseInferencer
from mmengine.registry import DefaultScope
from torch import nn

from fnac_mm.apis.checkpoint_config import read_config
from fnac_mm.apis.inference_input import (InferenceInput, InferencePipeline,
                                          parse_inputs)
from fnac_mm.datasets import collate_av
from fnac_mm.functional import Protocol, get_protocol, resize_map
from fnac_mm.registry import INFERENCERS, MODELS, TRANSFORMS
from fnac_mm.utils import load_plain_checkpoint
from fnac_mm.visualization import LocalizationVisualizer
from fnac_mm.visualization.localization_visualizer import write_image

ConfigLike = Union[str, dict, Config, ConfigDict]
_WEIGHTS = ('.pth', '.pt', '.ckpt')


def _check_files(model: Optional[ConfigLike],
                 weights: Optional[str]) -> Tuple[Any, str]:
    """(config or None, checkpoint file); a checkpoint may come first."""
    if isinstance(model, (str, os.PathLike)):
        model = os.fspath(model)
        if weights is None and model.endswith(_WEIGHTS):
            model, weights = None, model
        elif not osp.isfile(model):
            raise FileNotFoundError(f'{model}: no such config')
    if weights is None:
        name = model if isinstance(model, str) else 'the config'
        raise ValueError(f'{name} says how the network is built, not its '
                         'weights; give a checkpoint of its training too, '
                         'such as work_dirs/<name>/epoch_30.pth')
    return model, os.fspath(weights)


def _peak(heat_map: np.ndarray) -> Tuple[float, float]:
    """Centre of the largest pixel, (x, y) as fractions of the picture."""
    height, width = heat_map.shape
    row, column = divmod(int(heat_map.argmax()), width)
    return (column + 0.5) / width, (row + 0.5) / height


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
    ``protocol`` (``'fnac_test'``: how maps are enlarged), ``draw`` (True),
    ``out_dir`` (None: write no files) and ``return_datasamples`` (False), it
    returns a dict:

    * ``predictions``: a list of dicts with ``sample_id``; ``map`` (H, W)
      float32, enlarged as the protocol says, then to the picture's size;
      ``raw_map`` (h, w) cosines; ``peak`` (x, y) of ``map``, as fractions;
      ``confidence``, the largest cosine; with ``object_prior`` also
      ``object_map`` and ``fused_map``; with ``out_dir`` ``files``, a dict of
      ``map`` (npy) and ``overlay`` (png). With ``return_datasamples`` a list
      of :class:`~fnac_mm.structures.AVDataSample` instead.
    * ``visualization``: a list of (H, W, 3) uint8 RGB pictures; empty
      without ``draw``.

    Args:
        model (str | dict | Config, optional): Config of the training, or a
            checkpoint, which holds its config.
        weights (str, optional): Checkpoint, if ``model`` is a config.
        device (str, optional): None (default) takes a GPU if there is one.
        object_prior (bool): Keep the config's object prior, which may
            download weights. Defaults to False.
        scope (str): Where types without a scope are looked up. Defaults to
            ``'fnac_mm'``.
        show_progress (bool): Defaults to True.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If there is no checkpoint, or it carries code or does not
            fit.

    Examples:
        >>> inferencer = LocalizationInferencer('epoch_30.pth')
        >>> inputs = dict(image='dog.jpg', audio='dog.wav')
        >>> inferencer(inputs, out_dir='out')['predictions'][0]['peak']
    """

    preprocess_kwargs: set = set()
    forward_kwargs: set = {'protocol'}
    visualize_kwargs: set = {'draw'}
    postprocess_kwargs: set = {'out_dir'}

    def __init__(self,
                 model: Optional[ConfigLike] = None,
                 weights: Optional[str] = None,
                 device: Optional[str] = None,
                 object_prior: bool = False,
                 scope: str = 'fnac_mm',
                 show_progress: bool = True) -> None:
        config, weights = _check_files(model, weights)
        self._checkpoint = load_plain_checkpoint(weights)
        if config is None:
            config = read_config(self._checkpoint, weights)
        self.object_prior = object_prior
        with DefaultScope.overwrite_default_scope(scope):
            super().__init__(config, weights, device, scope, show_progress)
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
        state = self._checkpoint.get('state_dict')
        if state is None:
            raise ValueError(
                f'{weights}: no "state_dict" in this checkpoint (found '
                f'{sorted(self._checkpoint)}); the authors\' files are '
                'converted by tools/model_converters/convert_official.py')
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(f'{weights}: the checkpoint does not fit the '
                             f'model of the config: {error}') from error
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

    @torch.no_grad()
    def forward(self,
                inputs: dict,
                protocol: Union[str, Protocol] = 'fnac_test') -> List[dict]:
        """Predict a batch.

        Args:
            inputs (dict): Collated batch.
            protocol (str | Protocol): How maps are enlarged.

        Returns:
            list[dict]: ``sample`` (AVDataSample on the CPU), ``maps``, a
            dict of (H, W) arrays at the size of the picture, and
            ``protocol``.

        Raises:
            ValueError: If the protocol is unknown.
        """
        protocol = get_protocol(protocol)
        predictions = []
        for sample in self.model.test_step(inputs):
            sample = sample.cpu()
            objects = sample.get('pred_object_map')
            large = protocol.maps(sample.pred_map.data,
                                  None if objects is None else objects.data)
            maps = {
                name:
                resize_map(
                    map[0], tuple(sample.ori_shape),
                    align_corners=False).float().numpy()
                for name, map in large.items()
            }
            predictions.append(
                dict(sample=sample, maps=maps, protocol=protocol))
        return predictions

    def visualize(self,
                  inputs: List[InferenceInput],
                  preds: List[dict],
                  draw: bool = True) -> List[np.ndarray]:
        """Lay the maps over the pictures.

        Args:
            inputs (list[InferenceInput]): The inputs.
            preds (list[dict]): Of :meth:`forward`.
            draw (bool): Defaults to True.

        Returns:
            list[np.ndarray]: (H, W, 3) uint8 RGB; empty without ``draw``.
        """
        pictures = []
        for item, pred in zip(inputs, preds) if draw else ():
            self.visualizer.protocol = pred['protocol']
            pictures.append(
                self.visualizer.add_datasample(
                    item.sample_id, self.pipeline.read_picture(item.image),
                    pred['sample']))
        return pictures

    def postprocess(self,
                    preds: List[dict],
                    visualization: Sequence[np.ndarray],
                    return_datasamples: bool = False,
                    out_dir: Optional[str] = None) -> dict:
        """Pack the results and write them.

        Args:
            preds (list[dict]): Of :meth:`forward`.
            visualization (Sequence[np.ndarray]): Of :meth:`visualize`.
            return_datasamples (bool): Defaults to False.
            out_dir (str, optional): Folder for ``<sample_id>.npy`` and
                ``<sample_id>.png``; made if absent.

        Returns:
            dict: See the class.
        """
        predictions = [self._pack(pred) for pred in preds]
        if out_dir is not None:
            os.makedirs(out_dir, exist_ok=True)
            for index, prediction in enumerate(predictions):
                picture = visualization[index] if visualization else None
                prediction['files'] = _write(out_dir, prediction, picture)
        if return_datasamples:
            predictions = [pred['sample'] for pred in preds]
        return dict(predictions=predictions, visualization=list(visualization))

    @staticmethod
    def _pack(pred: dict) -> Dict[str, Any]:
        """What a user needs of a prediction."""
        sample, maps = pred['sample'], pred['maps']
        raw = sample.pred_map.data[0].float().numpy()
        packed = dict(
            sample_id=sample.sample_id,
            map=maps['audio_visual'],
            raw_map=raw,
            peak=_peak(maps['audio_visual']),
            confidence=float(raw.max()))
        packed.update({
            f'{name}_map': maps[name]
            for name in ('object', 'fused') if name in maps
        })
        return packed


def _write(out_dir: str, prediction: Dict[str, Any],
           picture: Optional[np.ndarray]) -> Dict[str, str]:
    """Write the map and, if drawn, the picture; return their paths."""
    stem = osp.join(out_dir, prediction['sample_id'])
    files = dict(map=f'{stem}.npy')
    np.save(files['map'], prediction['map'])
    if picture is not None:
        files['overlay'] = f'{stem}.png'
        write_image(files['overlay'], picture)
    return files
