r"""Pack the media of a data set into one file, for fast reading.

Frames are resized and sounds cut and resampled as the pipeline of the config
says, once and for all; what is random stays in the training. A stopped run
continues where it stood. See docs/packed_data.md.

Example:
    python tools/dataset_converters/pack_dataset.py configs/fnac_vggsound.py \
        data/vggsound/packed_train --data-root data/vggsound
    python tools/train.py configs/fnac_vggsound.py --data-root data/vggsound \
        --cfg-options train_dataloader.dataset.packed=packed_train
"""
import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

from fnac_mm.utils.command_line import add_config_arguments, make_parser

if TYPE_CHECKING:
    from fnac_mm.datasets import AVLocalizationDataset


def copy_annotations(dataset: 'AVLocalizationDataset', folder: Path) -> None:
    """Copy lists and annotations beside the media, as they lie in the root."""
    for _, source in dataset.annotation_files():
        path = os.path.relpath(source, dataset.data_root or '.')
        if path.startswith('..'):
            print(f'not copied, as it is outside data_root: {source}')
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.isdir(source):
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)


def print_summary(manifest: Mapping[str, Any], folder: Path,
                  split: str) -> None:
    """Print counts, sizes and what could not be read."""
    for kind, count in manifest['files'].items():
        size = manifest['bytes_by_kind'][kind]
        print(f'{kind}: {count} files, {size / 2**20:.1f} MiB, '
              f'{size / max(count, 1) / 2**10:.1f} KiB each')
    print(f'{folder}: {manifest["bytes"] / 2**20:.1f} MiB')
    if manifest['image_format'] == 'jpeg':
        print(f'JPEG of quality {manifest["jpeg_quality"]}: not the same '
              'pixels as unpacked')
    failed = manifest['failed']
    if failed:
        print(f'{len(failed)} file(s) can\'t be read; training replaces and '
              'counts them as it does unpacked:')
        print('\n'.join(f'  {cause}' for cause in failed.values()))
    print(f'to read it: --cfg-options {split}_dataloader.dataset.packed='
          f'{os.path.abspath(folder)}')


def pack(args: argparse.Namespace) -> None:
    """Pack, or go on with it."""
    from mmengine.registry import DefaultScope

    from fnac_mm.datasets.packed.writer import MediaPacker
    from fnac_mm.engine.launch import load_config, loader_dataset
    from fnac_mm.registry import DATASETS
    cfg = load_config(
        args.config, data_root=args.data_root, cfg_options=args.cfg_options)
    config = loader_dataset(cfg, args.split)
    if 'dataset' in config or 'datasets' in config:
        raise ValueError(f'{args.config}: the data set for {args.split} is a '
                         f'{config.type} around others; pack those, each '
                         'from a config of its own')
    if args.image_format == 'jpeg' and config.get('test_mode'):
        raise ValueError('jpeg would change the scores of a test set; use '
                         '--image-format raw or png')
    config.pop('packed', None)
    with DefaultScope.overwrite_default_scope('fnac_mm'):
        packer = MediaPacker(args.out, config['pipeline'], args.image_format,
                             args.jpeg_quality)
        dataset = DATASETS.build(dict(config, pipeline=[]))
        manifest = packer.pack(dataset, args.workers)
    copy_annotations(dataset, args.out)
    print_summary(manifest, args.out, args.split)


def verify(folder: Path) -> None:
    """Read every packed file and compare its checksum."""
    from fnac_mm.datasets.packed.reader import PackedDataError, PackedMedia
    media = PackedMedia(folder)
    faults, total = media.verify(), sum(media.manifest['files'].values())
    if faults:
        raise PackedDataError('\n'.join(
            [f'{len(faults)} of {total} files are damaged:', *faults]))
    print(f'{folder}: {total} files, all as they were written')


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config', help='config file')
    add('out', type=Path, help='folder to write')
    add('--split',
        choices=('train', 'val', 'test'),
        default='train',
        help='whose data set; default: train')
    add('--image-format',
        choices=('raw', 'png', 'jpeg'),
        default='raw',
        help='raw (fastest) and png are lossless; jpeg is small')
    add('--jpeg-quality', type=int, default=95, help='default: 95')
    add('--workers', type=int, default=os.cpu_count() or 1, help='processes')
    add('--verify',
        action='store_true',
        help='check what is packed in OUT instead; CONFIG is not read')
    add_config_arguments(parser)
    args = parser.parse_args(argv)
    if not 1 <= args.jpeg_quality <= 100 or args.workers < 0:
        parser.error('--jpeg-quality must be in [1, 100] and --workers at '
                     'least 0')
    return args


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Pack or verify."""
    args = parse_args(argv)
    try:
        if args.verify:
            verify(args.out)
        else:
            pack(args)
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')


if __name__ == '__main__':
    main()
