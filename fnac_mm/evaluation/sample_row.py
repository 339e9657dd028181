"""A data sample as a row of plain numbers, which travels and is kept."""
from dataclasses import asdict
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np
import torch
from mmengine.structures import PixelData
from torch import Tensor

from fnac_mm.functional import Protocol, boxes_to_target
from fnac_mm.structures import AVDataSample
from .result_file import check_array, check_keys

# Pixels of a side of a mask; what is larger would fill the memory.
_LARGEST = 2**13

# Raw maps of a row; of a sample with ``pred_`` before.
MAPS = ('map', 'object_map', 'shuffled_map')
META_KEYS = ('class_name', 'group', 'negative_kind', 'img_path', 'audio_path')


def encode_mask(mask: np.ndarray) -> Dict[str, List[int]]:
    """(H, W) as lengths of runs, row by row; the first run is of zeros."""
    flat = np.concatenate([[0], mask.reshape(-1) != 0])
    ends = np.flatnonzero(np.diff(flat))
    counts = np.diff(np.concatenate([[0], ends, [mask.size]]))
    return dict(size=list(mask.shape), counts=counts.tolist())


def decode_mask(code: Mapping[str, Sequence[int]]) -> np.ndarray:
    """(H, W) uint8, of what :func:`encode_mask` gives.

    Raises:
        ValueError: If the runs don't add up to the size, or it is not that
            of a mask.
    """
    counts, size = np.asarray(code['counts']), np.asarray(code['size'])
    if counts.dtype.kind != 'i' or size.dtype.kind != 'i' or counts.ndim != 1:
        raise ValueError('size and runs of a mask must be integers')
    height, width = size.tolist()
    if not 0 < min(size) <= max(size) <= _LARGEST:
        raise ValueError(f'a mask can\'t be of {height} x {width}')
    if (counts < 0).any() or max(counts) > height * width or \
            counts.sum() != height * width:
        raise ValueError(f'runs of {counts.sum()} pixels do not make a mask '
                         f'of {height} x {width}')
    values = np.arange(len(counts), dtype=np.uint8) % 2
    return np.repeat(values, counts).reshape(height, width)


def check_protocol(part: Dict[str, Any], where: str) -> None:
    """ValueError unless these are the fields of a protocol."""
    example = asdict(Protocol('', threshold=0.5))
    unknown = sorted(set(part) - set(example))
    if unknown:
        raise ValueError(f'{where}: unknown field {", ".join(unknown)[:200]}')
    if part.get('threshold', 0) is None:
        example.pop('threshold')
    check_keys(part, {k: type(v) for k, v in example.items()}, where)


def check_map_row(row: Dict[str, Any], where: str) -> None:
    """ValueError if maps, boxes or mask of a file's row are malformed."""
    for key in MAPS:
        if key in row:
            check_array(row[key], 2, f'{where}: {key}')
    if row['boxes']:
        check_array(row['boxes'], 2, f'{where}: boxes', width=4)
    if 'mask' not in row:
        return
    check_keys(row['mask'], dict(size=list, counts=list), f'{where}: mask')
    try:
        decode_mask(row['mask'])
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{where}: mask: {error!s:.200}') from None


def describe_sample(sample: Mapping[str, Any]) -> Dict[str, Any]:
    """Begin the row of a sample: what is known without the model.

    Args:
        sample (Mapping): ``AVDataSample.to_dict()``.

    Returns:
        dict: ``sample_id``, those of ``META_KEYS`` that the sample has,
        ``boxes`` and ``n_boxes``; of a sample without boxes its ``mask``.

    Raises:
        ValueError: If there is no id, neither boxes nor mask, or a box is
            not finite.
    """
    if 'sample_id' not in sample:
        raise ValueError('a sample without sample_id cannot be scored; '
                         f'its fields: {", ".join(sorted(sample))}')
    row: Dict[str, Any] = dict(sample_id=str(sample['sample_id']))
    row.update({
        key: str(sample[key])
        for key in META_KEYS if sample.get(key) is not None
    })
    boxes = sample.get('gt_boxes')
    if boxes is None and 'gt_mask' in sample:
        mask = sample['gt_mask']['data']
        row.update(boxes=[], n_boxes=0, mask=encode_mask(mask[0].numpy()))
        return row
    if boxes is None:
        raise ValueError(
            f'sample {row["sample_id"]!r} has no annotated '
            'boxes (gt_boxes) and no gt_mask; does the data set have '
            'an annotation file?')
    boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not np.isfinite(boxes).all():
        raise ValueError(f'sample {row["sample_id"]!r}: a box holds NaN '
                         f'or infinity: {boxes.tolist()}')
    row.update(boxes=boxes.tolist(), n_boxes=len(boxes))
    return row


def row_to_sample(row: Mapping[str, Any]) -> AVDataSample:
    """Annotation and prediction of a row, to be scored again or drawn."""
    meta = {key: row[key] for key in ('sample_id', *META_KEYS) if key in row}
    sample = AVDataSample(metainfo=meta)
    if row['boxes'] or 'mask' not in row:
        sample.set_gt_boxes(row['boxes'])
    if 'mask' in row:
        sample.set_gt_mask(torch.from_numpy(decode_mask(row['mask'])))
    for key in MAPS:
        if key in row:
            sample.set_field(
                PixelData(data=torch.tensor([row[key]])), f'pred_{key}')
    return sample


def is_positive(row: Mapping[str, Any]) -> bool:
    """Whether something in the frame sounds."""
    return bool(row['boxes']) or len(row.get('mask', {}).get('counts', ())) > 1


def row_target(row: Mapping[str, Any], size: int,
               rule: Mapping[str, Any]) -> Tensor:
    """What a map of this sample is compared with, (size, size) in [0, 1].

    Of boxes by ``rule``, the arguments of :func:`boxes_to_target`; ValueError
    if a mask is of another size.
    """
    if 'mask' not in row:
        return boxes_to_target(row['boxes'], size, **rule)
    if list(row['mask']['size']) != [size, size]:
        raise ValueError(f'sample {row["sample_id"]!r}: its mask is of size '
                         f'{row["mask"]["size"]}, the protocol compares at '
                         f'{size} x {size}; give LoadMask size={size}')
    return torch.from_numpy(decode_mask(row['mask'])).float()


def stack_maps(samples: Sequence[Mapping[str, Any]], name: str) -> Tensor:
    """Predicted maps of some samples.

    Float32 whatever the model ran in: it goes through json and back without
    a change, so the file of results gives the same scores again.

    Args:
        samples (Sequence[Mapping]): ``AVDataSample.to_dict()`` of each.
        name (str): ``'pred_map'`` or ``'pred_object_map'``.

    Returns:
        Tensor: (B, h, w) float32 on the CPU.

    Raises:
        ValueError: If a map is absent, not finite or of another size.
    """
    maps: List[Tensor] = []
    for sample in samples:
        if name not in sample:
            raise ValueError(f'sample {sample["sample_id"]!r} has no {name}; '
                             "the model's predict mode must set it")
        map = torch.as_tensor(sample[name]['data']).detach().cpu().float()
        if maps and map.shape != maps[0].shape:
            raise ValueError(
                f'sample {sample["sample_id"]!r}: its {name} is of shape '
                f'{tuple(map.shape)}, that of {samples[0]["sample_id"]!r} '
                f'{tuple(maps[0].shape)}; use batch_size=1')
        maps.append(map)
    stacked = torch.cat(maps)
    # Of all at once, which for small maps costs as much as of one.
    if not torch.isfinite(stacked).all():
        worst = [bool(torch.isfinite(map).all()) for map in maps].index(False)
        raise ValueError(f'sample {samples[worst]["sample_id"]!r}: its {name} '
                         'holds NaN or infinity; it has no score')
    return stacked
