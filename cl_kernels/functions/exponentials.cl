// The parts that all function files share, and exponentials: exp, exp2, expm1. Assumes common.cl.
//
// Functions take float_v and, if the device supports it, double_v. They use only + - * / sqrt, fma and operations on
// bits, without branches that change a result. So every vector width gives the same bits. Results for special values
// (NaN, infinities, zeros) are NumPy's. A macro defines a function for both types; its constants and polynomials end in
// _float and _double. Without HAS_FMA, polynomials use a multiplication and an addition.

#ifndef HAS_FMA
#define HAS_FMA 0           // 1: fma is one instruction
#endif

#if VECTOR_WIDTH == 1
#define ANY(mask) (mask)
#else
#define ANY(mask) any(mask)
#endif

// The integers as wide as a type, and the layout of its bits
typedef int_v bits_float_v;
typedef uint_v unsigned_float_v;
#define bits_float int
#define as_bits_float as_int_v
#define convert_bits_float convert_int_v
#define as_unsigned_float as_uint_v
#define FRACTION_BITS_float 23
#define EXPONENT_BIAS_float 127
#define SMALLEST_NORMAL_float 0x1p-126f
#define FRACTION_RANGE_float 0x1p24f

static inline float_v multiply_add_float(float_v a, float_v b, float_v c) {
#if HAS_FMA
    return fma(a, b, c);
#else
    return a * b + c;
#endif
}

#if HAS_FP64
typedef long_v bits_double_v;
typedef ulong_v unsigned_double_v;
#define bits_double long
#define as_bits_double as_long_v
#define convert_bits_double convert_long_v
#define as_unsigned_double as_ulong_v
#define FRACTION_BITS_double 52
#define EXPONENT_BIAS_double 1023
#define SMALLEST_NORMAL_double 0x1p-1022
#define FRACTION_RANGE_double 0x1p53

// OpenCL requires fma of every device that supports double.
static inline double_v multiply_add_double(double_v a, double_v b, double_v c) { return fma(a, b, c); }
#endif

// The value of a polynomial, from a table of its coefficients with the highest power first
#define POLYNOMIAL(T, TABLE, x) polynomial_##T(TABLE, sizeof(TABLE) / sizeof(T), x)

#define DEFINE_POLYNOMIAL(T, V)                                                                                       \
    static inline V polynomial_##T(__constant const T *table, int count, V x) {                                       \
        V p = table[0];                                                                                               \
        for (int k = 1; k < count; k++) {                                                                             \
            p = multiply_add_##T(p, x, table[k]);                                                                     \
        }                                                                                                             \
        return p;                                                                                                     \
    }                                                                                                                 \
    static inline V power_of_two_##T(bits_##T##_v exponent) {                                                         \
        return as_##T##_v((exponent + EXPONENT_BIAS_##T) << FRACTION_BITS_##T);                                       \
    }

DEFINE_POLYNOMIAL(float, float_v)
#if HAS_FP64
DEFINE_POLYNOMIAL(double, double_v)
#endif

// ln 2 as the sum of two parts. The first has few bits, so that its products with exponents are exact.
#define LN2_HIGH_float 0.693359375f
#define LN2_LOW_float -2.12194440e-4f
#define LOG2_E_float 1.44269502f
// exp(x) is 0 below the first and inf above the second. EXP_EXTENDED_LIMIT is the same for exp_extended.
#define EXP_LOWEST_float -104.0f
#define EXP_HIGHEST_float 89.0f
#define EXP_EXTENDED_LIMIT_float 170.0f
#define EXP2_LOWEST_float -151.0f
#define EXP2_HIGHEST_float 129.0f
#define EXPM1_LOWEST_float -20.0f
// Adding 1.5 * 2^23 to a float rounds it to an integer, which is then in the low bits. Twice the exponent bias is added
// too, for first_factor and second_factor.
#define EXPONENT_SHIFT_float 12583166.0f

// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2
__constant float EXP_TAIL_float[] = {1.3940618e-3f, 8.36649e-3f, 4.1666403e-2f, 1.6666543e-1f, 0.5f};
// 2^r for |r| <= 1/2
__constant float EXP2_float[] = {1.5314945e-5f, 1.546711e-4f, 1.3333431e-3f, 9.618036e-3f,
                                 5.550411e-2f,  2.402265e-1f, 6.931472e-1f,  1.0f};

// (exp(r) - 1) / r. Pairs of terms are combined first, which halves the chain of dependent steps of Horner's scheme.
static inline float_v exp_slope_float(float_v r) {
    float_v square = r * r;
    float_v a = multiply_add_float(4.1666403e-2f, r, 1.6666543e-1f);
    float_v b = multiply_add_float(1.3940618e-3f, r, 8.36649e-3f);
    float_v c = multiply_add_float(0.5f, r, 1.0f);
    return multiply_add_float(multiply_add_float(b, square, a), square, c);
}

#if HAS_FP64
#define LN2_HIGH_double 0.693147180559663
#define LN2_LOW_double 2.8235290563031577e-13
#define LOG2_E_double 1.4426950408889634
#define EXP_LOWEST_double -746.0
#define EXP_HIGHEST_double 710.0
#define EXP_EXTENDED_LIMIT_double 1400.0
#define EXP2_LOWEST_double -1076.0
#define EXP2_HIGHEST_double 1025.0
#define EXPM1_LOWEST_double -40.0
#define EXPONENT_SHIFT_double 6755399441057790.0

__constant double EXP_TAIL_double[] = {
    2.092373058590927e-09, 2.510909287847904e-08, 2.755724564786074e-07, 2.755724408370025e-06,
    2.480158735606428e-05, 0.0001984126988620971, 0.0013888888888870154, 0.008333333333321619,
    0.04166666666666669,   0.16666666666666677,   0.5};
__constant double EXP2_double[] = {
    2.574178535093089e-11,  4.4566930214545676e-10, 7.0548882801529345e-09, 1.0178051088118583e-07,
    1.321548683293372e-06,  1.5252733856510432e-05, 0.00015403530393341325, 0.001333355814639017,
    0.009618129107628494,   0.0555041086648217,     0.24022650695910072,    0.6931471805599453,     1.0};

static inline double_v exp_slope_double(double_v r) {
    return multiply_add_double(POLYNOMIAL(double, EXP_TAIL_double, r), r, 1.0);
}
#endif

#define DEFINE_EXPONENTIALS(T, V)                                                                                     \
    /* r and *shifted with x = r + n ln 2, |r| <= ln(2) / 2 and shifted = n + EXPONENT_SHIFT */                       \
    static inline V reduce_exponent_##T(V x, V *shifted) {                                                            \
        *shifted = multiply_add_##T(x, LOG2_E_##T, EXPONENT_SHIFT_##T);                                               \
        V whole = *shifted - EXPONENT_SHIFT_##T;                                                                      \
        V rest = multiply_add_##T(whole, -LN2_HIGH_##T, x);                                                           \
        return multiply_add_##T(whole, -LN2_LOW_##T, rest);                                                           \
    }                                                                                                                 \
    /* 2^n as two factors, so that a subnormal result is rounded only once, and a large one becomes inf */            \
    static inline V first_factor_##T(V shifted) {                                                                     \
        return as_##T##_v((as_unsigned_##T(shifted) >> 1) << FRACTION_BITS_##T);                                      \
    }                                                                                                                 \
    static inline V second_factor_##T(V shifted) {                                                                    \
        unsigned_##T##_v bits = as_unsigned_##T(shifted);                                                             \
        return as_##T##_v((bits - (bits >> 1)) << FRACTION_BITS_##T);                                                 \
    }                                                                                                                 \
    /* 2^(n - lower) as one factor */                                                                                 \
    static inline V whole_factor_##T(V shifted, int lower) {                                                          \
        return as_##T##_v((as_unsigned_##T(shifted) - (EXPONENT_BIAS_##T + lower)) << FRACTION_BITS_##T);             \
    }                                                                                                                 \
                                                                                                                      \
    static inline V exp_##T(V x) {                                                                                    \
        V shifted;                                                                                                    \
        x = x > EXP_HIGHEST_##T ? (V)EXP_HIGHEST_##T : x;                                                             \
        x = x < EXP_LOWEST_##T ? (V)EXP_LOWEST_##T : x;                                                               \
        V r = reduce_exponent_##T(x, &shifted);                                                                       \
        V factor = first_factor_##T(shifted);                                                                         \
        return multiply_add_##T(r * factor, exp_slope_##T(r), factor) * second_factor_##T(shifted);                   \
    }                                                                                                                 \
    /* exp(x) for a result that is a normal number, which the caller must know */                                     \
    static inline V exp_inside_##T(V x) {                                                                             \
        V shifted;                                                                                                    \
        V r = reduce_exponent_##T(x, &shifted);                                                                       \
        V factor = whole_factor_##T(shifted, 0);                                                                      \
        return multiply_add_##T(r * factor, exp_slope_##T(r), factor);                                                \
    }                                                                                                                 \
    /* factor * exp(high + low) for a small low. No intermediate value overflows or becomes subnormal */              \
    static inline V exp_extended_##T(V high, V low, V factor) {                                                       \
        V shifted;                                                                                                    \
        low = fabs(high) < EXP_EXTENDED_LIMIT_##T ? low : (V)0;                                                       \
        high = high > EXP_EXTENDED_LIMIT_##T ? (V)EXP_EXTENDED_LIMIT_##T : high;                                      \
        high = high < -EXP_EXTENDED_LIMIT_##T ? (V)-EXP_EXTENDED_LIMIT_##T : high;                                    \
        V r = reduce_exponent_##T(high, &shifted) + low;                                                              \
        V value = factor * multiply_add_##T(exp_slope_##T(r), r, 1);                                                  \
        return value * first_factor_##T(shifted) * second_factor_##T(shifted);                                        \
    }                                                                                                                 \
    static inline V exp2_##T(V x) {                                                                                   \
        x = x > EXP2_HIGHEST_##T ? (V)EXP2_HIGHEST_##T : x;                                                           \
        x = x < EXP2_LOWEST_##T ? (V)EXP2_LOWEST_##T : x;                                                             \
        V shifted = x + EXPONENT_SHIFT_##T;                                                                           \
        V r = x - (shifted - EXPONENT_SHIFT_##T);                                                                     \
        return POLYNOMIAL(T, EXP2_##T, r) * first_factor_##T(shifted) * second_factor_##T(shifted);                   \
    }                                                                                                                 \
    static inline V expm1_##T(V x) {                                                                                  \
        V shifted;                                                                                                    \
        V inside = x > EXP_HIGHEST_##T ? (V)EXP_HIGHEST_##T : x;                                                      \
        inside = inside < EXPM1_LOWEST_##T ? (V)EXPM1_LOWEST_##T : inside;                                            \
        V r = reduce_exponent_##T(inside, &shifted);                                                                  \
        V p = multiply_add_##T(POLYNOMIAL(T, EXP_TAIL_##T, r), r * r, r);                                             \
        /* half of 2^n, because 2^n itself may overflow although the result does not */                               \
        V half_scale = whole_factor_##T(shifted, 1);                                                                  \
        V value = 2 * multiply_add_##T(p, half_scale, half_scale - (V)0.5f);                                          \
        return x == 0 ? x : value;                                                                                    \
    }

DEFINE_EXPONENTIALS(float, float_v)
#if HAS_FP64
DEFINE_EXPONENTIALS(double, double_v)
#endif
