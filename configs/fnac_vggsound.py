# FNAC on VGG-Sound 144k, tested on VGG-SS.
# python tools/train.py configs/fnac_vggsound.py --data-root data/vggsound
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/vggsound.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]
