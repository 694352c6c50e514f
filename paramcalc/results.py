"""What the verbs return, and which strings they take: for type annotations and `isinstance`."""

from paramcalc._columns import ColumnName, SummaryRow
from paramcalc._compare import Comparison, Difference
from paramcalc._diagram import Diagram
from paramcalc._explain import Explanation, Line, Working
from paramcalc._flops import Flops, FlopsComparison, FlopsRow
from paramcalc._ledger import Convention
from paramcalc._memory import Memory, MemoryRow
from paramcalc._receptive_field import ReceptiveField
from paramcalc._rules import LengthRule
from paramcalc._stored import Dtype, Optimizer
from paramcalc._summary import Summary
from paramcalc._trace import Step, Trace
from paramcalc._valid import ValidInputs
from paramcalc.render.boxes import Glyph

__all__ = [
    "ColumnName",
    "Comparison",
    "Convention",
    "Diagram",
    "Difference",
    "Dtype",
    "Explanation",
    "Flops",
    "FlopsComparison",
    "FlopsRow",
    "Glyph",
    "LengthRule",
    "Line",
    "Memory",
    "MemoryRow",
    "Optimizer",
    "ReceptiveField",
    "Step",
    "Summary",
    "SummaryRow",
    "Trace",
    "ValidInputs",
    "Working",
]
