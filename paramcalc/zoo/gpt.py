"""GPT-2, a language model whose head shares the table of its tokens."""

from __future__ import annotations

from paramcalc._branches import Add
from paramcalc._network import Sequential
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import LayerNorm
from paramcalc.layers.shared import Shared


def gpt2(vocab_size: int = 50257, n_positions: int = 1024) -> Sequential:
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

    def block() -> Sequential:
        attention = Sequential(LayerNorm(features), MultiheadAttention(features, heads))
        widened, narrowed = Dense(features, 4 * features), Dense(4 * features, features)
        forward = Sequential(LayerNorm(features), widened, Activation("gelu"), narrowed)
        return Sequential(
            attn=Add(body=attention, skip=Identity()), mlp=Add(body=forward, skip=Identity())
        )

    tokens = Shared("wte", Embedding(vocab_size, features))
    return Sequential(
        embedding=Add(wte=tokens, wpe=Embedding(n_positions, features)),
        h=Sequential([block() for _ in range(12)]),
        ln_f=LayerNorm(features),
        head=Shared("wte", Dense(features, vocab_size, bias=False)),
    )
