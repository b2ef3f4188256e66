// Loads and stores of vectors whose lanes are at any places in memory: p + steps, where each lane has its own step.
//
//   gather_NAME(p, steps, n)     the first n lanes from p + steps; the other lanes repeat the first
//   scatter_NAME(v, p, steps, n) the first n lanes to p + steps
// Assumes common.cl.

#define DEFINE_GATHER(NAME, TYPE, LOAD_ONE, STORE_ONE)                                                                \
    static inline PASTE(TYPE, _v) gather_##NAME(__global const storage_##NAME *p, long_v steps, int n) {              \
        TYPE lanes[VECTOR_WIDTH];                                                                                     \
        long step[VECTOR_WIDTH];                                                                                      \
        VSTORE(steps, step);                                                                                          \
        for (int lane = 0; lane < VECTOR_WIDTH; lane++) {                                                             \
            lanes[lane] = LOAD_ONE(p + step[lane < n ? lane : 0]);                                                    \
        }                                                                                                             \
        return VLOAD(lanes);                                                                                          \
    }                                                                                                                 \
    static inline void scatter_##NAME(PASTE(TYPE, _v) v, __global storage_##NAME *p, long_v steps, int n) {           \
        TYPE lanes[VECTOR_WIDTH];                                                                                     \
        long step[VECTOR_WIDTH];                                                                                      \
        VSTORE(v, lanes);                                                                                             \
        VSTORE(steps, step);                                                                                          \
        for (int lane = 0; lane < n; lane++) {                                                                        \
            STORE_ONE(lanes[lane], p + step[lane]);                                                                   \
        }                                                                                                             \
    }

DEFINE_GATHER(char, char, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(uchar, uchar, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(bool, uchar, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(short, short, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(ushort, ushort, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(int, int, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(uint, uint, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(long, long, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(ulong, ulong, LOAD_PLAIN, STORE_PLAIN)
DEFINE_GATHER(half, float, LOAD_ONE_HALF, STORE_ONE_HALF)
DEFINE_GATHER(float, float, LOAD_PLAIN, STORE_PLAIN)
#if HAS_FP64
DEFINE_GATHER(double, double, LOAD_PLAIN, STORE_PLAIN)
#endif
