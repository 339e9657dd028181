"""Raw maps of the same samples at every validation of a training.

A folder per start of a run, ``<work dir>/<time>/vis_data/heat_maps``, with
``epoch_<n>.json`` for each validation and ``frames/<id>.jpg`` for each
sample. The json object has ``version``, ``epoch``, ``protocol`` (all fields),
``dataset`` (``name``, ``combine``, ``consensus``) and ``results``, rows as in
the file of results, with ``frame``, the picture below that folder. So
everything can be drawn again, in other colours, without the data set.
"""
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, Sequence, Union

from fnac_mm.utils import write_atomically
from .sample_row import describe_sample, stack_maps

VERSION = 1
FOLDER = 'heat_maps'
PathLike = Union[str, Path]


def history_row(sample: Mapping[str, Any]) -> Dict[str, Any]:
    """Annotation and raw maps of a sample.

    Args:
        sample (Mapping): ``AVDataSample.to_dict()`` of a prediction.

    Returns:
        dict: See the module.

    Raises:
        ValueError: If there is no annotation or map, or one is not finite.
    """
    row = describe_sample(sample)
    for key in ('map', 'object_map'):
        if key == 'map' or f'pred_{key}' in sample:
            row[key] = stack_maps([sample], f'pred_{key}')[0].tolist()
    return row


def frame_file(sample_id: str) -> str:
    """Where the frame of a sample lies, relative to the history's folder."""
    return f'frames/{plain_name(sample_id)}.jpg'


def plain_name(sample_id: str) -> str:
    """An id as part of a file name: ``_`` for all but ``+-.`` and letters."""
    return re.sub(r'[^\w+.-]', '_', sample_id)


def write_history(folder: PathLike, epoch: int, protocol: Mapping[str, Any],
                  dataset: Mapping[str, Any],
                  rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write the maps of a validation, at once or not at all.

    Args:
        folder (str | Path): The history's; made if needed.
        epoch (int): Epochs trained so far.
        protocol (Mapping): Fields of the protocol.
        dataset (Mapping): ``name``, ``combine`` and ``consensus``.
        rows (Sequence[Mapping]): See :func:`history_row`.

    Returns:
        Path: The file.

    Raises:
        ValueError: If a number is not finite.
    """
    content = dict(
        version=VERSION,
        epoch=epoch,
        protocol=dict(protocol),
        dataset=dict(dataset),
        results=list(rows))
    path = Path(folder) / f'epoch_{epoch}.json'
    write_atomically(path, json.dumps(content, allow_nan=False))
    return path


def read_history(work_dir: PathLike) -> List[Dict[str, Any]]:
    """Read the maps of a run, also of one that was resumed.

    Args:
        work_dir (str | Path): With a folder per start, named by its time.

    Returns:
        list[dict]: A validation each, by epoch; of an epoch that several
        starts have validated, the last one's. ``folder`` (Path) says where
        its frames are.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file is malformed.
    """
    found: Dict[int, Dict[str, Any]] = {}
    for folder in sorted(Path(work_dir).glob(f'*/vis_data/{FOLDER}')):
        parts = [_read(path) for path in sorted(folder.glob('epoch_*.json'))]
        first = min((part['epoch'] for part in parts), default=0)
        # A later start has trained these epochs again.
        found = {k: v for k, v in found.items() if k < first or not parts}
        found.update({part['epoch']: part for part in parts})
    if not found:
        raise FileNotFoundError(
            f'{work_dir}: no */vis_data/{FOLDER}/epoch_*.json; train with '
            '--cfg-options default_hooks.visualization.enable=True')
    return [found[epoch] for epoch in sorted(found)]


def _read(path: Path) -> Dict[str, Any]:
    """One file, checked as far as a reader relies on it."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content['version'] != VERSION:
            raise ValueError(f'version {content["version"]!r}, this reads '
                             f'{VERSION}')
        for key, kind in dict(
                epoch=int, protocol=dict, dataset=dict, results=list).items():
            if not isinstance(content[key], kind):
                raise ValueError(f'{key} is {content[key]!r}')
        for row in content['results']:
            expected = frame_file(str(row['sample_id']))
            if row.get('frame', expected) != expected:
                raise ValueError(f'frame is {row["frame"]!r}')
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f'{path} is no history of maps: {error!s:.200}') from None
    return dict(content, folder=path.parent)
