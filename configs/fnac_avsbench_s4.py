# FNAC on AVSBench S4, tested on masks.
# python tools/train.py configs/fnac_avsbench_s4.py \
#     --data-root data/avsbench/Single-source
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/avsbench_s4.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]
