"""Registries: a child of every root registry that the Runner builds through.

With ``default_scope='fnac_mm'`` a missing child would log a warning at every
build, so all are declared, also those to which we add nothing.
"""
from mmengine import registry as root
from mmengine.registry import Registry

__all__ = [
    'DATASETS', 'DATA_SAMPLERS', 'EVALUATOR', 'FUNCTIONS', 'HOOKS',
    'INFERENCERS', 'LOG_PROCESSORS', 'LOOPS', 'METRICS', 'MODELS',
    'MODEL_WRAPPERS', 'OPTIMIZERS', 'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS', 'PARAM_SCHEDULERS', 'RUNNERS',
    'RUNNER_CONSTRUCTORS', 'STRATEGIES', 'TASK_UTILS', 'TRANSFORMS',
    'VISBACKENDS', 'VISUALIZERS', 'WEIGHT_INITIALIZERS'
]

# Runners
RUNNERS = Registry(
    'runner',
    parent=root.RUNNERS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Constructors of runners
RUNNER_CONSTRUCTORS = Registry(
    'runner constructor',
    parent=root.RUNNER_CONSTRUCTORS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Training, validation and test loops
LOOPS = Registry(
    'loop', parent=root.LOOPS, scope='fnac_mm', locations=['fnac_mm.engine'])
# Hooks
HOOKS = Registry(
    'hook', parent=root.HOOKS, scope='fnac_mm', locations=['fnac_mm.engine'])
# Log processors
LOG_PROCESSORS = Registry(
    'log processor',
    parent=root.LOG_PROCESSORS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Optimizers
OPTIMIZERS = Registry(
    'optimizer',
    parent=root.OPTIMIZERS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Optimizer wrappers
OPTIM_WRAPPERS = Registry(
    'optim_wrapper',
    parent=root.OPTIM_WRAPPERS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Constructors of optimizer wrappers
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=root.OPTIM_WRAPPER_CONSTRUCTORS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Parameter schedulers
PARAM_SCHEDULERS = Registry(
    'parameter scheduler',
    parent=root.PARAM_SCHEDULERS,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Training strategies
STRATEGIES = Registry(
    'strategy',
    parent=root.STRATEGIES,
    scope='fnac_mm',
    locations=['fnac_mm.engine'])
# Data sets
DATASETS = Registry(
    'dataset',
    parent=root.DATASETS,
    scope='fnac_mm',
    locations=['fnac_mm.datasets'])
# Samplers
DATA_SAMPLERS = Registry(
    'data sampler',
    parent=root.DATA_SAMPLERS,
    scope='fnac_mm',
    locations=['fnac_mm.datasets'])
# Transforms
TRANSFORMS = Registry(
    'transform',
    parent=root.TRANSFORMS,
    scope='fnac_mm',
    locations=['fnac_mm.datasets'])
# Collate functions and the like
FUNCTIONS = Registry(
    'function',
    parent=root.FUNCTIONS,
    scope='fnac_mm',
    locations=['fnac_mm.datasets'])
# Networks, losses, preprocessors
MODELS = Registry(
    'model', parent=root.MODELS, scope='fnac_mm', locations=['fnac_mm.models'])
# Wrappers of models
MODEL_WRAPPERS = Registry(
    'model_wrapper',
    parent=root.MODEL_WRAPPERS,
    scope='fnac_mm',
    locations=['fnac_mm.models'])
# Weight initializers
WEIGHT_INITIALIZERS = Registry(
    'weight initializer',
    parent=root.WEIGHT_INITIALIZERS,
    scope='fnac_mm',
    locations=['fnac_mm.models'])
# Task helpers
TASK_UTILS = Registry(
    'task util',
    parent=root.TASK_UTILS,
    scope='fnac_mm',
    locations=['fnac_mm.models'])
# Metrics
METRICS = Registry(
    'metric',
    parent=root.METRICS,
    scope='fnac_mm',
    locations=['fnac_mm.evaluation'])
# Evaluators
EVALUATOR = Registry(
    'evaluator',
    parent=root.EVALUATOR,
    scope='fnac_mm',
    locations=['fnac_mm.evaluation'])
# Visualizers
VISUALIZERS = Registry(
    'visualizer',
    parent=root.VISUALIZERS,
    scope='fnac_mm',
    locations=['fnac_mm.visualization'])
# Backends of visualizers
VISBACKENDS = Registry(
    'vis_backend',
    parent=root.VISBACKENDS,
    scope='fnac_mm',
    locations=['fnac_mm.visualization'])
# Inferencers
INFERENCERS = Registry(
    'inferencer',
    parent=root.INFERENCERS,
    scope='fnac_mm',
    locations=['fnac_mm.apis.localization_inferencer'])
