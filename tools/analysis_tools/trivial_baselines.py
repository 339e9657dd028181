r"""What is a score on this annotation worth? Asks no model and no image.

    python tools/analysis_tools/trivial_baselines.py \
        --ann-file vggss.json --list vggss_heard_test.csv

prints json: ``n`` and, for predicting the whole image (``whole_image``), the
half around the centre (``centre``), the best half possible (``oracle_cap``)
and as many pixels around the centre as the target has (``centre_adaptive``,
to be compared with adaptive scores only), each of ``ciou@0.5``, ``mean_ciou``
and ``auc`` in percent.

``--dataset avsbench|is3|vpo`` reads SSL-Alignment's lists of boxes.
"""
import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
from rich.console import Console
from rich.progress import track

from fnac_mm.datasets import (VGGSS, FlickrSoundNet, read_flickr_boxes,
                              read_id_list, read_vggss)
from fnac_mm.datasets.box_list import read_box_list
from fnac_mm.functional import (PROTOCOLS, Protocol, adaptive_ciou,
                                baseline_cious, boxes_to_target, centre_map,
                                get_protocol, summarize_cious)

# Says how boxes become a target. The lists give one box each.
METAINFO: Dict[str, Dict[str, Any]] = dict(
    vggss=VGGSS.METAINFO,
    flickr=FlickrSoundNet.METAINFO,
    **dict.fromkeys(('avsbench', 'is3', 'vpo'),
                    dict(combine='union', consensus=1)))
# Samples at once; small enough for the caches of a processor.
CHUNK = 16


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--ann-file',
        required=True,
        help='json of VGG-SS or of SSL-Alignment (*_box.json, *_bbox.json), '
        'or the folder with the xml files of Flickr')
    parser.add_argument(
        '--list', help='csv or txt with the ids to use (default: all)')
    parser.add_argument(
        '--dataset',
        choices=sorted(METAINFO),
        default='vggss',
        help='format of the annotation (default: vggss)')
    parser.add_argument(
        '--protocol',
        choices=sorted(PROTOCOLS),
        default='fnac_test',
        help='whose share of the picture and comparison to use')
    return parser.parse_args(argv)


def read_boxes(dataset: str, ann_file: str,
               list_file: Optional[str]) -> List[np.ndarray]:
    """Boxes of each sample, read as the data set reads them.

    Args:
        dataset (str): Format, a key of ``METAINFO``.
        ann_file (str): Json file or folder of xml files.
        list_file (str, optional): Ids to use.

    Returns:
        list[np.ndarray]: Boxes of each sample, (N, 4).

    Raises:
        ValueError: If a listed id has no annotation or there is none at all.
    """
    ids = None if list_file is None else list(read_id_list(list_file))
    if dataset != 'flickr':
        read = read_vggss if dataset == 'vggss' else read_box_list
        boxes = {k: v['gt_boxes'] for k, v in read(ann_file).items()}
    else:
        folder = Path(ann_file)
        if not folder.is_dir():
            raise FileNotFoundError(f'{folder}: no such folder of xml files')
        known = sorted(path.stem for path in folder.glob('*.xml'))
        wanted = known if ids is None else set(known) & set(ids)
        boxes = {k: read_flickr_boxes(folder / f'{k}.xml') for k in wanted}
    unknown = [] if ids is None else [k for k in ids if k not in boxes]
    if unknown:
        raise ValueError(f'{list_file}: {len(unknown)} listed id(s) have no '
                         f'annotation in {ann_file}: {", ".join(unknown[:5])}')
    if not boxes:
        raise ValueError(f'{ann_file}: no annotation found')
    return [boxes[k] for k in ids or boxes]


def score_baselines(boxes: Sequence[np.ndarray], dataset: str,
                    protocol: Protocol) -> Dict[str, Any]:
    """Scores of the image-blind guesses and the cap.

    Args:
        boxes (Sequence): Boxes of each sample.
        dataset (str): Says how boxes become a target.
        protocol (Protocol): Share of the picture and comparison.

    Returns:
        dict: What is printed.
    """
    rule = {k: METAINFO[dataset][k] for k in ('combine', 'consensus')}
    cious: Dict[str, List[float]] = {}
    empty = 0
    centre = centre_map(protocol.size)
    console = Console(stderr=True)
    for start in track(
            range(0, len(boxes), CHUNK),
            description='scoring',
            console=console,
            disable=not sys.stderr.isatty()):
        target = torch.stack([
            boxes_to_target(many, protocol.size, **rule)
            for many in boxes[start:start + CHUNK]
        ])
        empty += int((target == 0).all(dim=2).all(dim=1).sum())
        found = baseline_cious(target, protocol.area, protocol.compare)
        found['centre_adaptive'] = adaptive_ciou(centre[None], target)
        for name, values in found.items():
            cious.setdefault(name, []).extend(values.tolist())
    scores = {name: summarize_cious(values) for name, values in cious.items()}
    return dict(
        n=len(boxes),
        n_empty_target=empty,
        dataset=dataset,
        protocol=protocol.name,
        **scores)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Print the scores as json."""
    args = parse_args(argv)
    try:
        boxes = read_boxes(args.dataset, args.ann_file, args.list)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    scores = score_baselines(boxes, args.dataset, get_protocol(args.protocol))
    print(json.dumps(scores, indent=2))


if __name__ == '__main__':
    main()
