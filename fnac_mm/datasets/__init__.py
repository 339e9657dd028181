"""Data sets, their transforms and the collate function."""
from .av_localization_dataset import AVLocalizationDataset
from .avsbench import AVSBenchMS3, AVSBenchS4
from .box_list import read_annotation_list
from .collate import collate_av
from .extended import ExtendedFlickrSoundNet, ExtendedVGGSS, read_negative_list
from .flickr_soundnet import FlickrSoundNet, read_flickr_boxes
from .id_lists import read_id_list
from .is3_vpo import IS3, VPO
from .negative_audio import NegativeAudio
from .transforms import (LoadAudio, LoadImage, LoadMask, PackAVInputs,
                         ResizeRandomCrop)
from .vggsound import VGGSound
from .vggss import VGGSS, read_vggss

__all__ = [
    'AVLocalizationDataset', 'AVSBenchMS3', 'AVSBenchS4',
    'ExtendedFlickrSoundNet', 'ExtendedVGGSS', 'FlickrSoundNet', 'IS3',
    'LoadAudio', 'LoadImage', 'LoadMask', 'NegativeAudio', 'PackAVInputs',
    'ResizeRandomCrop', 'VGGSS', 'VGGSound', 'VPO', 'collate_av',
    'read_annotation_list', 'read_flickr_boxes', 'read_id_list',
    'read_negative_list', 'read_vggss'
]
