"""No step of the optimizer is taken unseen with NaN or infinity."""
from functools import wraps
from types import MethodType
from typing import Any, List, Optional

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn


class FiniteStepGuard:
    """Looks at loss and gradient between backward pass and step.

    Without ``skip`` nobody waits for the answer: it stays on the device until
    :meth:`take`. With it the process waits for the backward pass at each
    step, and a bad step is not taken: weights and the optimizer's state stay,
    and the model's buffers (running statistics) go back to those of
    :meth:`begin`.

    With loss scaling (fp16) the gradient is left to the scaler, which skips
    what overflows and lowers the scale; the loss is looked at.

    Args:
        wrapper (OptimWrapper): Its ``backward`` and ``step`` are watched.
        model (nn.Module): Whose buffers are kept.
        skip (bool): Whether to leave bad steps out.

    Attributes:
        grad_norm (Tensor, optional): Norm of the last step's gradient,
            before clipping; None before the first and with loss scaling.

    Raises:
        TypeError: If it is no OptimWrapper, or a dict of several.
    """

    def __init__(self, wrapper: OptimWrapper, model: nn.Module,
                 skip: bool) -> None:
        if not isinstance(wrapper, OptimWrapper) or isinstance(
                wrapper, OptimWrapperDict):
            raise TypeError('loss and gradient can be watched of an '
                            f'OptimWrapper, got {type(wrapper).__name__}')
        self.wrapper = wrapper
        self.model = model
        self.skip = skip
        self.grad_norm: Optional[Tensor] = None
        self._losses: List[Tensor] = []
        self._kept: List[Tensor] = []
        self._finite: Optional[Tensor] = None
        self._backward, self._step = wrapper.backward, wrapper.step
        self._before = {n: vars(wrapper).get(n) for n in ('backward', 'step')}

        # Schedulers have marked the step that they count.
        @wraps(wrapper.step)
        def step(_: OptimWrapper, **kwargs: Any) -> None:
            self._watched_step(**kwargs)

        # Instance attributes: whatever the class, without one for each. The
        # step is a method of the wrapper, as schedulers made later want it.
        wrapper.backward = self._watched_backward
        wrapper.step = MethodType(step, wrapper)
        self._own_step: Optional[MethodType] = wrapper.step

    def detach(self) -> None:
        """Give the wrapper the methods back that it had.

        A step that a later scheduler counts stays, but is watched no more.
        """
        counted = self.wrapper.step is not self._own_step
        self._own_step = None
        for name, method in self._before.items():
            if name == 'step' and counted:
                continue
            delattr(self.wrapper, name)
            if method is not None:
                setattr(self.wrapper, name, method)

    def begin(self) -> None:
        """Before the forward pass: keep what a skipped step would spoil."""
        if self.skip and not self._losses:
            self._kept = [b.detach().clone() for b in self.model.buffers()]

    def take(self) -> bool:
        """Whether the step since the last call was bad; waits for it.

        Returns:
            bool: The same on all processes.
        """
        finite, self._finite = self._finite, None
        return finite is not None and not bool(finite)

    def _watched_backward(self, loss: Tensor, **kwargs: Any) -> None:
        self._losses.append(loss.detach())
        self._backward(loss, **kwargs)

    def _watched_step(self, **kwargs: Any) -> None:
        if self._own_step is None:
            self._step(**kwargs)
            return
        self._finite = self._look()
        self._losses.clear()
        if not self.skip or bool(self._finite):
            self._step(**kwargs)
            return
        with torch.no_grad():
            for buffer, kept in zip(self.model.buffers(), self._kept):
                buffer.copy_(kept)

    def _look(self) -> Tensor:
        """1 if loss and gradient are finite on all processes, else 0."""
        values = [loss.double() for loss in self._losses]
        if getattr(self.wrapper, 'loss_scaler', None) is None:
            grads = [
                p.grad for group in self.wrapper.optimizer.param_groups
                for p in group['params'] if p.grad is not None
            ]
            self.grad_norm = nn.utils.get_total_norm(grads)
            values.append(self.grad_norm.to(values[0]))
        finite = torch.stack(values).isfinite().all().float()
        if get_world_size() > 1:
            all_reduce(finite, 'min')
        return finite
