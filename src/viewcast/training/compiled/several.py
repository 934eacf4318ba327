"""Several vectors of 16 numbers as one operand: each operation is written for all before the next.

A step of an optimiser is a chain in which each operation waits for the one before, four cycles
long. A processor looks ahead about a hundred instructions: chains one behind the other would run
nearly alone, chains side by side run together.
"""

from collections.abc import Callable, Sequence

from llvmlite import ir

from viewcast.training.compiled.lanes import INT_VECTOR, VECTOR, WIDTH, Lanes, Value, constant


class Several:
    """Vectors side by side. An operand of a single vector goes with each of the others."""

    def __init__(self, lanes: Lanes, vectors: Sequence[Value]) -> None:
        self.lanes, self.vectors = lanes, list(vectors)

    @classmethod
    def load(cls, lanes: Lanes, addresses: Sequence[Value]) -> "Several":
        """The vectors at these addresses."""
        return cls(lanes, [lanes.load(address) for address in addresses])

    def store(self, addresses: Sequence[Value]) -> None:
        """Write the vectors to these addresses."""
        for vector, address in zip(self.vectors, addresses, strict=True):
            self.lanes.store(vector, address)

    def __mul__(self, other: "Several") -> "Several":
        return self._each(self.lanes.builder.fmul, other)

    def __sub__(self, other: "Several") -> "Several":
        return self._each(self.lanes.builder.fsub, other)

    def __neg__(self) -> "Several":
        return self._each(self.lanes.builder.fneg)

    def fma(self, factor: "Several | float", added: "Several | float") -> "Several":
        """``self * factor + added``, rounded once."""
        return self._each(self.lanes.fma, factor, added)

    def guess(self, bits: int, shift: int) -> "Several":
        """The numbers whose bits are ``bits`` less those of these numbers, moved right."""
        builder = self.lanes.builder

        def one(vector: Value) -> Value:
            found = builder.bitcast(vector, INT_VECTOR)
            if shift:
                found = builder.lshr(found, ir.Constant(INT_VECTOR, [shift] * WIDTH))
            return builder.bitcast(
                builder.sub(ir.Constant(INT_VECTOR, [bits] * WIDTH), found), VECTOR
            )

        return self._each(one)

    def _each(self, operation: Callable[..., Value], *others: "Several | float") -> "Several":
        operands = [
            other.vectors if isinstance(other, Several) else [constant(other)]
            for other in (self, *others)
        ]
        count = max(map(len, operands))
        rows = [vectors * count if len(vectors) == 1 else vectors for vectors in operands]
        return Several(self.lanes, [operation(*each) for each in zip(*rows, strict=True)])
