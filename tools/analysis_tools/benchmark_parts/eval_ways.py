"""The two ways of evaluation that are compared, and their clock."""
import time
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import numpy as np
import torch
from benchmark_parts.one_by_one import (PASSES, OneByOneClips, OneByOneScore,
                                        draw_target, pixel_boxes, raw_maps)
from mmengine.evaluator import Evaluator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from fnac_mm.datasets import collate_av
from fnac_mm.functional import boxes_to_levels, score_maps, summarize_cious
from fnac_mm.registry import METRICS

Maps = List[Tuple[Tensor, Tensor]]
Found = Tuple[Dict[str, np.ndarray], Dict[str, float]]


class Clock:
    """Seconds of named parts; what is inside another part counts once.

    Args:
        device (torch.device): Waited for at both ends of a part.
    """

    def __init__(self, device: torch.device) -> None:
        self.seconds: Dict[str, float] = {}
        self._device = device
        self._inside: List[float] = [0.0]

    def _now(self) -> float:
        if self._device.type == 'cuda':
            torch.cuda.synchronize(self._device)
        return time.perf_counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what happens inside.

        Args:
            name (str): Of the part.
        """
        start = self._now()
        self._inside.append(0.0)
        yield
        took = self._now() - start
        own = took - self._inside.pop()
        self._inside[-1] += took
        self.seconds[name] = self.seconds.get(name, 0.0) + own

    def attach(self, model: nn.Module) -> None:
        """Count the calls of a localizer's parts.

        Args:
            model (nn.Module): Gets counting methods of its own.
        """
        for owner, method, name in ((model, 'extract_feat', 'forward'),
                                    (model.object_prior, 'forward',
                                     'forward'), (model.data_preprocessor,
                                                  'forward', 'preprocessing')):
            counted = self._counted(name, getattr(owner, method))
            setattr(owner, method, counted)

    def _counted(self, name: str, call: Callable) -> Callable:

        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return call(*args, **kwargs)

        return counted


class OneByOne:
    """A pass of the usual way; see :mod:`benchmark_parts.one_by_one`.

    Args:
        dataset (Dataset): The clips, for their paths and boxes.
        model (nn.Module): The localizer.
        clock (Clock): Gets the parts.
        protocol (str): Which pass.
    """

    def __init__(self, dataset: Dataset, model: nn.Module, clock: Clock,
                 protocol: str) -> None:
        clips = [dataset.get_data_info(i) for i in range(len(dataset))]
        self.clips = OneByOneClips(clips)
        self.model = model
        self.clock = clock
        self.protocol = protocol
        self.scorer = OneByOneScore(protocol)

    def loader(self, indices: Sequence[int], num_workers: int) -> DataLoader:
        """Batches of one clip.

        Args:
            indices (Sequence[int]): Of the clips.
            num_workers (int): Processes that read.

        Returns:
            DataLoader: Of :class:`OneByOneClips`.
        """
        return DataLoader(
            Subset(self.clips, indices),
            batch_size=1,
            num_workers=num_workers,
            persistent_workers=num_workers > 0)

    @torch.no_grad()
    def step(self, batch: Sequence[Any]) -> None:
        """From one batch to scores.

        Args:
            batch (Sequence): Of the loader.
        """
        with self.clock.part('maps'):
            device = next(self.model.parameters()).device
            picture, sound = batch[0].to(device), batch[1].to(device)
            visual, audio = self.model.extract_feat(
                dict(image=picture.float(), audio=sound.float()))
            own = raw_maps(self.model, visual, audio).cpu()
            objectness = self.model.object_prior(picture).cpu()
        with self.clock.part('scoring'):
            self.scorer.add(own, objectness, batch[2]['target'].numpy()[0])

    def score(self, maps: Maps) -> Dict[str, float]:
        """Scoring alone, targets included.

        Args:
            maps (list[tuple[Tensor, Tensor]]): (1, h, w) of each clip.

        Returns:
            dict[str, float]: The numbers.
        """
        self.scorer = OneByOneScore(self.protocol)
        for (own, objectness), clip in zip(maps, self.clips.clips):
            target = draw_target(pixel_boxes(clip['gt_boxes']))
            self.scorer.add(own, objectness, target)
        return self.scorer.summarize()

    def found(self) -> Found:
        """What was scored so far.

        Returns:
            tuple[dict, dict]: cIoUs by kind of map, in the order of the
            clips; the numbers.
        """
        cious = {k: np.array(v) for k, v in self.scorer.cious.items()}
        return cious, self.scorer.summarize()


class Batched:
    """As ``Runner.test`` does it: both interpolations in one pass.

    Args:
        dataset (Dataset): With the test pipeline.
        model (nn.Module): The localizer.
        clock (Clock): Gets the parts.
        batch_size (int): Clips at once.
    """

    def __init__(self, dataset: Dataset, model: nn.Module, clock: Clock,
                 batch_size: int) -> None:
        self.dataset = dataset
        self.model = model
        self.clock = clock
        self.batch_size = batch_size
        self.metrics = {
            protocol:
            METRICS.build(dict(type='LocalizationMetric', protocol=protocol))
            for protocol in PASSES
        }
        self.evaluator = Evaluator(list(self.metrics.values()))
        self.evaluator.dataset_meta = self.dataset.metainfo
        self.samples: List[Any] = []
        self.boxes = [
            dataset.get_data_info(i)['gt_boxes'] for i in range(len(dataset))
        ]

    def loader(self, indices: Sequence[int], num_workers: int) -> DataLoader:
        """Batches as the configs ask for them.

        Args:
            indices (Sequence[int]): Of the clips.
            num_workers (int): Processes that read.

        Returns:
            DataLoader: Of packed samples.
        """
        return DataLoader(
            Subset(self.dataset, indices),
            batch_size=self.batch_size,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            collate_fn=collate_av)

    @torch.no_grad()
    def step(self, batch: Dict[str, Any]) -> None:
        """From one batch to scores.

        Args:
            batch (dict): Of the loader.
        """
        with self.clock.part('maps'):
            samples = self.model.test_step(batch)
        with self.clock.part('scoring'):
            self.evaluator.process(samples, batch)
        self.samples += samples

    def small_maps(self) -> Maps:
        """What was predicted so far.

        Returns:
            list[tuple[Tensor, Tensor]]: (1, h, w) of each clip, on the host.
        """
        return [(s.pred_map.data.cpu(), s.pred_object_map.data.cpu())
                for s in self.samples]

    def score_only(self, maps: Maps, protocol: str, batch_size: int) -> Found:
        """From small maps and boxes to numbers, and nothing else.

        Args:
            maps (list[tuple[Tensor, Tensor]]): (1, h, w) of each clip.
            protocol (str): One of the two.
            batch_size (int): Samples of one call.

        Returns:
            tuple[dict, dict]: See :meth:`found`.
        """
        parts: List[Dict[str, Tensor]] = []
        for start in range(0, len(maps), batch_size):
            batch = slice(start, start + batch_size)
            targets = [boxes_to_levels(boxes) for boxes in self.boxes[batch]]
            own, other = (torch.cat(x) for x in zip(*maps[batch]))
            parts.append(
                score_maps(self.metrics[protocol].protocol, own, other,
                           targets))
        cious = {
            kind: torch.cat([part[kind] for part in parts]).numpy()
            for kind in parts[0]
        }
        return cious, {
            f'{kind}/{key}': value
            for kind, values in cious.items()
            for key, value in summarize_cious(values).items()
        }

    def score(self, samples: Sequence[Any], protocol: str) -> Found:
        """The metric: also checked rows of each sample, and baselines.

        Args:
            samples (Sequence[AVDataSample]): With predicted maps.
            protocol (str): One of the two.

        Returns:
            tuple[dict, dict]: See :meth:`found`.
        """
        metric = self.metrics[protocol]
        metric.results.clear()
        evaluator = Evaluator(metric)
        evaluator.dataset_meta = self.dataset.metainfo
        for start in range(0, len(samples), self.batch_size):
            evaluator.process(samples[start:start + self.batch_size])
        return self.found(protocol)

    def found(self, protocol: str) -> Found:
        """What was scored so far.

        Args:
            protocol (str): One of the two.

        Returns:
            tuple[dict, dict]: cIoUs by kind of map, in the order of the
            clips; the numbers.
        """
        results = self.metrics[protocol].results
        rows = [row['ciou'] for row in results]
        cious = {k: np.array([row[k] for row in rows]) for k in rows[0]}
        return cious, self.metrics[protocol].summarize(results)
