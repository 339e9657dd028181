"""What a file of results says of its origin.

``provenance`` of a file has, where known: ``config_sha256``, ``code``
(``fnac_mm``, ``commit``, ``dirty``), ``hardware`` (``device``, ``torch``),
``checkpoint_sha256``, ``list_sha256`` (of the ids of the list that was asked
for) and ``annotation_sha256`` (of ids, boxes, masks, groups and kinds of
negatives of the samples). The first four differ between models; the last two
must not, where two files are compared.
"""
from typing import Any, Dict, Mapping, Optional, Sequence

from mmengine.logging import MessageHub

from fnac_mm.utils import json_digest

# Entry of the message hub that a run leaves for its metrics.
RUN_KEY = 'provenance'
# What the same samples have in common, whatever model and protocol.
ANNOTATION = ('sample_id', 'boxes', 'mask', 'group', 'negative_kind')


def annotation_digest(rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of what the samples are compared with, whatever their order."""
    parts = [{k: row[k] for k in ANNOTATION if k in row} for row in rows]
    return json_digest(sorted(parts, key=lambda part: part['sample_id']))


def add_provenance(content: Dict[str, Any],
                   dataset_meta: Optional[Mapping[str, Any]]) -> dict:
    """Parts of a file of results, with their origin.

    Where the data set has ``provenance``, that of a file whose maps are
    scored again, it stands for that of the run.
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
