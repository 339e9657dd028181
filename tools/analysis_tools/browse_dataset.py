r"""Draw samples as the model sees them, augmentation and masks included.

    python tools/analysis_tools/browse_dataset.py configs/fnac_synthetic.py \
        --data-root data/synthetic --sheet samples.png --original

Frame after the pipeline with boxes or mask, spectrogram after the data
preprocessor's masks. Frames are augmented as in a training with this seed in
this epoch; masks, which a training draws by its steps, are others. A file that
can't be read becomes a tile that says why.
"""
import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from fnac_mm.utils.command_line import (add_config_arguments, make_parser,
                                        parse_dashed, plain_errors,
                                        require_paths)

if TYPE_CHECKING:
    import numpy as np
    from mmengine.config import Config

# What a broken file or an annotation that does not fit makes a data set raise.
SAMPLE_ERRORS = (OSError, ValueError, RuntimeError)
SIDE = 224


def parse_args(argv: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Read the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config', help='config file')
    add('--split', choices=('train', 'val', 'test'), default='train')
    add('--num', type=int, default=12, help='samples (default: 12)')
    add('--ids', nargs='+', help='these samples instead')
    add('--sheet', metavar='FILE', help='write one picture of all')
    add('--out', metavar='DIR', help='write <id>.png of each')
    add('--columns', type=int, default=3, help='of the sheet (default: 3)')
    add('--original',
        action='store_true',
        help='the frame before augmentation beside it')
    add('--seed',
        type=int,
        default=0,
        help='of the choice and the augmentation (default: 0)')
    add('--epoch', type=int, default=0, help='whose augmentation to draw')
    add_config_arguments(parser)
    args = parse_dashed(parser, argv)
    if args.sheet is None and args.out is None:
        parser.error('give --sheet FILE, --out DIR or both')
    if min(args.num, args.columns) < 1 or min(args.seed, args.epoch) < 0:
        parser.error('--num and --columns must be at least 1, --seed and '
                     '--epoch at least 0')
    return args


def no_substitutes(cfg: 'Config') -> None:
    """Let data sets of training fail where they would take the next sample.

    Args:
        cfg (Config): Changed in place.
    """
    from fnac_mm.datasets import AVLocalizationDataset
    from fnac_mm.engine.launch import dataset_cfgs
    from fnac_mm.registry import DATASETS
    for _, dataset in dataset_cfgs(cfg):
        kind = dataset['type']
        kind = DATASETS.get(kind) if isinstance(kind, str) else kind
        if isinstance(kind, type) and issubclass(kind, AVLocalizationDataset):
            dataset.update(max_refetch=0, max_bad_fraction=1.)


def build(args: argparse.Namespace) -> Tuple[Any, Any]:
    """The data set and the data preprocessor of the config."""
    from mmengine.registry import init_default_scope

    from fnac_mm.engine.launch import load_config, loader_dataset
    from fnac_mm.registry import DATASETS, MODELS
    cfg = load_config(
        args.config, data_root=args.data_root, cfg_options=args.cfg_options)
    init_default_scope(cfg.get('default_scope', 'fnac_mm'))
    no_substitutes(cfg)
    dataset = DATASETS.build(loader_dataset(cfg, args.split))
    dataset.full_init()
    if hasattr(dataset, 'set_epoch'):
        dataset.set_epoch(args.seed, args.epoch)
    return dataset, MODELS.build(cfg.model.data_preprocessor)


def choose(dataset: Any, args: argparse.Namespace) -> List[int]:
    """Indices to show: of the ids, or drawn by the seed."""
    import numpy as np
    if args.ids is None:
        order = np.random.default_rng(args.seed).permutation(len(dataset))
        return order[:args.num].tolist()
    places = {
        dataset.get_data_info(index)['sample_id']: index
        for index in range(len(dataset))
    }
    unknown = [name for name in args.ids if name not in places]
    if unknown:
        raise ValueError(f'{len(unknown)} id(s) are not in the {args.split} '
                         f'set of {len(places)}: {", ".join(unknown[:6])}')
    return [places[name] for name in args.ids]


def load(dataset: Any, preprocessor: Any, index: int,
         args: argparse.Namespace) -> Dict[str, Any]:
    """Arguments of :func:`draw_sample`, or ``error``, and the captions."""
    import numpy as np
    import torch
    info = dataset.get_data_info(index)
    name = str(info.get('sample_id', index))
    result: Dict[str, Any] = dict(name=name)
    notes = [info.get('class_name'), info.get('negative_kind')]
    result['caption'] = '\n'.join([name, *filter(None, notes)])
    try:
        data = dataset[index]
        inputs = {key: value[None] for key, value in data['inputs'].items()}
        torch.manual_seed(args.seed + index)
        batch = preprocessor(
            dict(inputs=inputs, data_samples=[data['data_samples']]),
            training=args.split == 'train')
        result.update(
            image=np.ascontiguousarray(data['inputs']['image'].permute(
                1, 2, 0).numpy()),
            spectrogram=batch['inputs']['audio'][0, 0].numpy(),
            sample=data['data_samples'])
        if args.original:
            result['original'] = read_original(data['data_samples'])
    except SAMPLE_ERRORS as error:
        result['error'] = f'{type(error).__name__}: {error}'
    return result


def read_original(sample: Any) -> 'np.ndarray':
    """The frame as it lies on the disk; a tile if it was only packed."""
    from fnac_mm.media.pictures import read_picture
    from fnac_mm.visualization import draw_error
    if not Path(sample.img_path).is_file():
        return draw_error(f'{sample.img_path}: not on this disk (packed)',
                          (SIDE, SIDE))
    return read_picture(sample.img_path)


def write(args: argparse.Namespace, loaded: Sequence[Dict[str, Any]],
          total: int) -> None:
    """Write the sheet and the single pictures that were asked for."""
    from fnac_mm.visualization import contact_sheet, draw_error, draw_sample
    from fnac_mm.visualization.film_strip import plain_name
    from fnac_mm.visualization.localization_visualizer import write_image

    # One scale of colours for all, so that loud and soft can be told.
    known = [item['spectrogram'] for item in loaded if 'error' not in item]
    limits = (float(min((s.min() for s in known), default=0)),
              float(max((s.max() for s in known), default=1)))
    blank = SIDE, (3 if args.original else 2) * SIDE
    tiles = [
        draw_error(item['error'], blank) if 'error' in item else draw_sample(
            item['image'],
            item['spectrogram'],
            item['sample'],
            limits,
            item.get('original'),
            side=SIDE) for item in loaded
    ]
    if args.sheet:
        width = max(tile.shape[1] for tile in tiles)
        title = (f'{Path(args.config).stem}, {args.split}: {len(tiles)} of '
                 f'{total:,}, seed {args.seed}, epoch {args.epoch}; '
                 f'spectrogram {limits[0]:.2f} (dark) to {limits[1]:.2f}')
        write_image(
            args.sheet,
            contact_sheet(
                tiles,
                args.columns, [item['caption'] for item in loaded],
                (SIDE, width),
                gap=12,
                title=title))
    if args.out:
        for item, tile in zip(loaded, tiles):
            write_image(
                str(Path(args.out, f'{plain_name(item["name"])}.png')), tile)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Choose, load, draw, write."""
    args = parse_args(argv)
    with plain_errors():
        require_paths(args, 'config', 'data_root')
        from mmengine.logging import MMLogger
        from rich.console import Console
        from rich.progress import track

        # It would say that a broken sample is replaced; here it is shown.
        MMLogger.get_instance('browse_dataset').setLevel('ERROR')
        dataset, preprocessor = build(args)
        loaded = [
            load(dataset, preprocessor, index, args) for index in track(
                choose(dataset, args),
                description='samples',
                console=Console(stderr=True))
        ]
        write(args, loaded, len(dataset))
        broken = [item['name'] for item in loaded if 'error' in item]
        print(f'{args.sheet or args.out}: {len(loaded)} of {len(dataset):,} '
              f'samples, {len(broken)} broken'
              f'{": " + ", ".join(broken) if broken else ""}')


if __name__ == '__main__':
    main()
