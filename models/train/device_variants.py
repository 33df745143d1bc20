"""Changes of the emotion classifier's recipe, each tried against the plain one: with its speakers and corpora, without mixup, and so on."""

import dataclasses

import torch
from torch import nn
from torch.nn import functional

from . import emotion

WARM_UP_STEPS = 500  # an adversary is listened to more and more


@dataclasses.dataclass(frozen=True)
class Variant:
    """What differs. `odds` None draws utterances, not corpora, alike; `adversary` weighs a judge of speakers whom the network is to mislead."""

    mixing: float = 0.5
    odds: dict = dataclasses.field(default_factory=lambda: emotion.ODDS)
    rooms: bool = False
    adversary: float = 0.0
    taught: bool = False


VARIANTS = {
    "plain": Variant(),
    "unmixed": Variant(mixing=0.0),
    "unbalanced": Variant(odds=None),
    "rooms": Variant(rooms=True),
    "adversary": Variant(adversary=0.2),
    "taught": Variant(rooms=True, taught=True),
}


class Reversed(torch.autograd.Function):
    """Itself, but with its gradient turned round (Ganin & Lempitsky 2015)."""

    @staticmethod
    def forward(context, x, weight):
        context.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(context, gradient):
        return -context.weight * gradient, None


class Adversary(nn.Module):
    """Tells speakers from what the judges see; what they see is changed so that it cannot."""

    def __init__(self, inputs, speakers, weight):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs, 96), nn.ReLU(), nn.Linear(96, speakers))
        self.weight, self.step = weight, 0

    def forward(self, seen, speakers, partner, share):
        self.step += 1
        guessed = self.layers(Reversed.apply(torch.cat([part.float() for part in seen], 1), self.weight * min(1.0, self.step / WARM_UP_STEPS)))
        own, other = (functional.cross_entropy(guessed, speakers[of], reduction="none") for of in (slice(None), partner))
        return (share * own + (1 - share) * other).mean()


def lesson(teachers, waves, judged, possible, partner, weight=2.0):
    """Cross-entropy with what others say of the same excerpts, on average (Hinton et al. 2015), over the emotions that either corpus knows."""
    known = possible | possible[partner]
    masked = lambda logits: logits.float().masked_fill(~known, -1e4)
    with torch.no_grad():
        wanted = sum(masked((a + b) / 2).softmax(1) for (a, _), (b, _) in (teacher.judges(waves) for teacher in teachers)) / len(teachers)
    return weight * sum(-(wanted * masked(logits).log_softmax(1)).sum(1).mean() for logits, _ in judged)
