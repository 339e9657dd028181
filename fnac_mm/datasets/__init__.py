"""Data sets, their transforms and the collate function."""
from .av_localization_dataset import AVLocalizationDataset
from .collate import collate_av
from .flickr_soundnet import FlickrSoundNet, read_flickr_boxes
from .media_index import read_id_list
from .transforms import LoadAudio, LoadImage, PackAVInputs
from .vggsound import VGGSound
from .vggss import VGGSS, read_vggss

__all__ = [
    'AVLocalizationDataset', 'FlickrSoundNet', 'LoadAudio', 'LoadImage',
    'PackAVInputs', 'VGGSS', 'VGGSound', 'collate_av', 'read_flickr_boxes',
    'read_id_list', 'read_vggss'
]
