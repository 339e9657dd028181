"""What a file of results says of its origin.

``provenance`` of a file has, where known: ``config_sha256``, ``code``
(``fnac_mm``, ``commit``, ``dirty``), ``hardware`` (``device``, ``torch``),
``checkpoint_sha256``, ``list_sha256`` (of the ids of the list that was asked
for) and ``annotation_sha256`` (of ids, boxes, masks, groups and kinds of
negatives of the samples). The first four differ between models; the last two
must not, where two files are compared.
"""
from typing import Any, Dict, List, Mapping, Optional, Sequence

from mmengine.logging import MessageHub

from fnac_mm.utils import json_digest

# Entry of the message hub that a run leaves for its metrics.
RUN_KEY = 'provenance'
# What the same samples have in common, whatever model and protocol.
ANNOTATION = ('sample_id', 'boxes', 'mask', 'group', 'negative_kind')
SAME = dict(
    list_sha256='lists of other ids (or of another release)',
    annotation_sha256='other annotations of the samples')


def annotation_digest(rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of what the samples are compared with.

    Args:
        rows (Sequence[Mapping]): Results of the samples.

    Returns:
        str: 64 hexadecimal digits; the order of the rows does not matter.
    """
    parts = [{k: row[k] for k in ANNOTATION if k in row} for row in rows]
    return json_digest(sorted(parts, key=lambda part: part['sample_id']))


def add_provenance(content: Dict[str, Any],
                   dataset_meta: Optional[Mapping[str, Any]]) -> dict:
    """Parts of a file of results, with their origin.

    Args:
        content (dict): See :mod:`fnac_mm.evaluation.result_file`.
        dataset_meta (Mapping, optional): Of the data set; its ``provenance``,
            that of a file whose maps are scored again, stands for that of
            the run.

    Returns:
        dict: Copy with ``provenance``.
    """
    meta = dataset_meta or {}
    facts = meta.get('provenance')
    if facts is None:
        facts = MessageHub.get_current_instance().runtime_info.get(RUN_KEY, {})
    facts = dict(facts)
    if 'list_sha256' in meta:
        facts['list_sha256'] = meta['list_sha256']
    facts['annotation_sha256'] = annotation_digest(content['results'])
    return dict(content, provenance=facts)


def check_same_test(contents: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse results of other lists or annotations.

    Files without a hash, of an earlier release, are not judged by it.

    Args:
        contents (Mapping[str, dict]): Contents of files, by their names.

    Raises:
        ValueError: If two differ; names them.
    """
    for key, what in SAME.items():
        known = [(name, content['provenance'][key])
                 for name, content in contents.items()
                 if key in content.get('provenance', {})]
        for name, digest in known[1:]:
            if digest != known[0][1]:
                raise ValueError(
                    f'{known[0][0]} and {name} are of {what}: {key} '
                    f'{known[0][1][:12]} and {digest[:12]}; evaluate both '
                    'with tools/test.py on the same data')


def list_differences(contents: Mapping[str, Mapping[str, Any]]) -> List[str]:
    """What else differs between runs, for a reader to know.

    Args:
        contents (Mapping[str, dict]): See :func:`check_same_test`.

    Returns:
        list[str]: A line for each of code and hardware.
    """
    lines = []
    for key in ('code', 'hardware'):
        told = {
            name: content.get('provenance', {}).get(key)
            for name, content in contents.items()
        }
        if len({json_digest(value) for value in told.values()}) > 1:
            lines.append(f'other {key}: ' + '; '.join(
                f'{name}: {"unknown" if value is None else _plain(value)}'
                for name, value in told.items()))
    return lines


def _plain(value: Mapping[str, Any]) -> str:
    return ', '.join(f'{k} {str(v)[:40]}' for k, v in value.items())
