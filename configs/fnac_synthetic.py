# FNAC on the synthetic benchmark: minutes on two CPU cores.
# python tools/dataset_converters/make_synthetic.py data/synthetic \
#     --num-train 2000 --num-test 500 --seed 0
# python tools/train.py configs/fnac_synthetic.py --data-root data/synthetic
_base_ = [
    '_base_/models/fnac_tiny.py',
    '_base_/datasets/synthetic.py',
    '_base_/schedules/synthetic.py',
    '_base_/default_runtime.py',
]

default_hooks = dict(logger=dict(interval=10))
