"""Evaluation protocols as a config gives them."""
from dataclasses import fields, replace
from typing import Any, Dict, Optional, Union

import torch

from fnac_mm.functional import Protocol, get_protocol, select_region

ProtocolLike = Union[str, Dict[str, Any], Protocol]


def build_protocol(protocol: ProtocolLike = 'fnac_test',
                   alpha: Optional[float] = None) -> Protocol:
    """Preset, with the changes that a config asks for.

    Whatever is changed shows in the name, so that no score goes by the name
    of a preset that it doesn't follow.

    Args:
        protocol (str | dict | Protocol): Name of a preset, or its ``name``
            and the fields to change. Defaults to ``'fnac_test'``.
        alpha (float, optional): Weight of the audio-visual map in the
            fusion, instead of the preset's.

    Returns:
        Protocol: Checked; a wrong value does not wait for the first batch.

    Raises:
        ValueError: If the preset or a field is unknown or a value is out of
            range.

    Examples:
        >>> build_protocol(dict(name='ez', compare='>')).name
        'ez[compare=>]'
    """
    changes = dict(protocol) if isinstance(protocol, dict) else {}
    base = get_protocol(
        changes.pop('name', 'fnac_test') if isinstance(protocol, dict
                                                       ) else protocol)
    if alpha is not None:
        changes['alpha'] = alpha
    known = [field.name for field in fields(Protocol)]
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ValueError(f'protocol {base.name!r} has no field '
                         f'{", ".join(unknown)}; known are {", ".join(known)}')
    changes = {k: v for k, v in changes.items() if getattr(base, k) != v}
    if changes:
        listed = ','.join(f'{k}={v}' for k, v in sorted(changes.items()))
        base = replace(base, name=f'{base.name}[{listed}]', **changes)
    check_protocol(base)
    return base


def check_protocol(protocol: Protocol) -> None:
    """Score a toy map, so that bad values fail before the network runs.

    Args:
        protocol (Protocol): Protocol.

    Raises:
        ValueError: If a value is out of range.
    """
    toy = torch.eye(2)[None]
    for map in replace(protocol, size=4).maps(toy, toy).values():
        select_region(map, protocol.area, protocol.compare, protocol.threshold)
