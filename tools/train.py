"""Train a model.

    python tools/train.py configs/fnac_vggsound.py --data-root data/vggsound
"""
import argparse
import os

from fnac_mm.utils.command_line import (add_run_arguments,
                                        let_idle_threads_sleep, make_parser,
                                        plain_errors, require_paths)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='PATH',
        help='go on from this checkpoint; without a path, from the latest '
        'one in the work dir')
    parser.add_argument(
        '--amp',
        nargs='?',
        const='fp16',
        choices=['fp16', 'bf16'],
        help='mixed precision: fp16 (the default, needs a GPU, scales the '
        'loss) or bf16')
    add_run_arguments(parser)
    return parser.parse_args()


def train(args: argparse.Namespace) -> None:
    """Build the Runner and train."""
    from fnac_mm.engine.launch import load_config, run, split_batch, use_amp
    cfg = load_config(args.config, args.launcher, args.data_root,
                      args.work_dir, args.cfg_options)
    split_batch(cfg, args.launcher)
    if args.amp:
        use_amp(cfg, args.amp)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    run(cfg, 'train')


def main() -> None:
    """Check the command line, then train."""
    args = parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    let_idle_threads_sleep()
    with plain_errors():
        require_paths(args, 'config', 'data_root',
                      *(['resume'] if args.resume != 'auto' else []))
        from torch.distributed.elastic.multiprocessing.errors import record
        record(train)(args)


if __name__ == '__main__':
    main()
