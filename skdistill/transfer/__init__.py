"""Samplers of unlabeled samples that the real data could have held."""

from skdistill.transfer._conditional import ConditionalSampler
from skdistill.transfer._cutmix import CutMixSampler
from skdistill.transfer._draw import draw
from skdistill.transfer._jitter import JitterSampler
from skdistill.transfer._mixup import MixupSampler
from skdistill.transfer._munge import MungeSampler
from skdistill.transfer._permutation import PermutationSampler
from skdistill.transfer._swap_noise import SwapNoiseSampler
from skdistill.transfer._transfer_set import TransferSet

__all__ = [
    "ConditionalSampler",
    "CutMixSampler",
    "JitterSampler",
    "MixupSampler",
    "MungeSampler",
    "PermutationSampler",
    "SwapNoiseSampler",
    "TransferSet",
    "draw",
]
