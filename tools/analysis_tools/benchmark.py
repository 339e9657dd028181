"""Measure how fast a part is, beside the usual way of doing it.

    python tools/analysis_tools/benchmark.py loss --versus dense
    python tools/analysis_tools/benchmark.py loader --out loader.json

Alternatives run in turn in one process, so their ratios hold on any machine
that is otherwise idle.
"""
import importlib
import pkgutil
from types import ModuleType
from typing import Dict

import benchmark_parts
import mmengine
from benchmark_parts.common import hardware, markdown_table

from fnac_mm.utils.command_line import make_parser


def find_parts() -> Dict[str, ModuleType]:
    """What can be measured, by name.

    Returns:
        dict[str, ModuleType]: Modules with ``add_arguments(parser)`` and
        ``run(args)``, which returns rows: dicts of one set of keys.
    """
    names = [m.name for m in pkgutil.iter_modules(benchmark_parts.__path__)]
    modules = {
        name: importlib.import_module(f'benchmark_parts.{name}')
        for name in names
    }
    return {k: m for k, m in modules.items() if hasattr(m, 'add_arguments')}


def main() -> None:
    """Measure, print a table, write json."""
    parser = make_parser(__doc__)
    choices = parser.add_subparsers(dest='part', required=True)
    parts = find_parts()
    for name, module in parts.items():
        own = choices.add_parser(name, help=module.__doc__.split('\n')[0])
        own.add_argument('--out', metavar='FILE', help='json of the table')
        module.add_arguments(own)
    args = parser.parse_args()
    rows = parts[args.part].run(args)
    found = hardware()
    print('\n'.join(f'{key}: {value}' for key, value in found.items()))
    print(f'\n{markdown_table(rows)}')
    if args.out:
        mmengine.dump(
            dict(part=args.part, hardware=found, rows=rows),
            args.out,
            file_format='json',
            indent=1)
        print(f'\nwritten: {args.out}')


if __name__ == '__main__':
    main()
