// What the files of functions share, and exponentials: exp, exp2, expm1. Assumes common.cl.
//
// The functions of float_v and, where the device has it, double_v are written with + - * / sqrt, fma and operations on
// bits only, and without branches that change a result: one lane and every vector width give the same bits. Special
// values are NumPy's. Functions of both types are macros over the type; their constants and polynomials end in _float
// and _double. Without HAS_FMA polynomials use a multiplication and an addition.

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
#define as_unsigned_double as_ulong_v
#define FRACTION_BITS_double 52
#define EXPONENT_BIAS_double 1023
#define SMALLEST_NORMAL_double 0x1p-1022
#define FRACTION_RANGE_double 0x1p53

// a device that has doubles has their fma
static inline double_v multiply_add_double(double_v a, double_v b, double_v c) { return fma(a, b, c); }
#endif

// A polynomial from a table of its coefficients, that of the highest power first
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

// ln 2 in two parts, the first with few enough bits for exact products with exponents
#define LN2_HIGH_float 0.693359375f
#define LN2_LOW_float -2.12194440e-4f
#define LOG2_E_float 1.44269502f
// exp(x) is not 0 or inf between these; neither is the product of exp_extended between the wider limits
#define EXP_LOWEST_float -104.0f
#define EXP_HIGHEST_float 89.0f
#define EXP_EXTENDED_LIMIT_float 170.0f
#define EXP2_LOWEST_float -151.0f
#define EXP2_HIGHEST_float 129.0f
#define EXPM1_LOWEST_float -20.0f
// Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits; twice the bias is added for scale_float
#define EXPONENT_SHIFT_float 12583166.0f

// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2
__constant float EXP_TAIL_float[] = {1.3940618e-3f, 8.36649e-3f, 4.1666403e-2f, 1.6666543e-1f, 0.5f};
// 2^r for |r| <= 1/2
__constant float EXP2_float[] = {1.5314945e-5f, 1.546711e-4f, 1.3333431e-3f, 9.618036e-3f,
                                 5.550411e-2f,  2.402265e-1f, 6.931472e-1f,  1.0f};

// (exp(r) - 1) / r, pairs of terms first: a chain of dependent steps half as long as Horner's
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
    /* 2^n as two factors: what is below the normal numbers is rounded once, what is above them becomes inf */        \
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
    /* where the caller knows that the result is a normal number */                                                   \
    static inline V exp_inside_##T(V x) {                                                                             \
        V shifted;                                                                                                    \
        V r = reduce_exponent_##T(x, &shifted);                                                                       \
        V factor = whole_factor_##T(shifted, 0);                                                                      \
        return multiply_add_##T(r * factor, exp_slope_##T(r), factor);                                                \
    }                                                                                                                 \
    /* factor * exp(high + low) for a small low: nothing but the result overflows or is rounded to a subnormal */     \
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
        /* half of 2^n, which may itself be too large, until the sum is made */                                       \
        V half_scale = whole_factor_##T(shifted, 1);                                                                  \
        V value = 2 * multiply_add_##T(p, half_scale, half_scale - (V)0.5f);                                          \
        return x == 0 ? x : value;                                                                                    \
    }

DEFINE_EXPONENTIALS(float, float_v)
#if HAS_FP64
DEFINE_EXPONENTIALS(double, double_v)
#endif

// Logarithms and powers of float_v and double_v: log, log2, log10, log1p, power. Assumes common.cl and functions.cl.

// From these bits on numbers are above 2/3: where exponents are counted from
#define LOG_SPLIT_float 0x3f2aaaab
#define EXPONENT_MASK_float ((int)0xff800000)
#define ONE_BITS_float 0x3f800000
// 1 is lost in numbers beyond this
#define LOG1P_LARGE_float 1e9f
#define LOG2_E_LOW_float 1.92596303e-8f
#define LOG10_E_float 0.434294492f
#define LOG10_E_LOW_float -1.010305e-8f
#define THIRD_float 0.333333343f
#define THIRD_LOW_float -9.93410776e-9f

// (atanh(s) / s - 1 - z / 3) / z^2 with z = s^2, for |s| <= 1/5
__constant float ATANH_TAIL_float[] = {1.19370796e-1f, 1.4262769e-1f, 2.0000196e-1f};

// log(1 + f) + exponent ln 2 for 2/3 <= 1 + f < 4/3, pairs of terms first as in exp_slope_float
static inline float_v log_sum_float(float_v f, float_v exponent) {
    float_v square = f * f;
    float_v a = multiply_add_float(-2.4999687e-1f, f, 3.3333224e-1f);
    float_v b = multiply_add_float(-1.6685495e-1f, f, 2.0010038e-1f);
    float_v c = multiply_add_float(-1.21148646e-1f, f, 1.4010979e-1f);
    float_v d = multiply_add_float(-1.3192402e-1f, f, 1.3962255e-1f);
    float_v ab = multiply_add_float(b, square, a);
    float_v cd = multiply_add_float(d, square, c);
    float_v p = multiply_add_float(multiply_add_float(cd, square * square, ab), f, -0.5f);
    float_v low = multiply_add_float(exponent, LN2_LOW_float, square * p);
    return multiply_add_float(exponent, LN2_HIGH_float, f + low);
}

#if HAS_FP64
#define LOG_SPLIT_double 0x3fe5555555555555l
#define EXPONENT_MASK_double ((long)0xfff0000000000000l)
#define ONE_BITS_double 0x3ff0000000000000l
#define LOG1P_LARGE_double 1e18
#define LOG2_E_LOW_double 2.0355273740931033e-17
#define LOG10_E_double 0.4342944819032518
#define LOG10_E_LOW_double 1.098319650216765e-17
#define THIRD_double 0.3333333333333333
#define THIRD_LOW_double 1.850371707708594e-17

__constant double ATANH_TAIL_double[] = {0.06881281991378256, 0.06593447278631748, 0.07695107265453917,
                                         0.09090848820070746, 0.11111111834158673, 0.1428571428131767,
                                         0.20000000000010162};
// (log(1 + f) - 2 s) / s^3 with s = f / (2 + f), in s^2
__constant double LOG_double[] = {0.1384083689899145,  0.13173924375218557, 0.15391092658375355, 0.18181666463251964,
                                  0.2222222428675945,  0.28571428555912515, 0.4000000000005634,  0.666666666666666};

// as for floats, in the quotient s, which needs half as many terms
static inline double_v log_sum_double(double_v f, double_v exponent) {
    double_v s = f / (2.0 + f);
    double_v z = s * s;
    double_v half_square = 0.5 * f * f;
    double_v series = multiply_add_double(POLYNOMIAL(double, LOG_double, z), z, half_square);
    double_v low = multiply_add_double(s, series, exponent * LN2_LOW_double);
    return multiply_add_double(exponent, LN2_HIGH_double, f - (half_square - low));
}
#endif

#define DEFINE_LOGARITHMS(T, V)                                                                                       \
    /* f and *exponent with x = (1 + f) 2^exponent and 2/3 <= 1 + f < 4/3, for x > 0 */                               \
    static inline V split_##T(V x, V *exponent) {                                                                     \
        V normal = x < SMALLEST_NORMAL_##T ? x * FRACTION_RANGE_##T : x;                                              \
        bits_##T##_v whole = (as_bits_##T(normal) - LOG_SPLIT_##T) >> FRACTION_BITS_##T;                              \
        V count = convert_##T##_v(whole);                                                                             \
        *exponent = x < SMALLEST_NORMAL_##T ? count - (FRACTION_BITS_##T + 1) : count;                                \
        return as_##T##_v(as_bits_##T(normal) - (whole << FRACTION_BITS_##T)) - 1;                                    \
    }                                                                                                                 \
    /* what a logarithm makes of zero, negative numbers, inf and NaN */                                               \
    static inline V log_edges_##T(V x, V value) {                                                                     \
        value = x == INFINITY ? x : value;                                                                            \
        value = x == 0 ? (V)-INFINITY : value;                                                                        \
        return x >= 0 ? value : (V)NAN;                                                                               \
    }                                                                                                                 \
    static inline V log_##T(V x) {                                                                                    \
        V exponent;                                                                                                   \
        V f = split_##T(x, &exponent);                                                                                \
        return log_edges_##T(x, log_sum_##T(f, exponent));                                                            \
    }                                                                                                                 \
    static inline V log1p_##T(V x) {                                                                                  \
        V sum = 1 + x;                                                                                                \
        bits_##T##_v exponent = (as_bits_##T(sum) - LOG_SPLIT_##T) & EXPONENT_MASK_##T;                               \
        /* x / 2^k + (1 / 2^k - 1), that is (1 + x) / 2^k - 1, rounded once */                                        \
        V scale = as_##T##_v(ONE_BITS_##T - exponent);                                                                \
        V large = as_##T##_v(as_bits_##T(sum) - exponent) - 1;                                                        \
        V f = sum > LOG1P_LARGE_##T ? large : x * scale + (scale - 1);                                                \
        V value = log_sum_##T(f, convert_##T##_v(exponent >> FRACTION_BITS_##T));                                     \
        return x == 0 ? x : log_edges_##T(sum, value);                                                                \
    }                                                                                                                 \
                                                                                                                      \
    /* log(x) as high + low with a relative error of about 2^-33 (float) or 2^-64 (double), for x > 0:                \
       s = f / (2 + f) as s + s_low, log(1 + f) = 2 s (1 + s^2 / 3 + s^4 Q), each sum and product in two parts */     \
    static inline V log_extended_##T(V x, V *low) {                                                                   \
        V exponent;                                                                                                   \
        V f = split_##T(x, &exponent);                                                                                \
        V divisor = 2 + f;                                                                                            \
        V divisor_low = f - (divisor - 2);                                                                            \
        V s = f / divisor;                                                                                            \
        V s_low = (fma(-s, divisor, f) - s * divisor_low) / divisor;                                                  \
        V z = s * s;                                                                                                  \
        V z_low = fma(s, s, -z) + 2 * s * s_low;                                                                      \
        V q = z * POLYNOMIAL(T, ATANH_TAIL_##T, z);                                                                   \
        V u = THIRD_##T + q;                                                                                          \
        V u_low = (THIRD_##T - u) + q + THIRD_LOW_##T;                                                                \
        V w = z * u;                                                                                                  \
        V w_low = fma(z, u, -w) + (z * u_low + z_low * u);                                                            \
        V tail = s * w;                                                                                               \
        V tail_low = fma(s, w, -tail) + (s * w_low + s_low * w);                                                      \
        V sum = s + tail;                                                                                             \
        V sum_low = (s - sum) + tail + (s_low + tail_low);                                                            \
        V base = exponent * LN2_HIGH_##T;                                                                             \
        V high = base + 2 * sum;                                                                                      \
        /* base is 0 or the larger one */                                                                             \
        V error = exponent == 0 ? (V)0 : (base - high) + 2 * sum;                                                     \
        *low = error + multiply_add_##T(exponent, LN2_LOW_##T, 2 * sum_low);                                          \
        return high;                                                                                                  \
    }                                                                                                                 \
    static inline V power_##T(V x, V y) {                                                                             \
        V size = fabs(x);                                                                                             \
        V low;                                                                                                        \
        V high = log_extended_##T(size, &low);                                                                        \
        high = size == 0 ? (V)-INFINITY : high;                                                                       \
        high = size == INFINITY ? (V)INFINITY : high;                                                                 \
        V product = y * high;                                                                                         \
        V value = exp_extended_##T(product, fma(y, high, -product) + y * low, 1);                                     \
        V half_y = (V)0.5f * y;                                                                                       \
        value = rint(y) == y && rint(half_y) != half_y ? copysign(value, x) : value;                                  \
        value = x < 0 && rint(y) != y && x != -INFINITY ? (V)NAN : value;                                             \
        value = x != x || y != y ? (V)NAN : value;                                                                    \
        return x == 1 || y == 0 || (x == -1 && fabs(y) == INFINITY) ? (V)1 : value;                                   \
    }                                                                                                                 \
                                                                                                                      \
    /* logarithms of other bases, right to the last bit but for rare ties: whole powers give whole numbers */         \
    static inline V scaled_log_##T(V x, V scale, V scale_low) {                                                       \
        V low;                                                                                                        \
        V high = log_extended_##T(x, &low);                                                                           \
        V product = high * scale;                                                                                     \
        V rest = fma(high, scale, -product) + (high * scale_low + low * scale);                                       \
        return log_edges_##T(x, product + rest);                                                                      \
    }                                                                                                                 \
    static inline V log2_##T(V x) { return scaled_log_##T(x, LOG2_E_##T, LOG2_E_LOW_##T); }                           \
    static inline V log10_##T(V x) { return scaled_log_##T(x, LOG10_E_##T, LOG10_E_LOW_##T); }

DEFINE_LOGARITHMS(float, float_v)
#if HAS_FP64
DEFINE_LOGARITHMS(double, double_v)
#endif

// tanh, sigmoid, erf, erfc and the activation functions made of them, on float_v and double_v: softplus, log_sigmoid,
// silu, gelu and gelu_tanh, with the derivatives that are more exact or shorter than what the chain rule gives.
// Assumes common.cl, functions.cl and logarithms.cl.

static inline float_v tanh_float(float_v x) {
    float_v size = fabs(x);
    float_v z = x * x;
    float_v p = multiply_add_float(-6.282466e-03f, z, 2.1077752e-02f);
    p = multiply_add_float(p, z, -5.3853855e-02f);
    p = multiply_add_float(p, z, 1.3332602e-01f);
    p = multiply_add_float(p, z, -3.333332e-01f);
    float_v small = multiply_add_float(p * z, size, size);
    float_v large = 1.0f - 2.0f / (exp_inside_float(2.0f * (size > 10.0f ? 10.0f : size)) + 1.0f);
    return copysign(size < 0.55f ? small : large, x);
}

static inline float_v erf_float(float_v x) {
    float_v size = fabs(x);
    float_v z = x * x;
    float_v fourth = z * z;
    float_v a = multiply_add_float(-3.7612626e-01f, z, 1.2837917e-01f);
    float_v b = multiply_add_float(-2.6854437e-02f, z, 1.12835996e-01f);
    float_v c = multiply_add_float(-8.020726e-04f, z, 5.189521e-03f);
    c = multiply_add_float(7.888763e-05f, fourth, c);
    float_v p = multiply_add_float(multiply_add_float(c, fourth, b), fourth, a);
    float_v small = multiply_add_float(p, size, size);
    a = multiply_add_float(6.349917e-01f, size, 1.1286886e+00f);
    b = multiply_add_float(-2.398105e-02f, size, 1.0649578e-01f);
    c = multiply_add_float(-3.474557e-04f, size, 3.7442667e-03f);
    c = multiply_add_float(1.3659174e-05f, z, c);
    float_v q = multiply_add_float(multiply_add_float(c, z, b), z, a);
    float_v large = 1.0f - exp_inside_float(size > 3.93f ? -18.0f : -size * q);
    return copysign(size < 1.0f ? small : large, x);
}

// (1 + 2 x) exp(x^2) erfc(x) in (x - ERFC_CENTER) / (x + ERFC_CENTER)
#define ERFC_CENTER_float 2.0f
#define ERFC_CENTER_double 3.0
__constant float ERFC_float[] = {2.1322099e-04f, -3.0992585e-04f, -1.4675318e-03f, 1.214869e-03f, 8.726731e-03f,
    -8.024019e-03f, -5.4220572e-02f, 1.6405055e-01f, -1.6603038e-01f, -9.276381e-02f, 1.2769784f};
// from here on erfc(x) is not 1 - erf(x), and from there on it is 0
#define ERFC_START_float 0.5f
#define ERFC_START_double 0.75
#define ERFC_END_float 10.5f
#define ERFC_END_double 28.0

#define SQRT_HALF_float 0.707106769f
#define SQRT_HALF_double 0.7071067811865476
#define NORMAL_HEIGHT_float 0.398942292f
#define NORMAL_HEIGHT_double 0.3989422804014327
// sqrt(2 / pi) and that times 0.044715
#define GELU_SLOPE_float 0.797884583f
#define GELU_SLOPE_double 0.7978845608028654
#define GELU_CURVE_float 0.0356774069f
#define GELU_CURVE_double 0.035677408136300125

#if HAS_FP64
__constant double ERFC_double[] = {-1.945639401139548e-08, 3.0743910963175556e-08, 1.1567054186371165e-07,
    -1.3692656995351493e-07, -6.286040068499598e-07, 3.574885529651013e-07, 3.4781213312683936e-06,
    -7.329078286741775e-07, -2.010225019047669e-05, 4.9500898634545505e-06, 0.00012509967314043162,
    -0.00010515993628549014, -0.0007798323122140585, 0.0018886903766791232, 0.0025293918193000165,
    -0.023770514919869493, 0.06830802734382127, -0.11927366341526738, 0.1296451587027645, -0.047562294353451266,
    -0.1356211061245812, 1.2530080582697296};
__constant double ERF_double[] = {5.960337424426988e-11, -1.1374737231504702e-09, 1.4660268348196846e-08,
    -1.635038657368623e-07, 1.646100749137887e-06, -1.4925595704837006e-05, 0.00012055331129843876,
    -0.0008548326981328974, 0.005223977624826476, -0.026866170645077632, 0.11283791670954883, -0.3761263890318375,
    0.1283791670955126};

static inline double_v tanh_double(double_v x) {
    double_v size = fabs(x);
    double_v e = expm1_double(2.0 * (size > 20.0 ? 20.0 : size));
    return copysign(e / (e + 2.0), x);
}
#endif

// erfc(x) for x >= ERFC_START
#define DEFINE_ERFC(T, V)                                                                                             \
    static inline V erfc_tail_##T(V x) {                                                                              \
        V size = x > ERFC_END_##T ? (V)ERFC_END_##T : x;                                                              \
        V place = (size - ERFC_CENTER_##T) / (size + ERFC_CENTER_##T);                                                \
        V height = POLYNOMIAL(T, ERFC_##T, place) / (1 + 2 * size);                                                   \
        V square = size * size;                                                                                       \
        return exp_extended_##T(-square, -fma(size, size, -square), height);                                          \
    }

DEFINE_ERFC(float, float_v)
#if HAS_FP64
DEFINE_ERFC(double, double_v)

static inline double_v erf_double(double_v x) {
    double_v size = fabs(x);
    double_v small = multiply_add_double(POLYNOMIAL(double, ERF_double, x * x), size, size);
    return copysign(size < 1.0 ? small : 1.0 - erfc_tail_double(size), x);
}
#endif

#define DEFINE_ACTIVATIONS(T, V)                                                                                      \
    static inline V erfc_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V tail = erfc_tail_##T(size);                                                                                 \
        return size < ERFC_START_##T ? 1 - erf_##T(x) : x < 0 ? 2 - tail : tail;                                      \
    }                                                                                                                 \
                                                                                                                      \
    static inline V sigmoid_##T(V x) {                                                                                \
        V e = exp_##T(-fabs(x));                                                                                      \
        V divisor = 1 + e;                                                                                            \
        V quotient = (x < 0 ? e : (V)1) / divisor;                                                                    \
        /* the part of e that the divisor lost, divided by it well enough */                                          \
        V lost = e - (divisor - 1);                                                                                   \
        return multiply_add_##T(quotient, lost * ((V)0.5f * e - 1), quotient);                                        \
    }                                                                                                                 \
    static inline V softplus_##T(V x) { return (x < 0 ? (V)0 : x) + log1p_##T(exp_##T(-fabs(x))); }                   \
    static inline V log_sigmoid_##T(V x) { return (x > 0 ? (V)0 : x) - log1p_##T(exp_##T(-fabs(x))); }                \
    static inline V silu_##T(V x) { return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(x); }                          \
    /* what the sigmoid rises by: e^-|x| / (1 + e^-|x|)^2. 0 far from the origin, where *value is 0 or 1. */          \
    static inline V sigmoid_slope_##T(V x, V *value) {                                                                \
        V e = exp_##T(-fabs(x));                                                                                      \
        V divisor = 1 + e;                                                                                            \
        *value = (x < 0 ? e : (V)1) / divisor;                                                                        \
        return e / (divisor * divisor);                                                                               \
    }                                                                                                                 \
    static inline V silu_derivative_##T(V x) {                                                                        \
        V value;                                                                                                      \
        V slope = sigmoid_slope_##T(x, &value);                                                                       \
        return slope == 0 ? value : multiply_add_##T(x, slope, value);                                                \
    }                                                                                                                 \
                                                                                                                      \
    static inline V gelu_##T(V x) {                                                                                   \
        V value = (V)0.5f * x * (1 + erf_##T(x * SQRT_HALF_##T));                                                     \
        return x == -INFINITY ? (V)-0.0f : value;                                                                     \
    }                                                                                                                 \
    static inline V gelu_derivative_##T(V x) {                                                                        \
        V density = fabs(x) == INFINITY ? (V)0 : x * NORMAL_HEIGHT_##T * exp_##T((V)-0.5f * x * x);                   \
        return (V)0.5f * (1 + erf_##T(x * SQRT_HALF_##T)) + density;                                                  \
    }                                                                                                                 \
    /* x / 2 (1 + tanh(u)) is x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3) */                                  \
    static inline V gelu_tanh_##T(V x) {                                                                              \
        V u = x * multiply_add_##T(x * x, GELU_CURVE_##T, GELU_SLOPE_##T);                                            \
        return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(2 * u);                                                    \
    }                                                                                                                 \
    static inline V gelu_tanh_derivative_##T(V x) {                                                                   \
        V square = x * x;                                                                                             \
        V value;                                                                                                      \
        V slope = sigmoid_slope_##T(2 * x * multiply_add_##T(square, GELU_CURVE_##T, GELU_SLOPE_##T), &value);        \
        V inner = x * multiply_add_##T(square, 6 * GELU_CURVE_##T, 2 * GELU_SLOPE_##T);                               \
        return slope == 0 ? value : multiply_add_##T(inner, slope, value);                                            \
    }

DEFINE_ACTIVATIONS(float, float_v)
#if HAS_FP64
DEFINE_ACTIVATIONS(double, double_v)
#endif
