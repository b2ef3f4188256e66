// Functions of float_v and double_v that are made of exponentials, logarithms and roots: sinh, cosh, arcsinh, arccosh,
// arctanh, cbrt, rcbrt, hypot, logaddexp, logaddexp2.
// Assumes common.cl, exponentials.cl and logarithms.cl.

#define LN2_float 0.693147182f
#define LN2_double 0.6931471805599453
// For x beyond these, x^2 + 1 rounds to x^2
#define ARC_LIMIT_float 1e5f
#define ARC_LIMIT_double 1e9
// Numbers below this are scaled up by 2^24 or 2^54 and others down by 2^6, and their cube roots are scaled back
#define CBRT_SMALL_float 1e-30f
#define CBRT_SMALL_double 1e-290
#define CBRT_LIFT_float 0x1p24f
#define CBRT_LIFT_double 0x1p54
#define CBRT_LOWER_float 0x1p-8f
#define CBRT_LOWER_double 0x1p-18
#define CBRT_STEPS_float 2
#define CBRT_STEPS_double 3
// A third of the bits of x, plus this, are the bits of a number within 4 % of the cube root
#define CBRT_START_float 0x2a5137a0
#define CBRT_START_double 0x2a9f7893782da1cel

#define DEFINE_HYPERBOLIC(T, V)                                                                                       \
    static inline V sinh_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V e = expm1_##T(size);                                                                                        \
        V value = size < 20 ? (V)0.5f * (e + e / (e + 1)) : exp_extended_##T(size, 0, (V)0.5f);                       \
        return copysign(value, x);                                                                                    \
    }                                                                                                                 \
    static inline V cosh_##T(V x) {                                                                                   \
        V half_exp = exp_extended_##T(fabs(x), 0, (V)0.5f);                                                           \
        return half_exp + (V)0.25f / half_exp;                                                                        \
    }                                                                                                                 \
    static inline V asinh_##T(V x) {                                                                                  \
        V size = fabs(x);                                                                                             \
        V square = size * size;                                                                                       \
        V place = size < ARC_LIMIT_##T ? size + square / (1 + sqrt(1 + square)) : size - 1;                           \
        V value = log1p_##T(place);                                                                                   \
        return copysign(size < ARC_LIMIT_##T ? value : value + LN2_##T, x);                                           \
    }                                                                                                                 \
    static inline V acosh_##T(V x) {                                                                                  \
        V rest = x - 1;                                                                                               \
        V value = log1p_##T(x < ARC_LIMIT_##T ? rest + sqrt(rest * (x + 1)) : rest);                                  \
        value = x < ARC_LIMIT_##T ? value : value + LN2_##T;                                                          \
        return x < 1 ? (V)NAN : value;                                                                                \
    }                                                                                                                 \
    static inline V atanh_##T(V x) {                                                                                  \
        V size = fabs(x);                                                                                             \
        return copysign((V)0.5f * log1p_##T(2 * size / (1 - size)), x);                                               \
    }                                                                                                                 \
                                                                                                                      \
    static inline V cbrt_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V normal = size < CBRT_SMALL_##T ? size * CBRT_LIFT_##T : size * (V)0.015625f;                                \
        V y = as_##T##_v(as_bits_##T(normal) / 3 + CBRT_START_##T);                                                   \
        /* Halley's steps triple the number of right digits. Newton's last step uses the cube in two parts */         \
        for (int step = 0; step < CBRT_STEPS_##T; step++) {                                                           \
            V cube = y * y * y;                                                                                       \
            y = y * ((cube + 2 * normal) / (2 * cube + normal));                                                      \
        }                                                                                                             \
        V square = y * y;                                                                                             \
        V rest = fma(square, y, -normal) + fma(y, y, -square) * y;                                                    \
        y = y - rest / (3 * square);                                                                                  \
        y = size < CBRT_SMALL_##T ? y * CBRT_LOWER_##T : 4 * y;                                                       \
        return x == 0 || x != x || size == INFINITY ? x : copysign(y, x);                                             \
    }                                                                                                                 \
    static inline V rcbrt_##T(V x) { return 1 / cbrt_##T(x); }                                                        \
                                                                                                                      \
    static inline V hypot_##T(V x, V y) {                                                                             \
        V width = fabs(x);                                                                                            \
        V height = fabs(y);                                                                                           \
        V larger = fmax(width, height);                                                                               \
        V smaller = fmin(width, height);                                                                              \
        bits_##T##_v exponent = (as_bits_##T(larger) >> FRACTION_BITS_##T) - EXPONENT_BIAS_##T;                       \
        exponent = exponent < 1 - EXPONENT_BIAS_##T ? 1 - EXPONENT_BIAS_##T : exponent;                               \
        exponent = exponent > EXPONENT_BIAS_##T - 1 ? EXPONENT_BIAS_##T - 1 : exponent;                               \
        V scale = power_of_two_##T(-exponent);                                                                        \
        V a = larger * scale;                                                                                         \
        V b = smaller * scale;                                                                                        \
        V value = sqrt(multiply_add_##T(a, a, b * b)) * power_of_two_##T(exponent);                                   \
        value = x != x || y != y ? x + y : value;                                                                     \
        return width == INFINITY || height == INFINITY ? (V)INFINITY : value;                                         \
    }                                                                                                                 \
                                                                                                                      \
    static inline V logaddexp_##T(V x, V y) {                                                                         \
        V value = fmax(x, y) + log1p_##T(exp_##T(-fabs(x - y)));                                                      \
        return x == y ? x + LN2_##T : x != x || y != y ? x + y : value;                                               \
    }                                                                                                                 \
    static inline V logaddexp2_##T(V x, V y) {                                                                        \
        V value = fmax(x, y) + log1p_##T(exp2_##T(-fabs(x - y))) * LOG2_E_##T;                                        \
        return x == y ? x + 1 : x != x || y != y ? x + y : value;                                                     \
    }

DEFINE_HYPERBOLIC(float, float_v)
#if HAS_FP64
DEFINE_HYPERBOLIC(double, double_v)
#endif
