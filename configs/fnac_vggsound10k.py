# FNAC on VGG-Sound 10k, tested on VGG-SS.
# python tools/train.py configs/fnac_vggsound10k.py --data-root data/vggsound
_base_ = [
    '_base_/models/fnac_resnet18.py',
    '_base_/datasets/vggsound.py',
    '_base_/schedules/adam_30e.py',
    '_base_/default_runtime.py',
]

train_dataloader = dict(dataset=dict(list_file='metadata/vggss_10k.txt'))
