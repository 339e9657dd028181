"""Train a model.

    python tools/train.py configs/fnac_vggsound.py --data-root data/vggsound
"""
import argparse
import os

from mmengine.runner import Runner
from torch.distributed.elastic.multiprocessing.errors import record

from fnac_mm.engine.failures import explained_failures
from fnac_mm.engine.launch import (add_common_arguments, load_config,
                                   split_batch, use_amp)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
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
    add_common_arguments(parser)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


@record
def main() -> None:
    """Build the Runner and train."""
    args = parse_args()
    cfg = load_config(args.config, args.launcher, args.data_root,
                      args.work_dir, args.cfg_options)
    split_batch(cfg, args.launcher)
    if args.amp:
        use_amp(cfg, args.amp)
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    with explained_failures():
        Runner.from_cfg(cfg).train()


if __name__ == '__main__':
    main()
