"""Scores of one model on many sets, as one table."""
import math
from typing import Any, Dict, List, Mapping, Optional, Sequence

from .report import BASELINES, MAPS, SHUFFLED, TITLES

# Where the model's own number is, and what is added to its title.
MAIN = dict(
    audio_visual='',
    audio_visual_adaptive=' adaptive',
    image_to_audio=' image to audio',
    audio_to_image=' audio to image')
OTHERS = MAPS[1:] + SHUFFLED + BASELINES + ('deaf', 'chance')


def list_rows(name: str, metric: Any,
              metrics: Mapping[str, float]) -> List[Dict[str, Any]]:
    """The numbers of one metric on one set.

    Args:
        name (str): Of the set.
        metric (SampleMetric): After its evaluation.
        metrics (Mapping[str, float]): Its numbers, without prefix; percent.

    Returns:
        list[dict]: A row for each number: ``set``, ``number``, ``n``,
        ``n_listed``, ``list_sha256``, ``protocol``, ``value``, ``interval``
        ([low, high] or None) and ``baselines``, by kind. A value that nothing
        defines is None.
    """
    protocol = getattr(metric, 'protocol', None)
    list_sha256 = metric.meta('list_sha256', None)
    rows = []
    for main, addition in MAIN.items():
        end = '_adaptive' if main.endswith('_adaptive') else ''
        for key, title in metric.titles(metrics).items():
            if f'{main}/{key}' not in metrics:
                continue
            others = {
                kind: _known(metrics[f'{kind}{end}/{key}'])
                for kind in OTHERS if f'{kind}{end}/{key}' in metrics
            }
            rows.append(
                dict(
                    set=name,
                    number=title + addition,
                    n=metrics['n'],
                    n_listed=metrics['n_listed'],
                    list_sha256=list_sha256,
                    protocol=None if protocol is None else protocol.name,
                    value=_known(metrics[f'{main}/{key}']),
                    interval=metric.found_intervals.get(f'{main}/{key}'),
                    baselines=others))
    return rows


def _known(value: float) -> Optional[float]:
    return None if math.isnan(value) else value


def _cell(value: Optional[float]) -> str:
    return '-' if value is None else f'{value:.2f}'


def format_benchmarks(content: Mapping[str, Any]) -> str:
    """The table as markdown.

    Args:
        content (Mapping): ``head``, plain values by name; ``rows``, see
            :func:`list_rows`; ``missing``, reasons by set.

    Returns:
        str: Several lines.
    """
    rows: Sequence[Mapping[str, Any]] = content['rows']
    kinds = [k for k in OTHERS if any(k in row['baselines'] for row in rows)]
    titles = [
        'set', 'n of N', 'protocol', 'number', 'model', '95 %',
        *(TITLES[kind] for kind in kinds)
    ]
    lines = ['# Benchmarks', '']
    lines += [f'- {key}: {_plain(v)}' for key, v in content['head'].items()]
    lines += ['', _line(titles), _line(['---'] * len(titles))]
    for row in rows:
        interval = row['interval']
        lines.append(
            _line([
                row['set'], f'{row["n"]:,} of {row["n_listed"]:,}',
                row['protocol'] or '-', row['number'],
                _cell(row['value']),
                '-' if interval is None else '{:.2f} to {:.2f}'.format(
                    *interval), *(_cell(row['baselines'].get(kind))
                                  for kind in kinds)
            ]))
    lists = {row['set']: row.get('list_sha256') for row in rows}
    lines += ['', 'Lists, by the first digits of their SHA-256:']
    lines += [f'- {k}: {v[:12]}' for k, v in lists.items() if v is not None]
    missing = content['missing']
    lines += ['', f'Not scored: {", ".join(missing) or "none"}.']
    lines += [f'- {name}: {reason}' for name, reason in missing.items()]
    lines += [
        '', 'Percent. pIA: lower is better. Intervals are of the model\'s '
        'number, over samples or, where there are groups, over groups. Of '
        'negative audio n leaves out the samples that calibrate the '
        'threshold. All numbers, protocols and baselines are defined in '
        'docs/evaluation.md of fnac_mm.'
    ]
    return '\n'.join(lines) + '\n'


def _plain(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return ', '.join(f'{k} {v}' for k, v in value.items())


def _line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'
