"""What a metric tells of its rows, its numbers and their table."""
from typing import Any, Collection, Dict, List, Mapping, Tuple

from .score_table import format_table


class MetricSchema:
    """What others need to know of a metric.

    Nothing else lists metrics, so that one of another project has result
    files, tables and comparisons too: a :class:`SampleMetric` (or
    :class:`MapMetric`) that is registered in ``METRICS``, has ``make_rows``
    (``score``), ``statistics``, these attributes and, if its constructor
    takes arguments of its own, :meth:`options`. The keys of its numbers are
    ``<predictor>/<column>``.

    Attributes:
        row_schema (Mapping[str, Any]): What the file of results keeps of a
            row: plain types by key, ``Optional[...]`` where not all have it.
        columns (Mapping[str, str]): Titles of the numbers.
        predictors (Mapping[str, str]): Titles of what is scored: the model,
            and what it is compared with; in the order of the table.
        references (Collection[str]): Predictors that answer another question
            than the model was asked, below a rule in the table.
        own (Mapping[str, str]): Predictors of which a table of benchmarks
            gives the number, and what is added to its title; the others
            stand beside it. Empty (default): the first one.
        note (str): What a reader of that table should know.
    """

    row_schema: Mapping[str, Any] = dict(sample_id=str)
    columns: Mapping[str, str] = {}
    predictors: Mapping[str, str] = {}
    references: Collection[str] = ()
    own: Mapping[str, str] = {}
    note = ''

    def options(self) -> Dict[str, Any]:
        """Arguments beyond the protocol that decide the numbers, plain."""
        return {}

    @classmethod
    def check_head(cls, content: Dict[str, Any], path: str) -> None:
        """ValueError if a file lacks what only this metric needs."""

    @classmethod
    def check_row(cls, row: Dict[str, Any], where: str) -> None:
        """ValueError if a row of a file is malformed beyond its schema.

        ``where``, file and sample, begins the message.
        """

    @classmethod
    def score_keys(cls) -> Tuple[str, ...]:
        """Keys of a row in a file that its raw maps would give again."""
        return ()

    def titles(self, metrics: Mapping[str, float]) -> Mapping[str, str]:
        """Titles of the numbers that there are, in the order of the report."""
        return {
            key: title
            for key, title in self.columns.items()
            if any(f'{name}/{key}' in metrics for name in self.predictors)
        }

    def head(self, metrics: Mapping[str, float]) -> List[str]:
        """Lines above the table in the log."""
        return [
            f'{self.meta("dataset_name", "data set")}: n = {metrics["n"]:,} '
            f'of {metrics["n_listed"]:,}'
        ]

    def report(self, metrics: Dict[str, float]) -> str:
        """Head and table for the log, of the numbers of ``aggregate``."""
        return '\n'.join(
            [*self.head(metrics), *self.table(metrics, self.predictors)])

    def table(self, metrics: Mapping[str, float],
              predictors: Mapping[str, str]) -> List[str]:
        """Lines of a table of some predictors, titles by their keys."""
        return format_table(metrics, self.titles(metrics), predictors,
                            self.references)

    def beside(self, own: str) -> Dict[str, str]:
        """Predictors beside an own one in a table of benchmarks, by column."""
        return {
            k: k
            for k in self.predictors if k != own and k not in self.own
        }

    def meta(self, key: str, default: Any) -> Any:
        """Entry of ``dataset_meta``, which may be absent."""
        found = getattr(self, 'dataset_meta', None) or {}
        return found.get(key, default)
