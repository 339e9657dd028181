"""VGG-Sound: training clips."""
from fnac_mm.registry import DATASETS
from .av_localization_dataset import AVLocalizationDataset


@DATASETS.register_module()
class VGGSound(AVLocalizationDataset):
    """Clips of VGG-Sound, without boxes, for training.

    The folder::

        data/vggsound/
        ├── frames/AbCdEfGhIjK_000030.jpg | .png
        ├── audio/AbCdEfGhIjK_000030.wav
        └── metadata/vggss_144k.txt ...

    Published lists: ``vggss_10k.txt``, ``vggss_144k.txt`` and
    ``vggss_heard.txt``; without ``list_file`` it is "VGG-Sound full". The
    first two hold clips of VGG-SS (3,715 in FNAC's 144k), so give the test
    lists as ``exclude``. Arguments are those of
    :class:`AVLocalizationDataset`.
    """

    METAINFO: dict = dict(
        dataset_name='vggsound', combine='union', consensus=2)
