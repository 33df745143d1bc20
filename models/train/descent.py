"""What every training here does: a rate that rises and falls along a cosine, clipped steps, checkpoints that are never half written."""

import pathlib

import numpy as np
import torch
from torch import nn

LARGEST_GRADIENT = 3.0


def learning_rate(peak, step, done):
    """Rises for 100 steps, then falls along a cosine to 1 % when `done` is 1."""
    return peak * min(1.0, step / 100 + 0.05) * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done)))


def descend(network, optimiser, loss, rate):
    """One step of a network, or of several in an `nn.ModuleList`."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
    optimiser.step()


def averaged(mean, state, keep):
    """Moves an average of weights a little towards `state`."""
    moving = [key for key, value in state.items() if value.is_floating_point()]
    kept = [mean[key] for key in moving]
    with torch.no_grad():  # in one go: on a device each small step costs more than what it does
        torch._foreach_mul_(kept, keep)
        torch._foreach_add_(kept, [state[key].detach() for key in moving], alpha=1 - keep)
    mean |= {key: value.clone() for key, value in state.items() if not value.is_floating_point()}


def copied(state):
    return {name: value.clone() for name, value in state.items()}


def store(path, **content):
    fresh = pathlib.Path(path).with_suffix(".new")
    torch.save(content, fresh)
    fresh.replace(path)


def halved(state):
    """Weights in half precision, as `checkpoints/` keeps them."""
    return {name: value.half() if value.is_floating_point() else value for name, value in state.items()}
