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
from pathlib import Path
from typing import Any, List, Optional, Sequence

from fnac_mm.utils.command_line import make_parser, plain_errors, require_paths


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument(
        '--ann-file',
        required=True,
        help='json of VGG-SS or of SSL-Alignment (*_box.json, *_bbox.json), '
        'or the folder with the xml files of Flickr')
    parser.add_argument(
        '--list', help='csv or txt with the ids to use (default: all)')
    parser.add_argument(
        '--dataset',
        choices=('avsbench', 'flickr', 'is3', 'vggss', 'vpo'),
        default='vggss',
        help='format of the annotation (default: vggss)')
    parser.add_argument(
        '--protocol',
        default='fnac_test',
        help='whose share of the picture and comparison to use, see '
        'docs/evaluation.md (default: fnac_test)')
    return parser.parse_args(argv)


def read_boxes(dataset: str, ann_file: str,
               list_file: Optional[str]) -> List[Any]:
    """Boxes of each sample, read as the data set reads them."""
    from fnac_mm.datasets import (read_annotation_list, read_flickr_boxes,
                                  read_id_list, read_vggss)
    ids = None if list_file is None else list(read_id_list(list_file))
    if dataset != 'flickr':
        read = read_vggss(ann_file) if dataset == 'vggss' else \
            read_annotation_list(ann_file, kind='boxes')
        boxes = {k: v['gt_boxes'] for k, v in read.items()}
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


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Print the scores as json."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'ann_file', 'list')
        from fnac_mm.datasets import VGGSS, FlickrSoundNet
        from fnac_mm.evaluation.baselines import score_baselines
        from fnac_mm.functional import get_protocol

        # The other lists give one box each.
        meta = FlickrSoundNet.METAINFO if args.dataset == 'flickr' \
            else VGGSS.METAINFO
        protocol = get_protocol(args.protocol)
        boxes = read_boxes(args.dataset, args.ann_file, args.list)
        scores = score_baselines(boxes, protocol, meta['combine'],
                                 meta['consensus'])
        head = dict(
            n=scores.pop('n'),
            n_empty_target=scores.pop('n_empty_target'),
            dataset=args.dataset,
            protocol=protocol.name)
        print(json.dumps(dict(head, **scores), indent=2))


if __name__ == '__main__':
    main()
