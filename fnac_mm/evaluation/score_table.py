"""Scores as a person reads them: tables of a test and of all benchmarks."""
import math
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence


def format_table(metrics: Mapping[str, float], columns: Mapping[str, str],
                 predictors: Mapping[str, str],
                 references: Collection[str]) -> List[str]:
    """A line of titles, then one for each predictor that was scored.

    Numbers are by ``<predictor>/<column>``, titles by these keys. A rule is
    drawn before the first reference, ``-`` where there is no score.
    """
    widths = {key: max(9, len(title) + 2) for key, title in columns.items()}
    lines = [
        ' ' * 16 + ''.join(f'{title:>{widths[key]}}'
                           for key, title in columns.items())
    ]
    ruled = False
    for name, title in predictors.items():
        if not any(f'{name}/{key}' in metrics for key in columns):
            continue
        if name in references and not ruled:
            lines.append('-' * len(lines[0]))
            ruled = True
        cells = [
            f'{_cell(metrics.get(f"{name}/{key}")):>{width}}'
            for key, width in widths.items()
        ]
        lines.append(f'{title:<16}{"".join(cells)}')
    return lines


def benchmark_numbers(name: str, metric: Any,
                      metrics: Mapping[str, float]) -> List[Dict[str, Any]]:
    """The numbers of one metric on one set.

    Args:
        name (str): Of the set.
        metric (SampleMetric): After its evaluation.
        metrics (Mapping[str, float]): Its numbers, without prefix.

    Returns:
        list[dict]: A row for each number: ``set``, ``number``, ``n``,
        ``n_listed``, ``list_sha256``, ``protocol``, ``value``, ``interval``
        ([low, high] or None) and ``baselines``, by what was scored. A value
        that nothing defines is None.
    """
    protocol = getattr(metric, 'protocol', None)
    about = dict(
        n=metrics['n'],
        n_listed=metrics['n_listed'],
        list_sha256=metric.meta('list_sha256', None),
        protocol=None if protocol is None else protocol.name)
    own = metric.own or dict.fromkeys(list(metric.predictors)[:1], '')
    return [
        dict(
            set=name,
            number=title + addition,
            **about,
            value=known(metrics[f'{predictor}/{key}']),
            interval=metric.found_intervals.get(f'{predictor}/{key}'),
            baselines={
                column: known(metrics[f'{other}/{key}'])
                for column, other in metric.beside(predictor).items()
                if f'{other}/{key}' in metrics
            }) for predictor, addition in own.items()
        for key, title in metric.titles(metrics).items()
        if f'{predictor}/{key}' in metrics
    ]


def known(value: Optional[float]) -> Optional[float]:
    """A score, None if there is none or nothing defines it."""
    return None if value is None or math.isnan(value) else value


def _cell(value: Optional[float]) -> str:
    return '-' if value is None else f'{value:.2f}'


def format_benchmarks(content: Mapping[str, Any],
                      metrics: Sequence[Any]) -> str:
    """The table as markdown.

    Args:
        content (Mapping): ``head``, plain values by name; ``rows``, see
            :func:`benchmark_numbers`; ``missing``, reasons by set.
        metrics (Sequence[SampleMetric]): Those of the rows, for titles and
            notes.

    Returns:
        str: Several lines.
    """
    rows: Sequence[Mapping[str, Any]] = content['rows']
    found = {name for row in rows for name in row['baselines']}
    titles: Dict[str, str] = {}
    for metric in metrics:
        titles.update((k, v) for k, v in metric.predictors.items()
                      if k in found and k not in titles)
    heads = [
        'set', 'n of N', 'protocol', 'number', 'model', '95 %',
        *titles.values()
    ]
    lines = ['# Benchmarks', '']
    lines += [f'- {key}: {_plain(v)}' for key, v in content['head'].items()]
    lines += ['', _line(heads), _line(['---'] * len(heads))]
    for row in rows:
        interval = row['interval']
        lines.append(
            _line([
                row['set'], f'{row["n"]:,} of {row["n_listed"]:,}',
                row['protocol'] or '-', row['number'],
                _cell(row['value']),
                '-' if interval is None else '{:.2f} to {:.2f}'.format(
                    *interval), *(_cell(row['baselines'].get(name))
                                  for name in titles)
            ]))
    lists = {row['set']: row.get('list_sha256') for row in rows}
    lines += ['', 'Lists, by the first digits of their SHA-256:']
    lines += [f'- {k}: {v[:12]}' for k, v in lists.items() if v is not None]
    missing = content['missing']
    lines += ['', f'Not scored: {", ".join(missing) or "none"}.']
    lines += [f'- {name}: {reason}' for name, reason in missing.items()]
    notes = dict.fromkeys(metric.note for metric in metrics if metric.note)
    lines += [
        '', ' '.join([
            'Percent.', *notes, 'Intervals are of the model\'s number, over '
            'samples or, where there are groups, over groups. All numbers, '
            'protocols and baselines are defined in docs/evaluation.md of '
            'fnac_mm.'
        ])
    ]
    return '\n'.join(lines) + '\n'


def _plain(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return ', '.join(f'{k} {v}' for k, v in value.items())


def _line(cells: Sequence[str]) -> str:
    return f'| {" | ".join(cells)} |'
