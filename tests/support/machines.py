"""Other machines: what makes numpy, its BLAS, numba and torch compute as on an older processor."""

# A processor without AVX-512, and one thread. numpy says nothing of features it does not know.
HASWELL = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_CPU_NAME": "haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
}
