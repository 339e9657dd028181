# FNAC on VGG-Sound 10k, tested on VGG-SS.
# python tools/train.py configs/fnac_vggsound10k.py --data-root data/vggsound
_base_ = './fnac_vggsound.py'

train_dataloader = dict(dataset=dict(list_file='metadata/vggss_10k.txt'))
