# FNAC on AVSBench MS3, tested on masks.
# python tools/train.py configs/fnac_avsbench_ms3.py \
#     --data-root data/avsbench/Multi-sources
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/avsbench_ms3.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]
