// Reductions of two values, of the lanes of a vector, of the work-items of a group; compensated sums. Included once.
//
// combine_<op>_<type>(a, b) combines two vectors. maximum and minimum propagate NaN.
// horizontal_<op>_<type>(v) combines the lanes of v in a fixed tree.
// group_<op>_<type>(v, shared, size) combines `size` neighbouring work-items, a power of two; each gets the result.
// The ops are sum, prod, maximum, minimum (not max: some drivers define that name as a macro).

#define COMBINE_SUM(a, b) ((a) + (b))
#define COMBINE_PROD(a, b) ((a) * (b))
#define COMBINE_MAX(a, b) max(a, b)
#define COMBINE_MIN(a, b) min(a, b)
#define COMBINE_MAX_FLOATING(a, b) ((((a) > (b)) || ((a) != (a))) ? (a) : (b))
#define COMBINE_MIN_FLOATING(a, b) ((((a) < (b)) || ((a) != (a))) ? (a) : (b))

#if VECTOR_WIDTH == 16
#define DEFINE_HORIZONTAL(OP, TYPE, COMBINE)                                                                          \
    static inline TYPE horizontal_##OP##_##TYPE(TYPE##16 v) {                                                         \
        const TYPE##8 a = COMBINE(v.lo, v.hi);                                                                        \
        const TYPE##4 b = COMBINE(a.lo, a.hi);                                                                        \
        const TYPE##2 c = COMBINE(b.lo, b.hi);                                                                        \
        return COMBINE(c.x, c.y);                                                                                     \
    }
#elif VECTOR_WIDTH == 8
#define DEFINE_HORIZONTAL(OP, TYPE, COMBINE)                                                                          \
    static inline TYPE horizontal_##OP##_##TYPE(TYPE##8 v) {                                                          \
        const TYPE##4 b = COMBINE(v.lo, v.hi);                                                                        \
        const TYPE##2 c = COMBINE(b.lo, b.hi);                                                                        \
        return COMBINE(c.x, c.y);                                                                                     \
    }
#elif VECTOR_WIDTH == 4
#define DEFINE_HORIZONTAL(OP, TYPE, COMBINE)                                                                          \
    static inline TYPE horizontal_##OP##_##TYPE(TYPE##4 v) {                                                          \
        const TYPE##2 c = COMBINE(v.lo, v.hi);                                                                        \
        return COMBINE(c.x, c.y);                                                                                     \
    }
#else
#define DEFINE_HORIZONTAL(OP, TYPE, COMBINE)                                                                          \
    static inline TYPE horizontal_##OP##_##TYPE(TYPE v) { return v; }
#endif

// The scalar and vector forms share one expression.
#define DEFINE_REDUCTION(OP, TYPE, COMBINE)                                                                           \
    DEFINE_HORIZONTAL(OP, TYPE, COMBINE)                                                                              \
    static inline PASTE(TYPE, _v) combine_##OP##_##TYPE(PASTE(TYPE, _v) a, PASTE(TYPE, _v) b) {                       \
        return COMBINE(a, b);                                                                                         \
    }                                                                                                                 \
    static inline TYPE group_##OP##_##TYPE(TYPE v, __local TYPE *shared, const int size) {                            \
        const int item = get_local_id(0), lane = item & (size - 1);                                                   \
        shared[item] = v;                                                                                             \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                 \
        for (int step = size / 2; step > 0; step /= 2) {                                                              \
            if (lane < step) {                                                                                        \
                const TYPE mine = shared[item], other = shared[item + step];                                          \
                shared[item] = COMBINE(mine, other);                                                                  \
            }                                                                                                         \
            barrier(CLK_LOCAL_MEM_FENCE);                                                                             \
        }                                                                                                             \
        const TYPE result = shared[item - lane];                                                                      \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                 \
        return result;                                                                                                \
    }

#define DEFINE_REDUCTIONS(TYPE, MAX, MIN)                                                                             \
    DEFINE_REDUCTION(sum, TYPE, COMBINE_SUM)                                                                          \
    DEFINE_REDUCTION(prod, TYPE, COMBINE_PROD)                                                                        \
    DEFINE_REDUCTION(maximum, TYPE, MAX)                                                                                  \
    DEFINE_REDUCTION(minimum, TYPE, MIN)

DEFINE_REDUCTIONS(char, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(uchar, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(short, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(ushort, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(int, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(uint, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(long, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(ulong, COMBINE_MAX, COMBINE_MIN)
DEFINE_REDUCTIONS(float, COMBINE_MAX_FLOATING, COMBINE_MIN_FLOATING)
#if HAS_FP64
DEFINE_REDUCTIONS(double, COMBINE_MAX_FLOATING, COMBINE_MIN_FLOATING)
#endif

// Neumaier's compensated sum: `lost` accumulates the rounding errors of `total`. It is ignored if it is not finite.
// A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).
// The branch-free TwoSum form is Knuth's.
#define TWO_SUM(TYPE, total, lost, term)                                                                              \
    do {                                                                                                              \
        const PASTE(TYPE, _v) two_sum_s = (total) + (term);                                                           \
        const PASTE(TYPE, _v) two_sum_b = two_sum_s - (total);                                                        \
        (lost) += ((total) - (two_sum_s - two_sum_b)) + ((term) - two_sum_b);                                         \
        (total) = two_sum_s;                                                                                          \
    } while (0)
#define COMPENSATED(total, lost) ((fabs(lost) < INFINITY) ? (total) + (lost) : (total))
