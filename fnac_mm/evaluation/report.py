"""A score as a person reads it: with protocol, n of N and baselines."""
from typing import Any, Dict, List

from fnac_mm.functional import Protocol

SCORES = ('ciou@0.5', 'mean_ciou', 'auc')
MAPS = ('audio_visual', 'object', 'fused')
BASELINES = ('whole_image', 'centre', 'oracle_cap')
TITLES = dict(
    audio_visual='audio-visual',
    object='object',
    fused='fused',
    whole_image='whole image',
    centre='centre',
    oracle_cap='oracle cap')


def format_report(metrics: Dict[str, float],
                  protocol: Protocol,
                  dataset_name: str = 'data set') -> str:
    """Table of one evaluation.

    Args:
        metrics (dict[str, float]): What :class:`LocalizationMetric` returns,
            without prefix; percent.
        protocol (Protocol): Protocol of the scores.
        dataset_name (str): For the title.

    Returns:
        str: Several lines, without a final line break.
    """
    lines = [
        f'{dataset_name}: n = {metrics["n"]:,} of {metrics["n_listed"]:,}',
        f'protocol {protocol.describe()}',
        f'{"":<16}{"cIoU@0.5":>10}{"mean cIoU":>11}{"AUC":>9}'
    ]
    for name in MAPS + BASELINES:
        if f'{name}/{SCORES[0]}' not in metrics:
            continue
        if name == BASELINES[0]:
            lines.append('-' * 46)
        title = TITLES[name]
        if name == 'fused':
            title += f' ({protocol.alpha:g})'
        row = [metrics[f'{name}/{score}'] for score in SCORES]
        lines.append(f'{title:<16}{row[0]:>10.2f}{row[1]:>11.2f}'
                     f'{row[2]:>9.2f}')
    if protocol.threshold is not None:
        lines.append('centre and oracle cap: of the half-image rule, to '
                     'which this protocol is not bound')
    return '\n'.join(lines)


def list_caveats(rows: List[Dict[str, Any]], metrics: Dict[str, float],
                 n_found: int) -> List[str]:
    """What a reader of the score should know besides.

    Args:
        rows (list[dict]): Results of the samples.
        metrics (dict[str, float]): ``n`` and ``n_listed``.
        n_found (int): Samples that the data set holds.

    Returns:
        list[str]: One sentence each; often none.
    """
    caveats = []
    empty = [row['sample_id'] for row in rows if row['empty_target']]
    if empty:
        caveats.append(f'{len(empty)} samples have an empty target, which no '
                       f'map can hit; they count: {", ".join(empty[:5])}'
                       f'{", ..." if len(empty) > 5 else ""}')
    if metrics['n'] != n_found:
        caveats.append(f'scored {metrics["n"]} of the {n_found} samples of '
                       'the data set')
    if metrics['n'] < metrics['n_listed']:
        caveats.append(f'scored {metrics["n"]} of {metrics["n_listed"]} '
                       'listed samples: not comparable with scores on the '
                       'whole list')
    return caveats
