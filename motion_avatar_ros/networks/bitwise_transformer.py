from dataclasses import dataclass
from torch import nn


@dataclass(frozen=True)
class BitwiseSizes:
    width: int
    layers: int
    heads: int
    feed_forward: int
    dropout: float
    text: int
    bits: int


class BitwiseTransformer(nn.Module):
    def __init__(self, sizes, lengths, groups):
        super().__init__()
