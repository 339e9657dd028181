# One checkpoint on every test set whose data are there, one table.
# python tools/test.py configs/fnac_all_benchmarks.py CHECKPOINT \
#     --data-root data
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/all_benchmarks.py',
    '_base_/default_runtime.py',
]
