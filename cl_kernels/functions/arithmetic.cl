// Arithmetic of float_v and double_v with NumPy's rules: maximum, minimum, signs, rounding, remainders, roots.
// Assumes common.cl and exponentials.cl.

// The exact x - n * y, where n is x / y truncated. It is a long division: each step replaces |x| by its remainder for
// the divisor |y| * 2^k, with k so that the step's quotient fits the fraction bits of the type and is exact.
// (The sign is set last, because PoCL 6 with LLVM 19 aborts if a NaN is selected after that.)
#define DEFINE_FMOD(T, V)                                                                                             \
    static inline bits_##T##_v exponent_##T(V positive) {                                                             \
        bits_##T##_v plain = as_bits_##T(positive) >> FRACTION_BITS_##T;                                              \
        bits_##T##_v lifted = as_bits_##T(positive * FRACTION_RANGE_##T) >> FRACTION_BITS_##T;                        \
        return positive < SMALLEST_NORMAL_##T ? lifted - (FRACTION_BITS_##T + 1) : plain;                             \
    }                                                                                                                 \
    static inline V fmod_##T(V x, V y) {                                                                              \
        V divisor = fabs(y);                                                                                          \
        V whole = fabs(x);                                                                                            \
        mask_##T valid = whole < INFINITY && divisor > 0;                                                             \
        mask_##T finite = valid && divisor < INFINITY;                                                                \
        divisor = finite ? divisor : (V)1;                                                                            \
        V rest = finite ? whole : (V)0;                                                                               \
        bits_##T##_v divisor_exponent = exponent_##T(divisor);                                                        \
        while (ANY(rest >= divisor)) {                                                                                \
            bits_##T##_v excess = exponent_##T(rest) - divisor_exponent - (FRACTION_BITS_##T - 1);                    \
            excess = excess > 0 ? excess : 0;                                                                         \
            bits_##T##_v half_excess = excess >> 1;                                                                   \
            V step = divisor * power_of_two_##T(half_excess) * power_of_two_##T(excess - half_excess);                \
            V next = fma(-trunc(rest / step), step, rest);                                                            \
            rest = next < 0 ? next + step : next;                                                                     \
        }                                                                                                             \
        rest = finite ? rest : whole;                                                                                 \
        return copysign(valid ? rest : (V)NAN, x);                                                                    \
    }

DEFINE_FMOD(float, float_v)
#if HAS_FP64
DEFINE_FMOD(double, double_v)
#endif

// Devices compute rint, trunc, floor, ceil, sqrt, copysign and nextafter exactly, so these are used as they are.
#define DEFINE_FLOAT_ARITHMETIC(T, V)                                                                                 \
    static inline V maximum_##T(V x, V y) { return x > y || x != x ? x : y; }                                         \
    static inline V minimum_##T(V x, V y) { return x < y || x != x ? x : y; }                                         \
    static inline V fmax_##T(V x, V y) { return x > y || y != y ? x : y; }                                            \
    static inline V fmin_##T(V x, V y) { return x < y || y != y ? x : y; }                                            \
    static inline V clip_##T(V x, V low, V high) { return minimum_##T(maximum_##T(x, low), high); }                   \
    static inline V abs_##T(V x) { return fabs(x); }                                                                  \
    static inline V sign_##T(V x) { return x > 0 ? (V)1 : x < 0 ? (V)-1 : x == 0 ? (V)0 : x; }                        \
    static inline V heaviside_##T(V x, V middle) { return x > 0 ? (V)1 : x < 0 ? (V)0 : x == 0 ? middle : x; }        \
    static inline V rint_##T(V x) { return rint(x); }                                                                 \
    static inline V trunc_##T(V x) { return trunc(x); }                                                               \
    static inline V floor_##T(V x) { return floor(x); }                                                               \
    static inline V ceil_##T(V x) { return ceil(x); }                                                                 \
    static inline V copysign_##T(V x, V y) { return copysign(x, y); }                                                 \
    static inline V nextafter_##T(V x, V y) { return nextafter(x, y); }                                               \
    static inline V sqrt_##T(V x) { return sqrt(x); }                                                                 \
    static inline V rsqrt_##T(V x) { return 1 / sqrt(x); }                                                            \
    static inline V remainder_##T(V x, V y) {                                                                         \
        V rest = fmod_##T(x, y);                                                                                      \
        V moved = (rest < 0) != (y < 0) ? rest + y : rest;                                                            \
        return rest == 0 ? copysign((V)0, y) : moved;                                                                 \
    }                                                                                                                 \
    static inline V floor_divide_##T(V x, V y) {                                                                      \
        V rest = fmod_##T(x, y);                                                                                      \
        V quotient = (x - rest) / y;                                                                                  \
        quotient = rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient;                                      \
        V whole = floor(quotient);                                                                                    \
        whole = quotient - whole > (V)0.5f ? whole + 1 : whole;                                                       \
        V nearest = quotient == 0 ? copysign((V)0, x / y) : whole;                                                    \
        return y == 0 ? x / y : nearest;                                                                              \
    }

DEFINE_FLOAT_ARITHMETIC(float, float_v)
#if HAS_FP64
DEFINE_FLOAT_ARITHMETIC(double, double_v)
#endif

// Floats as mantissa and exponent, with 0.5 <= |mantissa| < 1. Zeros, infinities and NaN have the exponent 0.
#define DEFINE_FLOAT_PARTS(T, V)                                                                                      \
    static inline bits_##T##_v frexp_exponent_##T(V x) {                                                              \
        V size = fabs(x);                                                                                             \
        mask_##T usual = size > 0 && size < INFINITY;                                                                 \
        return usual ? exponent_##T(usual ? size : (V)1) - (EXPONENT_BIAS_##T - 1) : 0;                               \
    }                                                                                                                 \
    /* x * 2^exponent in two steps; only the second can round */                                                      \
    static inline V scale_by_power_##T(V x, bits_##T##_v exponent) {                                                  \
        bits_##T##_v half_exponent = exponent >> 1;                                                                   \
        return x * power_of_two_##T(half_exponent) * power_of_two_##T(exponent - half_exponent);                      \
    }                                                                                                                 \
    static inline V mantissa_##T(V x) { return scale_by_power_##T(x, -frexp_exponent_##T(x)); }                       \
    /* x * 2^y, rounded only once for an integer y; an infinite y counts as a very large one */                       \
    static inline V ldexp_##T(V x, V y) {                                                                             \
        const T limit = 4 * EXPONENT_BIAS_##T;                                                                        \
        y = y > limit ? (V)limit : y < -limit ? (V)-limit : y;                                                        \
        V whole = y == y ? rint(y) : (V)0;                                                                            \
        bits_##T##_v exponent = convert_bits_##T(whole) + frexp_exponent_##T(x);                                      \
        const bits_##T beyond = EXPONENT_BIAS_##T + FRACTION_BITS_##T + 4;                                            \
        exponent = min(max(exponent, -beyond), beyond);                                                               \
        return scale_by_power_##T(mantissa_##T(x) * exp2_##T(y - whole), exponent);                                   \
    }                                                                                                                 \
    static inline V modf_fraction_##T(V x) {                                                                          \
        return copysign(fabs(x) == INFINITY ? (V)0 : x - trunc(x), x);                                                \
    }                                                                                                                 \
    /* the distance from |x| to the next larger number, with the sign of x */                                         \
    static inline V spacing_##T(V x) {                                                                                \
        V size = fabs(x);                                                                                             \
        V step = nextafter(size, (V)INFINITY) - size;                                                                 \
        return size < INFINITY ? (x < 0 ? -step : step) : (V)NAN;                                                     \
    }

DEFINE_FLOAT_PARTS(float, float_v)
#if HAS_FP64
DEFINE_FLOAT_PARTS(double, double_v)
#endif

// The neighbours of a half, which is held in a float. Up to 2^-14 halves are 2^-24 apart; beyond, a step is 2^13 in the
// bits of the float, since half has 13 fraction bits less.
static inline float_v nextafter_half_float(float_v x, float_v y) {
    float_v size = fabs(x);
    mask_float outward = (x < y) == (x > 0) || x == 0;
    mask_float small = size < 0x1p-14f || (size == 0x1p-14f && !outward);
    float_v near = size + (outward ? (float_v)0x1p-24f : (float_v)-0x1p-24f);
    // The step from infinity inward is the step from 2^16, the next number if half had no infinity.
    int_v bits = as_int_v(size < 0x1p16f ? size : (float_v)0x1p16f);
    float_v far = as_float_v(bits + (outward ? (int_v)0x2000 : (int_v)-0x2000));
    float_v next = copysign(small ? near : far, x == 0 ? y : x);
    return x == y ? y : (x < y || x > y) ? next : x + y;
}

static inline float_v spacing_half_float(float_v x) {
    float_v size = fabs(x);
    float_v next = nextafter_half_float(size, (float_v)INFINITY);
    float_v step = (next < 65520.0f ? next : (float_v)INFINITY) - size;
    return size < INFINITY ? (x < 0 ? -step : step) : (float_v)NAN;
}
