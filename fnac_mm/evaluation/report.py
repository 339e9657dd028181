"""A score as a person reads it: with protocol, n of N and baselines."""
import logging
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from fnac_mm.functional import Protocol

SCORES = ('ciou@0.5', 'mean_ciou', 'auc')
MAPS = ('audio_visual', 'object', 'fused')
# The model's map with another clip's sound
SHUFFLED = ('shuffled_audio', )
BASELINES = ('whole_image', 'centre', 'oracle_cap')
KINDS = MAPS + SHUFFLED + BASELINES
ADAPTIVE = tuple(f'{kind}_adaptive' for kind in (*MAPS, *SHUFFLED, 'centre'))
COLUMNS = {
    'ciou@0.5': 'cIoU@0.5',
    'mean_ciou': 'mean cIoU',
    'auc': 'AUC',
    'iiou@0.5': 'IIoU@0.5',
    'iauc': 'IAUC',
}
TITLES = dict(
    audio_visual='audio-visual',
    object='object',
    fused='fused',
    shuffled_audio='shuffled audio',
    whole_image='whole image',
    centre='centre',
    oracle_cap='oracle cap',
    deaf='deaf',
    image_to_audio='image to audio',
    audio_to_image='audio to image',
    chance='chance')


def format_table(metrics: Mapping[str, float], columns: Mapping[str, str],
                 kinds: Sequence[str], alpha: float) -> List[str]:
    """A line of titles, then one for each kind of map that was scored.

    Args:
        metrics (Mapping[str, float]): By ``<kind>/<column>``.
        columns (Mapping[str, str]): Titles of the columns, by their keys.
        kinds (Sequence[str]): Kinds in their order; a rule is drawn before
            the first baseline.
        alpha (float): Weight of the fusion, for its title.

    Returns:
        list[str]: Lines of equal length; ``-`` where there is no score.
    """
    widths = {key: max(9, len(title) + 2) for key, title in columns.items()}
    lines = [
        ' ' * 16 + ''.join(f'{title:>{widths[key]}}'
                           for key, title in columns.items())
    ]
    length = len(lines[0])
    ruled = False
    for kind in kinds:
        if not any(f'{kind}/{key}' in metrics for key in columns):
            continue
        if kind in SHUFFLED + BASELINES and not ruled:
            lines.append('-' * length)
            ruled = True
        title = TITLES[kind.removesuffix('_adaptive')]
        if title == 'fused':
            title += f' ({alpha:g})'
        cells = [
            f'{metrics[f"{kind}/{key}"]:>{width}.2f}'
            if f'{kind}/{key}' in metrics else f'{"-":>{width}}'
            for key, width in widths.items()
        ]
        lines.append(f'{title:<16}{"".join(cells)}')
    return lines


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
    columns = {
        key: title
        for key, title in COLUMNS.items() if f'{MAPS[0]}/{key}' in metrics
    }
    lines = [
        f'{dataset_name}: n = {metrics["n"]:,} of {metrics["n_listed"]:,}',
        f'protocol {protocol.describe()}',
        *format_table(metrics, columns, KINDS, protocol.alpha)
    ]
    if f'{ADAPTIVE[0]}/{SCORES[0]}' in metrics:
        lines.append('adaptive: told the size of the target, another task')
        lines += format_table(metrics, columns, ADAPTIVE, protocol.alpha)[1:]
    if 'n_groups' in metrics:
        lines.append(f'IIoU and IAUC: {metrics["n_groups"]:,} groups, '
                     f'{metrics["n_single_groups"]:,} of one sample')
    if protocol.threshold is not None:
        lines.append('centre and oracle cap: of the half-image rule, to '
                     'which this protocol is not bound')
    return '\n'.join(lines)


def list_caveats(rows: List[Dict[str, Any]], metrics: Dict[str, float],
                 n_found: int) -> List[Tuple[int, str]]:
    """What a reader of the score should know besides.

    Args:
        rows (list[dict]): Results of the samples.
        metrics (dict[str, float]): ``n`` and ``n_listed``.
        n_found (int): Samples that the data set holds.

    Returns:
        list[tuple[int, str]]: Level of the log, and a sentence; often none.
    """
    caveats = []
    empty = [row['sample_id'] for row in rows if row['empty_target']]
    if empty:
        # As published; nothing to be done about it.
        caveats.append(
            (logging.INFO, f'{len(empty)} samples have an empty target, which '
             f'no map can hit; they count: {", ".join(empty[:5])}'
             f'{", ..." if len(empty) > 5 else ""}'))
    if metrics['n'] != n_found:
        caveats.append(
            (logging.WARNING, f'scored {metrics["n"]} of the {n_found} '
             'samples of the data set'))
    if metrics['n'] < metrics['n_listed']:
        caveats.append(
            (logging.WARNING, f'scored {metrics["n"]} of '
             f'{metrics["n_listed"]} listed samples: not comparable with '
             'scores on the whole list'))
    return caveats
