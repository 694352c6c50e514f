"""The public names, for type checkers and editors."""

from paramcalc import (
    formulas as formulas,
    layers as layers,
    readers as readers,
    results as results,
    write as write,
    zoo as zoo,
)
from paramcalc._blocks import (
    SeparableConv1d as SeparableConv1d,
    SeparableConv2d as SeparableConv2d,
    TransformerDecoderLayer as TransformerDecoderLayer,
    TransformerEncoderLayer as TransformerEncoderLayer,
)
from paramcalc._branches import Add as Add, Concat as Concat, Multiply as Multiply
from paramcalc._compare import compare as compare
from paramcalc._diagram import diagram as diagram
from paramcalc._explain import explain as explain
from paramcalc._flops import compare_flops as compare_flops, flops as flops
from paramcalc._graph import Graph as Graph, concat as concat
from paramcalc._inverse import (
    input_lengths as input_lengths,
    same_padding as same_padding,
    smallest_input as smallest_input,
    transposed_conv as transposed_conv,
)
from paramcalc._memory import memory as memory
from paramcalc._network import Sequential as Sequential
from paramcalc._receptive_field import receptive_field as receptive_field
from paramcalc._summary import summary as summary
from paramcalc._trace import trace as trace
from paramcalc._valid import valid_inputs as valid_inputs
from paramcalc.errors import (
    ConfigError as ConfigError,
    ParamcalcError as ParamcalcError,
    ReadError as ReadError,
    ShapeError as ShapeError,
)
from paramcalc.layers._base import Layer as Layer, Parameter as Parameter, Shape as Shape
from paramcalc.layers._tensor import Tensor as Tensor
from paramcalc.layers.activation import (
    Activation as Activation,
    Dropout as Dropout,
    Identity as Identity,
    PReLU as PReLU,
    Scale as Scale,
)
from paramcalc.layers.attention import MultiheadAttention as MultiheadAttention
from paramcalc.layers.conv import (
    Conv1d as Conv1d,
    Conv2d as Conv2d,
    Conv3d as Conv3d,
    ConvTranspose1d as ConvTranspose1d,
    ConvTranspose2d as ConvTranspose2d,
    ConvTranspose3d as ConvTranspose3d,
)
from paramcalc.layers.conv_lstm import (
    ConvLSTM1d as ConvLSTM1d,
    ConvLSTM2d as ConvLSTM2d,
    ConvLSTM3d as ConvLSTM3d,
)
from paramcalc.layers.deform_conv import DeformConv2d as DeformConv2d
from paramcalc.layers.dense import Dense as Dense
from paramcalc.layers.distributed import TimeDistributed as TimeDistributed
from paramcalc.layers.embedding import Embedding as Embedding
from paramcalc.layers.frozen import Frozen as Frozen, freeze as freeze
from paramcalc.layers.input import Input as Input
from paramcalc.layers.keras_conv import (
    DepthwiseConv1d as DepthwiseConv1d,
    DepthwiseConv2d as DepthwiseConv2d,
    LocallyConnected2d as LocallyConnected2d,
)
from paramcalc.layers.norm import (
    BatchNorm as BatchNorm,
    GroupNorm as GroupNorm,
    InstanceNorm as InstanceNorm,
    LayerNorm as LayerNorm,
    RMSNorm as RMSNorm,
)
from paramcalc.layers.parameters import Parameters as Parameters
from paramcalc.layers.pool import (
    AdaptivePool as AdaptivePool,
    GlobalPool as GlobalPool,
    Pool as Pool,
)
from paramcalc.layers.product import MatMul as MatMul
from paramcalc.layers.recurrent import GRU as GRU, LSTM as LSTM, RNN as RNN
from paramcalc.layers.reshape import (
    Flatten as Flatten,
    Permute as Permute,
    RepeatVector as RepeatVector,
    Reshape as Reshape,
    Slice as Slice,
)
from paramcalc.layers.resize import (
    CenterCrop as CenterCrop,
    Crop as Crop,
    Pad as Pad,
    PixelShuffle as PixelShuffle,
    PixelUnshuffle as PixelUnshuffle,
    Upsample as Upsample,
)
from paramcalc.layers.shared import Shared as Shared

__all__: list[str]
__version__: str
