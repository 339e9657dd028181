"""The parsers: what they accept, how they are called and how they refuse."""
import json
from functools import partial

import cv2
import numpy as np

from fnac_mm.apis.publish import read_metrics
from fnac_mm.apis.source_location import read_min_confidence
from fnac_mm.datasets import read_id_list
from fnac_mm.datasets.box_list import read_annotation_list
from fnac_mm.datasets.extended import read_negative_list
from fnac_mm.datasets.flickr_soundnet import read_flickr_boxes
from fnac_mm.datasets.packed.reader import MANIFEST
from fnac_mm.datasets.vggss import read_vggss
from fnac_mm.evaluation.result_file import read_results
from fnac_mm.preparation.state import read_records
from fnac_mm.preparation.vggsound import read_csv
from fnac_mm.utils import load_plain_checkpoint
from fnac_mm.visualization.curves import read_scalars
from . import readers, seeds
from .harness import Target
from .readers import (check_box_values, check_boxes, check_ids, check_records,
                      check_upload, prepare, read_avsbench, verify)
from .seeds import lists


def check_results(found: dict) -> None:
    """Nothing differs from what was written."""
    assert found == json.loads(seeds.result_file())


def readable_by_cv2(picture: bytes) -> bool:
    """Only GIF may be unknown to OpenCV, which reads it since 4.11."""
    return not picture.startswith(b'GIF') or cv2.imdecode(
        np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) is not None


_binary = partial(Target, is_text=False)

LISTS = [
    Target('id list', '.txt', lambda: lists('ids'), read_id_list, check_ids),
    Target('id list csv', '.csv', lambda: lists('csv'), read_id_list,
           check_ids),
    Target('negatives csv', '.csv', lambda: lists('negatives'),
           read_negative_list,
           lambda pairs: check_ids(i for p in pairs.values() for i in p)),
    Target('avsbench csv', '.csv', lambda: lists('avsbench'), read_avsbench,
           check_boxes),
    Target('vggsound csv', '.csv', lambda: lists('vggsound'), read_csv,
           check_ids, (SystemExit, )),
    Target('vggss json', '.json', lambda: lists('vggss'), read_vggss,
           check_boxes),
    Target('sslalign json', '.json', lambda: lists('s4', 'sslalign'),
           read_annotation_list, check_boxes),
    Target('avsbench json', '.json', lambda: lists('s4'), read_avsbench,
           check_boxes),
    Target('published list', '.csv', readers.published_lists,
           readers.check_published),
    Target('flickr xml', '.xml', lambda: [seeds.XML], read_flickr_boxes,
           check_box_values),
    Target('threshold json', '.json', lambda: lists('threshold'),
           read_min_confidence),
    Target('training log', '.json', lambda: lists('log'),
           lambda path: read_scalars([path])),
    Target('scores', '.json', lambda: lists('scores'),
           lambda path: read_metrics(str(path))),
    Target('preparation manifest', '.jsonl', lambda: lists('manifest'),
           read_records, check_records),
]

MEDIA = [
    _binary('sound', '.wav', seeds.sounds, readers.read_sound),
    _binary('picture', '.jpg', seeds.pictures, readers.read_both),
    _binary('picture cv2', '.jpg',
            lambda: [p for p in seeds.pictures() if readable_by_cv2(p)],
            partial(readers.read_picture, backend='cv2')),
    _binary('mask', '.png', seeds.masks, readers.read_mask),
    _binary('film', '.mp4', seeds.films, readers.play),
    _binary('film preparation', '.mp4', seeds.films,
            partial(prepare, kind='film')),
    _binary('still preparation', '.jpg', seeds.pictures,
            partial(prepare, kind='still')),
    *(_binary(f'uploaded {name}', suffix, whole,
              partial(check_upload, kind=kind))
      for name, kind, suffix, whole in (
          ('film', 'video', '.mp4', seeds.films),
          ('sound', 'sound', '.wav', seeds.sounds),
          ('picture', 'picture', '.jpg', seeds.pictures))),
    # They say what is wrong and raise nothing.
    *(_binary(f'verified {name}', suffix, whole,
              partial(verify, kind=kind), errors=())
      for name, kind, suffix, whole in (
          ('sound', 'audio_path', '.wav', seeds.sounds),
          ('picture', 'img_path', '.jpg', seeds.pictures),
          ('mask', 'mask_path', '.png', seeds.masks))),
]  # yapf: disable

# What the package itself writes.
STORED = [
    _binary('checkpoint', '.pth', lambda: [seeds.checkpoint()],
            load_plain_checkpoint, readers.check_weights),
    _binary('old checkpoint', '.pth', lambda: [seeds.checkpoint(False)],
            load_plain_checkpoint),
    _binary(
        'forged checkpoint',
        '.pth',
        lambda: [seeds.checkpoint_pickle()],
        load_plain_checkpoint,
        repair=seeds.checkpoint_with),
    Target('checkpoint config', '.pth', lambda: [seeds.CONFIG],
           readers.read_checkpoint_config),
    Target('pack manifest', '.json', lambda: [seeds.pack()[MANIFEST]],
           readers.read_pack),
    _binary(
        'forged record',
        '.bin',
        seeds.records,
        readers.read_forged_record,
        repair=seeds.with_record_checksum),
    Target('result file', '.json', lambda: [seeds.result_file()], read_results,
           check_results),
    Target(
        'forged result file',
        '.json',
        lambda: [seeds.result_file()],
        read_results,
        repair=seeds.with_sha256),
]

PARSERS = [*LISTS, *MEDIA, *STORED]
