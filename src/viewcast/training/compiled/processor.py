"""What the compiled engine needs to know about the processor it compiles for."""

import llvmlite.binding as llvm

from viewcast.training.compiled.native import processor

_PROBE = """
define <16 x float> @probe(<16 x float> %a, <16 x float> %b) {
  %c = fadd <16 x float> %a, %b
  ret <16 x float> %c
}
"""


def widest_tile() -> int:
    """The vectors of a tile: 4 where one register holds 16 numbers (there are 32 then), else 1.

    LLVM is asked by compiling an addition: it has no list of a named processor's registers.
    """
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = processor()
    target = llvm.Target.from_default_triple().create_target_machine(name, features, opt=1)
    return 4 if "zmm" in target.emit_assembly(llvm.parse_assembly(_PROBE)) else 1


WIDEST = widest_tile()
