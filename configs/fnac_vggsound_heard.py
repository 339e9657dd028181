# FNAC on 110 classes of VGG-Sound, tested on the clips of these classes.
# For the 110 unheard classes: --cfg-options
# test_dataloader.dataset.list_file=metadata/vggss_unheard_test.csv
_base_ = './fnac_vggsound.py'

train_dataloader = dict(dataset=dict(list_file='metadata/vggss_heard.txt'))
val_dataloader = dict(dataset=dict(list_file='metadata/vggss_heard_test.csv'))
test_dataloader = val_dataloader
