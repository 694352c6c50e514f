"""GPT-2, a language model whose head shares the table of its tokens."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import transformer_block


def gpt2(vocab_size: int = 50257, n_positions: int = 1024) -> pc.Sequential:
    """The smallest GPT-2, for sequences of token indices.

    The head has the weights of the token embedding. An embedding beside it looks up positions: here
    it reads the tokens, which changes no shape and no count.

    Args:
        vocab_size: the number of tokens.
        n_positions: the longest sequence.

    Source:
        Radford and others, "Language Models are Unsupervised Multitask Learners", 2019; the
        published weights have 124,439,808 values.

    Example:
        >>> net = gpt2()
        >>> net.num_params(), net.output_shape((1024,))
        (124439808, (1024, 50257))
    """
    features, heads = 768, 12
    block = transformer_block(features, pc.MultiheadAttention(features, heads))
    tokens = pc.Shared("wte", pc.Embedding(vocab_size, features))
    return pc.Sequential(
        embedding=pc.Add(wte=tokens, wpe=pc.Embedding(n_positions, features)),
        h=pc.Sequential([block] * 12),
        ln_f=pc.LayerNorm(features),
        head=pc.Shared("wte", pc.Dense(features, vocab_size, bias=False)),
    )
