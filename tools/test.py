"""Score a checkpoint.

    python tools/test.py configs/fnac_vggsound.py work_dirs/x/epoch_30.pth
"""
import argparse
import os
from typing import Any

from fnac_mm.utils.command_line import (add_run_arguments,
                                        let_idle_threads_sleep, make_parser,
                                        plain_errors, require_paths)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out',
        metavar='FILE',
        help='json with the results of each sample; '
        'tools/analysis_tools/eval_metric.py scores it again; a second '
        'metric writes FILE_<metric>.json')
    parser.add_argument(
        '--show-dir', metavar='DIR', help='write pictures there')
    parser.add_argument(
        '--show-interval',
        type=int,
        default=1,
        help='draw every how many samples (default: all)')
    add_run_arguments(parser)
    return parser.parse_args()


def add_outputs(cfg: Any, args: argparse.Namespace) -> None:
    """Ask the metric for a result file, and a hook for pictures.

    Raises:
        ValueError: If the config has no metric that writes such a file.
    """
    from fnac_mm.evaluation.result_file import ask_for_results
    if args.out is not None:
        ask_for_results(cfg.test_evaluator, args.out)
    if args.show_dir is not None:
        hooks = cfg.setdefault('default_hooks', {})
        hooks['visualization'] = dict(
            type='fnac_mm.LocalizationVisualizationHook',
            enable=True,
            interval=args.show_interval,
            max_samples=10**9,
            out_dir=args.show_dir)


def test(args: argparse.Namespace) -> None:
    """Build the Runner and test."""
    from fnac_mm.engine.launch import load_config, run
    cfg = load_config(args.config, args.launcher, args.data_root,
                      args.work_dir, args.cfg_options)
    cfg.load_from = args.checkpoint
    cfg.resume = False
    add_outputs(cfg, args)
    run(cfg, 'test')


def main() -> None:
    """Check the command line, then test."""
    args = parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    let_idle_threads_sleep()
    with plain_errors():
        require_paths(args, 'config', 'checkpoint', 'data_root')
        from torch.distributed.elastic.multiprocessing.errors import record
        record(test)(args)


if __name__ == '__main__':
    main()
