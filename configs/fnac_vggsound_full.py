# FNAC on every VGG-Sound clip there is, less the test clips.
# python tools/train.py configs/fnac_vggsound_full.py --data-root data/vggsound
_base_ = './fnac_vggsound.py'

train_dataloader = dict(dataset=dict(list_file=None))
