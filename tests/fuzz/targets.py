"""The parsers, with whole files, what may be accepted and how to refuse."""
import json
from functools import partial
from pathlib import Path
from typing import List

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
from . import seeds
from .harness import Target
from .readers import (PackFolder, PublishedLists, check_box_values,
                      check_boxes, check_facts, check_ids, check_mask,
                      check_picture, check_records, check_results,
                      check_upload, check_weights, play, prepare_clip, probe,
                      read_avsbench, read_both, read_checkpoint_config,
                      read_forged_record, read_mask, read_picture, read_sound,
                      take_over)
from .seeds import Shared, from_shared, json_from_shared, sample_files


def annotation_targets(folder: Path, shared: Shared) -> List[Target]:
    """Lists and annotations."""
    csv = from_shared(shared, 'fnac/flickr_test.csv', 'fnac/vggss_test.csv')
    ids = [
        b'AbCdEfGhIjK_000030\r\nb_000001\n', b'\xef\xbb\xbfa\nb\nc',
        *from_shared(shared, 'fnac/vggss_10k.txt', 'fnac/flickr_10k.txt')
    ]
    negatives = [
        b'video,audio,label\na,b,non-sounding\n"b",a,non-sounding\n',
        *from_shared(shared, 'slavc/flickr_test_plus_silent.csv')
    ]
    clips = [
        b'name,start_time,category,split\n'
        b'a,0,dog,test\nb,"1",cat,train\r\n'
    ]
    vggss = [
        b'[{"file": "a_000001", "class": "dog", "bbox": [[0, 0.25, 0.5, 1]]},'
        b'{"file": "b", "bbox": [[0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]]}]',
        *json_from_shared(shared, 'fnac/vggss.json')
    ]
    tree = '"/d/s4_data/%s/test/dog/%s"'
    entry = (f'{{"image": {tree % ("visual_frames", "a/a_1.png")}, "audio": '
             f'{tree % ("audio_wav", "a.wav")}, "gt_box": ')
    s4 = [
        f'[{entry}[0.0, 12.0, 100.5, 224.0]}}]'.encode(),
        f'[{entry}{tree % ("gt_masks", "a/a_1.png")}}}]'.encode(),
        *json_from_shared(shared, 'sslalign/s4_box.json',
                          'sslalign/s4_seg.json')
    ]
    lists = s4 + json_from_shared(shared, 'sslalign/synthetic3240_bbox.json',
                                  'sslalign/vpo_ss_seg.json')
    published = [
        *ids, *negatives,
        *from_shared(shared, 'fnac/flickr_test.csv', lines=1000)
    ]
    whole = PublishedLists(published, folder)
    table = [b'AbCdEfGhIjK,30,"playing cello, bowed",train\n']
    return [
        Target('id list', '.txt', ids, read_id_list, check_ids),
        Target('id list csv', '.csv', [b'a,dog\n"b",cat\n', *csv],
               read_id_list, check_ids),
        Target('negatives csv', '.csv', negatives, read_negative_list,
               lambda pairs: check_ids(i for p in pairs.values() for i in p)),
        Target('avsbench csv', '.csv', clips, read_avsbench, check_boxes),
        Target('vggsound csv', '.csv', table, read_csv, check_ids,
               (SystemExit, )),
        Target('vggss json', '.json', vggss, read_vggss, check_boxes),
        Target('sslalign json', '.json', lists, read_annotation_list,
               check_boxes),
        Target('avsbench json', '.json', s4, read_avsbench, check_boxes),
        Target('published list', '.csv', published, whole.read, whole.check),
        Target('flickr xml', '.xml', [seeds.XML], read_flickr_boxes,
               check_box_values),
    ]


def readable_by_cv2(picture: bytes) -> bool:
    """Whether OpenCV knows the format; only GIF may be unknown to it."""
    return not picture.startswith(b'GIF') or cv2.imdecode(
        np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) is not None


def media_targets(shared: Shared) -> List[Target]:
    """Sounds, pictures, masks and films."""
    sounds = seeds.sounds() + sample_files(shared, 'audio/sine_mono_f64.wav',
                                           'audio/sine_16ch_s16.wav',
                                           'audio/nasa_13013.mp4.audio.mp3')
    pictures = seeds.pictures() + sample_files(shared, 'pairs/car_image.jpg')
    films = seeds.films() + sample_files(shared, 'videos/avi_44k.avi',
                                         'videos/h264_aac_44k.mp4')
    binary = partial(Target, is_text=False)
    return [
        binary('sound', '.wav', sounds, read_sound),
        binary('picture', '.jpg', pictures, read_both, check_picture),
        # OpenCV reads GIF since 4.11.
        binary('picture cv2', '.jpg',
               [p for p in pictures if readable_by_cv2(p)],
               partial(read_picture, backend='cv2'), check_picture),
        binary('mask', '.png', seeds.masks(), read_mask, check_mask),
        binary('film', '.mp4', films, play),
        binary('film preparation', '.mp4', films, prepare_clip),
        binary('still preparation', '.jpg', pictures, take_over),
        binary('uploaded film', '.mp4', films,
               partial(check_upload, kind='video')),
        binary('uploaded sound', '.wav', sounds,
               partial(check_upload, kind='sound')),
        binary('uploaded picture', '.jpg', pictures,
               partial(check_upload, kind='picture')),
        # They say what is wrong and raise nothing.
        binary('verified sound', '.wav', sounds,
               partial(probe, kind='audio_path'), check_facts, ()),
        binary('verified picture', '.jpg', pictures,
               partial(probe, kind='img_path'), check_facts, ()),
        binary(
            'verified mask',
            '.png',
            seeds.masks(),
            partial(probe, kind='mask_path'),
            errors=()),
    ]


def stored_targets(folder: Path) -> List[Target]:
    """What the package itself writes: checkpoints, packs, results."""
    pack = folder / 'pack'
    seeds.make_pack(pack, seeds.many_records())
    manifest = PackFolder(pack, MANIFEST)
    binary = partial(Target, is_text=False)
    results = seeds.result_file()
    manifests = [(b'{"id": "a", "status": "made", "outputs": [{"path": "a", '
                  b'"bytes": 3}], "sources": {"x": 1}}\n'
                  b'{"id": "b", "status": "failed", "sources": {}}\n')]
    return [
        binary('checkpoint', '.pth', [seeds.checkpoint()],
               load_plain_checkpoint, check_weights),
        binary('old checkpoint', '.pth', [seeds.legacy_checkpoint()],
               load_plain_checkpoint),
        binary(
            'forged checkpoint',
            '.pth', [seeds.checkpoint_pickle()],
            load_plain_checkpoint,
            repair=seeds.checkpoint_with),
        Target('checkpoint config', '.pth', [seeds.CONFIG],
               read_checkpoint_config),
        Target('pack manifest', '.json', [(pack / MANIFEST).read_bytes()],
               manifest.read, manifest.check),
        binary(
            'forged record',
            '.bin',
            seeds.records(),
            read_forged_record,
            repair=seeds.with_record_checksum),
        Target('result file', '.json', [results], read_results,
               partial(check_results, json.loads(results))),
        Target(
            'forged result file',
            '.json', [results],
            read_results,
            repair=seeds.with_sha256),
        Target('threshold json', '.json',
               [b'{"negative_audio/threshold": 0.75, "x": 1}'],
               read_min_confidence),
        Target('training log', '.json',
               [b'{"step": 1, "loss": 2.5, "epoch": 1}\n{"step": 2}\n'],
               lambda path: read_scalars([path])),
        Target('scores', '.json', [b'{"audio_visual/ciou@0.5": 0.75}'],
               lambda path: read_metrics(str(path))),
        Target('preparation manifest', '.jsonl', manifests, read_records,
               check_records),
    ]


def all_targets(folder: Path, shared: Shared) -> List[Target]:
    """Every parser.

    Args:
        folder (Path): Where whole files may be made.
        shared (Path, optional): Published lists and sample media.
    """
    return [
        *annotation_targets(folder, shared), *media_targets(shared),
        *stored_targets(folder)
    ]
