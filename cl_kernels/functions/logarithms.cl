// Logarithms and powers of float_v and double_v: log, log2, log10, log1p, power. Assumes common.cl and exponentials.cl.

// The bits of 2/3: x is split into 2^exponent times a number from 2/3 to 4/3
#define LOG_SPLIT_float 0x3f2aaaab
#define EXPONENT_MASK_float ((int)0xff800000)
#define ONE_BITS_float 0x3f800000
// For x beyond this, 1 + x rounds to x
#define LOG1P_LARGE_float 1e9f
#define LOG2_E_LOW_float 1.92596303e-8f
#define LOG10_E_float 0.434294492f
#define LOG10_E_LOW_float -1.010305e-8f
#define THIRD_float 0.333333343f
#define THIRD_LOW_float -9.93410776e-9f

// (atanh(s) / s - 1 - z / 3) / z^2 with z = s^2, for |s| <= 1/5
__constant float ATANH_TAIL_float[] = {1.19370796e-1f, 1.4262769e-1f, 2.0000196e-1f};

// log(1 + f) + exponent ln 2 for 2/3 <= 1 + f < 4/3. Pairs of terms are combined first, as in exp_slope_float.
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

// The same for double, as a series in s = f / (2 + f), which needs half as many terms
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
    /* the logarithm of zero, negative numbers, inf and NaN; `value` for other x */                                   \
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
        /* f = (1 + x) / 2^k - 1, as x / 2^k + (1 / 2^k - 1), which is rounded only once */                           \
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
        /* base is 0 or larger than 2 * sum, so this is the exact rounding error of high */                           \
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
    /* logarithms of other bases, with the right last bit except for rare ties: log2(8) is exactly 3 */               \
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
