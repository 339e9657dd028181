"""Packed data, its unpacked twin and its samples, that tests share."""
from pathlib import Path
from typing import Any, Dict, List, Union

import lmdb
from mmengine.config import Config
from mmengine.dataset import BaseDataset

from fnac_mm.datasets.packed.writer import MediaPacker
from fnac_mm.registry import DATASETS
from tests.conftest import ROOT


def synthetic_config(data_root: Path, split: str = 'train') -> dict:
    """Config of a split of the synthetic benchmark."""
    cfg = Config.fromfile(ROOT / 'configs' / 'fnac_synthetic.py')
    return dict(
        cfg[f'{split}_dataloader'].dataset.to_dict(), data_root=str(data_root))


def build(config: dict, **kwargs: Any) -> BaseDataset:
    """The data set of a config."""
    return DATASETS.build(dict(config, **kwargs))


def infos_of(dataset: BaseDataset) -> List[dict]:
    """All samples before the pipeline."""
    return [dataset.get_data_info(i) for i in range(len(dataset))]


def pack(config: dict, folder: Path, **kwargs: Any) -> Dict[str, Any]:
    """Pack the media of a data set."""
    packer = MediaPacker(folder, config['pipeline'], **kwargs)
    return packer.pack(build(config, pipeline=[]))


def records(folder: Union[str, Path]) -> Dict[bytes, bytes]:
    """Everything in the database, read without the package."""
    with lmdb.open(str(folder), readonly=True, lock=False) as env:
        with env.begin() as txn:
            return dict(txn.cursor())
