// Exponentials, logarithms and powers of float_v and, where the device has it, double_v: exp, exp2, expm1, log, log2,
// log10, log1p, power. And what the other files of functions share.
//
// Assumes common.cl. Written with + - * / sqrt, fma and bit operations only, without branches, so that a
// scalar and every vector width give the same bits. The special values are NumPy's. Without HAS_FMA the
// polynomials use a multiplication and an addition.

#ifndef HAS_FMA
#define HAS_FMA 0           // 1: fma is one instruction
#endif

#if VECTOR_WIDTH == 1
#define ANY(mask) (mask)
#else
#define ANY(mask) any(mask)
#endif

static inline float_v multiply_add_float(float_v a, float_v b, float_v c) {
#if HAS_FMA
  return fma(a, b, c);
#else
  return a * b + c;
#endif
}

// ln 2 in two parts, the first with few enough bits for exact products with exponents; logarithms of e
#define LN2_HIGH_float 0.693359375f
#define LN2_LOW_float -2.12194440e-4f
#define LOG2_E_float 1.44269502f
#define LOG2_E_LOW_float 1.92596303e-08f
#define LOG10_E_float 0.434294492f
#define LOG10_E_LOW_float -1.010305e-08f
#define THIRD_float 0.333333343f
#define THIRD_LOW_float -9.93410776e-09f
// exp_extended takes its argument for no larger than this: far enough beyond what the result's factor can undo
#define EXP_LIMIT_float 170.0f

// exp(x) = parts * 2^count with |x - count ln 2| <= ln(2)/2. Adding 1.5 * 2^23 rounds to an integer and
// leaves it in the low bits; the 254 is the exponent bias of the two factors of scale_float.
#define EXPONENT_SHIFT_float 12583166.0f

static inline float_v reduce_exponent_float(float_v x, float_v *count) {
  float_v shifted = multiply_add_float(x, LOG2_E_float, EXPONENT_SHIFT_float);
  float_v whole = shifted - EXPONENT_SHIFT_float;
  *count = shifted;
  float_v rest = multiply_add_float(whole, -LN2_HIGH_float, x);
  return multiply_add_float(whole, -LN2_LOW_float, rest);
}

// (exp(r) - 1 - r) / r^2 for |r| <= ln(2)/2
static inline float_v exp_tail_float(float_v r) {
  float_v p = multiply_add_float(1.3940618e-03f, r, 8.36649e-03f);
  p = multiply_add_float(p, r, 4.1666403e-02f);
  p = multiply_add_float(p, r, 1.6666543e-01f);
  return multiply_add_float(p, r, 0.5f);
}

// value * 2^count, count as left by reduce_exponent_float, in two steps so that results below the normal
// range are rounded once and results above it become inf.
static inline float_v scale_float(float_v value, float_v count) {
  uint_v bits = as_uint_v(count);
  uint_v half_bits = bits >> 1;
  return value * as_float_v(half_bits << 23) * as_float_v((bits - half_bits) << 23);
}

static inline float_v exp_float(float_v x) {
  float_v count;
  x = x > 89.0f ? 89.0f : x;
  x = x < -104.0f ? -104.0f : x;
  float_v r = reduce_exponent_float(x, &count);
  float_v p = multiply_add_float(exp_tail_float(r), r, 1.0f);
  return scale_float(multiply_add_float(p, r, 1.0f), count);
}

// exp(x) for -87 < x < 88
static inline float_v exp_inside_float(float_v x) {
  float_v count;
  float_v r = reduce_exponent_float(x, &count);
  float_v p = multiply_add_float(exp_tail_float(r), r, 1.0f);
  return multiply_add_float(p, r, 1.0f) * as_float_v((as_uint_v(count) - 127) << 23);
}

static inline float_v expm1_float(float_v x) {
  float_v count;
  float_v safe = x > 89.0f ? 89.0f : x;
  safe = safe < -20.0f ? -20.0f : safe;
  float_v r = reduce_exponent_float(safe, &count);
  float_v p = multiply_add_float(exp_tail_float(r), r * r, r);
  // half of 2^count, so that 2^128 does not overflow before the sum is made
  float_v scale = as_float_v((as_uint_v(count) - 128) << 23);
  float_v result = 2.0f * multiply_add_float(p, scale, scale - 0.5f);
  return x == 0.0f ? x : result;
}

static inline float_v exp2_float(float_v x) {
  x = x > 129.0f ? 129.0f : x;
  x = x < -151.0f ? -151.0f : x;
  float_v count = x + EXPONENT_SHIFT_float;
  float_v r = x - (count - EXPONENT_SHIFT_float);
  float_v p = multiply_add_float(1.5314945e-05f, r, 1.546711e-04f);
  p = multiply_add_float(p, r, 1.3333431e-03f);
  p = multiply_add_float(p, r, 9.618036e-03f);
  p = multiply_add_float(p, r, 5.550411e-02f);
  p = multiply_add_float(p, r, 2.402265e-01f);
  p = multiply_add_float(p, r, 6.931472e-01f);
  return scale_float(multiply_add_float(p, r, 1.0f), count);
}

// log(1 + f) + count ln 2 for 2/3 <= 1 + f < 4/3
static inline float_v log_sum_float(float_v f, float_v count) {
  float_v square = f * f;
  float_v p = multiply_add_float(-1.3192402e-01f, f, 1.3962255e-01f);
  p = multiply_add_float(p, f, -1.21148646e-01f);
  p = multiply_add_float(p, f, 1.4010979e-01f);
  p = multiply_add_float(p, f, -1.6685495e-01f);
  p = multiply_add_float(p, f, 2.0010038e-01f);
  p = multiply_add_float(p, f, -2.4999687e-01f);
  p = multiply_add_float(p, f, 3.3333224e-01f);
  p = multiply_add_float(p, f, -0.5f);
  float_v low = multiply_add_float(count, LN2_LOW_float, square * p);
  return multiply_add_float(count, LN2_HIGH_float, f + low);
}

// x = (1 + f) * 2^count with 2/3 <= 1 + f < 4/3, for x > 0
static inline float_v split_float(float_v x, float_v *count) {
  float_v normal = x < 1.17549435e-38f ? x * 8388608.0f : x;
  int_v bits = as_int_v(normal) - 0x3f2aaaab;
  int_v exponent = bits >> 23;
  float_v whole = convert_float_v(exponent);
  *count = x < 1.17549435e-38f ? whole - 23.0f : whole;
  return as_float_v(as_int_v(normal) - (exponent << 23)) - 1.0f;
}

// What a logarithm makes of zero, negative numbers, inf and NaN
static inline float_v log_edges_float(float_v x, float_v result) {
  result = x == INFINITY ? x : result;
  result = x == 0.0f ? -INFINITY : result;
  return x >= 0.0f ? result : NAN;
}

static inline float_v log_float(float_v x) {
  float_v count;
  float_v f = split_float(x, &count);
  return log_edges_float(x, log_sum_float(f, count));
}

static inline float_v log1p_float(float_v x) {
  float_v sum = 1.0f + x;
  int_v exponent = (as_int_v(sum) - 0x3f2aaaab) & (int)0xff800000;
  // x / 2^k + (1 / 2^k - 1): the sum 1 + x scaled into 2/3 .. 4/3, rounded once
  float_v scale = as_float_v(0x3f800000 - exponent);
  float_v f = sum > 1e9f ? as_float_v(as_int_v(sum) - exponent) - 1.0f : x * scale + (scale - 1.0f);
  float_v result = log_sum_float(f, convert_float_v(exponent >> 23));
  return x == 0.0f ? x : log_edges_float(sum, result);
}

// (atanh(s) / s - 1 - z / 3) / z^2 with z = s^2 for |s| <= 1/5
static inline float_v atanh_tail_float(float_v z) {
  float_v q = multiply_add_float(1.19370796e-01f, z, 1.4262769e-01f);
  return multiply_add_float(q, z, 2.0000196e-01f);
}

// the polynomial with a table of coefficients, the highest power's first
#define POLYNOMIAL(T, TABLE, x) polynomial_##T(TABLE, sizeof(TABLE) / sizeof(T), x)

static inline float_v polynomial_float(__constant const float *table, int count, float_v x) {
  float_v p = table[0];
  for (int k = 1; k < count; k++) {
    p = multiply_add_float(p, x, table[k]);
  }
  return p;
}

#if HAS_FP64
#define LN2_HIGH_double 0.693147180559663
#define LN2_LOW_double 2.8235290563031577e-13
#define LOG2_E_double 1.4426950408889634
#define LOG2_E_LOW_double 2.0355273740931033e-17
#define LOG10_E_double 0.4342944819032518
#define LOG10_E_LOW_double 1.098319650216765e-17
#define THIRD_double 0.3333333333333333
#define THIRD_LOW_double 1.850371707708594e-17
#define EXP_LIMIT_double 1400.0
#define EXPONENT_SHIFT_double 6755399441057790.0

// a device that has doubles has their fma
static inline double_v multiply_add_double(double_v a, double_v b, double_v c) { return fma(a, b, c); }

static inline double_v polynomial_double(__constant const double *table, int count, double_v x) {
  double_v p = table[0];
  for (int k = 1; k < count; k++) {
    p = multiply_add_double(p, x, table[k]);
  }
  return p;
}

static inline double_v reduce_exponent_double(double_v x, double_v *count) {
  double_v shifted = multiply_add_double(x, LOG2_E_double, EXPONENT_SHIFT_double);
  double_v whole = shifted - EXPONENT_SHIFT_double;
  *count = shifted;
  return multiply_add_double(whole, -LN2_LOW_double, multiply_add_double(whole, -LN2_HIGH_double, x));
}

static inline double_v exp_tail_double(double_v r) {
  double_v p = multiply_add_double(2.092373058590927e-09, r, 2.510909287847904e-08);
  p = multiply_add_double(p, r, 2.755724564786074e-07);
  p = multiply_add_double(p, r, 2.755724408370025e-06);
  p = multiply_add_double(p, r, 2.480158735606428e-05);
  p = multiply_add_double(p, r, 0.0001984126988620971);
  p = multiply_add_double(p, r, 0.0013888888888870154);
  p = multiply_add_double(p, r, 0.008333333333321619);
  p = multiply_add_double(p, r, 0.04166666666666669);
  p = multiply_add_double(p, r, 0.16666666666666677);
  return multiply_add_double(p, r, 0.5);
}

static inline double_v scale_double(double_v value, double_v count) {
  ulong_v bits = as_ulong_v(count);
  ulong_v half_bits = bits >> 1;
  return value * as_double_v(half_bits << 52) * as_double_v((bits - half_bits) << 52);
}

static inline double_v exp_double(double_v x) {
  double_v count;
  x = x > 710.0 ? 710.0 : x;
  x = x < -746.0 ? -746.0 : x;
  double_v r = reduce_exponent_double(x, &count);
  double_v p = multiply_add_double(exp_tail_double(r), r, 1.0);
  return scale_double(multiply_add_double(p, r, 1.0), count);
}

static inline double_v expm1_double(double_v x) {
  double_v count;
  double_v safe = x > 710.0 ? 710.0 : x;
  safe = safe < -40.0 ? -40.0 : safe;
  double_v r = reduce_exponent_double(safe, &count);
  double_v p = multiply_add_double(exp_tail_double(r), r * r, r);
  double_v scale = as_double_v((as_ulong_v(count) - 1024) << 52);
  double_v result = 2.0 * multiply_add_double(p, scale, scale - 0.5);
  return x == 0.0 ? x : result;
}

static inline double_v exp2_double(double_v x) {
  x = x > 1025.0 ? 1025.0 : x;
  x = x < -1076.0 ? -1076.0 : x;
  double_v count = x + EXPONENT_SHIFT_double;
  double_v r = x - (count - EXPONENT_SHIFT_double);
  double_v p = multiply_add_double(2.574178535093089e-11, r, 4.4566930214545676e-10);
  p = multiply_add_double(p, r, 7.0548882801529345e-09);
  p = multiply_add_double(p, r, 1.0178051088118583e-07);
  p = multiply_add_double(p, r, 1.321548683293372e-06);
  p = multiply_add_double(p, r, 1.5252733856510432e-05);
  p = multiply_add_double(p, r, 0.00015403530393341325);
  p = multiply_add_double(p, r, 0.001333355814639017);
  p = multiply_add_double(p, r, 0.009618129107628494);
  p = multiply_add_double(p, r, 0.0555041086648217);
  p = multiply_add_double(p, r, 0.24022650695910072);
  p = multiply_add_double(p, r, 0.6931471805599453);
  return scale_double(multiply_add_double(p, r, 1.0), count);
}

// as for floats, with the quotient s = f / (2 + f), which needs half as many terms
static inline double_v log_sum_double(double_v f, double_v count) {
  double_v s = f / (2.0 + f);
  double_v z = s * s;
  double_v p = multiply_add_double(0.1384083689899145, z, 0.13173924375218557);
  p = multiply_add_double(p, z, 0.15391092658375355);
  p = multiply_add_double(p, z, 0.18181666463251964);
  p = multiply_add_double(p, z, 0.2222222428675945);
  p = multiply_add_double(p, z, 0.28571428555912515);
  p = multiply_add_double(p, z, 0.4000000000005634);
  p = multiply_add_double(p, z, 0.666666666666666);
  double_v half_square = 0.5 * f * f;
  double_v low = multiply_add_double(s, multiply_add_double(p, z, half_square), count * LN2_LOW_double);
  return multiply_add_double(count, LN2_HIGH_double, f - (half_square - low));
}

static inline double_v split_double(double_v x, double_v *count) {
  double_v normal = x < 2.2250738585072014e-308 ? x * 4503599627370496.0 : x;
  long_v exponent = (as_long_v(normal) - 0x3fe5555555555555l) >> 52;
  double_v whole = convert_double_v(exponent);
  *count = x < 2.2250738585072014e-308 ? whole - 52.0 : whole;
  return as_double_v(as_long_v(normal) - (exponent << 52)) - 1.0;
}

static inline double_v log_edges_double(double_v x, double_v result) {
  result = x == INFINITY ? x : result;
  result = x == 0.0 ? (double_v)-INFINITY : result;
  return x >= 0.0 ? result : (double_v)NAN;
}

static inline double_v log_double(double_v x) {
  double_v count;
  double_v f = split_double(x, &count);
  return log_edges_double(x, log_sum_double(f, count));
}

static inline double_v log1p_double(double_v x) {
  double_v sum = 1.0 + x;
  long_v exponent = (as_long_v(sum) - 0x3fe5555555555555l) & (long)0xfff0000000000000l;
  double_v scale = as_double_v(0x3ff0000000000000l - exponent);
  double_v f = sum > 1e18 ? as_double_v(as_long_v(sum) - exponent) - 1.0 : x * scale + (scale - 1.0);
  double_v result = log_sum_double(f, convert_double_v(exponent >> 52));
  return x == 0.0 ? x : log_edges_double(sum, result);
}

static inline double_v atanh_tail_double(double_v z) {
  double_v q = multiply_add_double(0.06881281991378256, z, 0.06593447278631748);
  q = multiply_add_double(q, z, 0.07695107265453917);
  q = multiply_add_double(q, z, 0.09090848820070746);
  q = multiply_add_double(q, z, 0.11111111834158673);
  q = multiply_add_double(q, z, 0.1428571428131767);
  return multiply_add_double(q, z, 0.20000000000010162);
}
#endif

// log(x) as high + low with about 2^-33 (float) or 2^-64 (double) relative error, for x > 0:
// s = f / (2 + f) as s + s_low, log(1 + f) = 2 s (1 + s^2 / 3 + s^4 Q), each sum and product in two parts
#define DEFINE_EXTENDED(T, V)                                                                                         \
  static inline V log_extended_##T(V x, V *low) {                                                                     \
    V count;                                                                                                          \
    V f = split_##T(x, &count);                                                                                       \
    V divisor = 2 + f;                                                                                                \
    V divisor_low = f - (divisor - 2);                                                                                \
    V s = f / divisor;                                                                                                \
    V s_low = (fma(-s, divisor, f) - s * divisor_low) / divisor;                                                      \
    V z = s * s;                                                                                                      \
    V z_low = fma(s, s, -z) + 2 * s * s_low;                                                                          \
    V q = z * atanh_tail_##T(z);                                                                                      \
    V u = THIRD_##T + q;                                                                                              \
    V u_low = (THIRD_##T - u) + q + THIRD_LOW_##T;                                                                    \
    V w = z * u;                                                                                                      \
    V w_low = fma(z, u, -w) + (z * u_low + z_low * u);                                                                \
    V tail = s * w;                                                                                                   \
    V tail_low = fma(s, w, -tail) + (s * w_low + s_low * w);                                                          \
    V sum = s + tail;                                                                                                 \
    V sum_low = (s - sum) + tail + (s_low + tail_low);                                                                \
    V base = count * LN2_HIGH_##T;                                                                                    \
    V high = base + 2 * sum;                                                                                          \
    /* base is 0 or the larger one */                                                                                 \
    V error = count == 0 ? (V)0 : (base - high) + 2 * sum;                                                            \
    *low = error + multiply_add_##T(count, LN2_LOW_##T, 2 * sum_low);                                                 \
    return high;                                                                                                      \
  }                                                                                                                   \
                                                                                                                      \
  /* factor * exp(high + low) for a small low: nothing but the result itself overflows or is rounded to a subnormal */\
  static inline V exp_extended_##T(V high, V low, V factor) {                                                         \
    V count;                                                                                                          \
    low = fabs(high) < EXP_LIMIT_##T ? low : (V)0;                                                                    \
    high = high > EXP_LIMIT_##T ? (V)EXP_LIMIT_##T : high;                                                            \
    high = high < -EXP_LIMIT_##T ? (V)-EXP_LIMIT_##T : high;                                                          \
    V r = reduce_exponent_##T(high, &count) + low;                                                                    \
    V p = multiply_add_##T(exp_tail_##T(r), r, 1);                                                                    \
    return scale_##T(factor * multiply_add_##T(p, r, 1), count);                                                      \
  }                                                                                                                   \
                                                                                                                      \
  static inline V power_##T(V x, V y) {                                                                               \
    V size = fabs(x);                                                                                                 \
    V low;                                                                                                            \
    V high = log_extended_##T(size, &low);                                                                            \
    high = size == 0 ? (V)-INFINITY : high;                                                                           \
    high = size == INFINITY ? (V)INFINITY : high;                                                                     \
    V product = y * high;                                                                                             \
    V result = exp_extended_##T(product, fma(y, high, -product) + y * low, 1);                                        \
    mask_##T whole = rint(y) == y;                                                                                    \
    V half_y = (V)0.5f * y;                                                                                           \
    mask_##T odd = whole && rint(half_y) != half_y;                                                                   \
    result = odd ? copysign(result, x) : result;                                                                      \
    result = x < 0 && !whole && x != -INFINITY ? (V)NAN : result;                                                     \
    result = x != x || y != y ? (V)NAN : result;                                                                      \
    return x == 1 || y == 0 || (x == -1 && fabs(y) == INFINITY) ? (V)1 : result;                                      \
  }                                                                                                                   \
                                                                                                                      \
  /* logarithms of other bases, right to the last bit but for rare ties: whole powers give whole numbers */           \
  static inline V scaled_log_##T(V x, V scale, V scale_low) {                                                         \
    V low;                                                                                                            \
    V high = log_extended_##T(x, &low);                                                                               \
    V product = high * scale;                                                                                         \
    return log_edges_##T(x, product + (fma(high, scale, -product) + (high * scale_low + low * scale)));               \
  }                                                                                                                   \
  static inline V log2_##T(V x) { return scaled_log_##T(x, LOG2_E_##T, LOG2_E_LOW_##T); }                             \
  static inline V log10_##T(V x) { return scaled_log_##T(x, LOG10_E_##T, LOG10_E_LOW_##T); }

DEFINE_EXTENDED(float, float_v)
#if HAS_FP64
DEFINE_EXTENDED(double, double_v)
#endif


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
  float_v p = multiply_add_float(7.888763e-05f, z, -8.020726e-04f);
  p = multiply_add_float(p, z, 5.189521e-03f);
  p = multiply_add_float(p, z, -2.6854437e-02f);
  p = multiply_add_float(p, z, 1.12835996e-01f);
  p = multiply_add_float(p, z, -3.7612626e-01f);
  p = multiply_add_float(p, z, 1.2837917e-01f);
  float_v small = multiply_add_float(p, size, size);
  float_v q = multiply_add_float(1.3659174e-05f, size, -3.474557e-04f);
  q = multiply_add_float(q, size, 3.7442667e-03f);
  q = multiply_add_float(q, size, -2.398105e-02f);
  q = multiply_add_float(q, size, 1.0649578e-01f);
  q = multiply_add_float(q, size, 6.349917e-01f);
  q = multiply_add_float(q, size, 1.1286886e+00f);
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
#define ERFC_TAIL(T, V, size)
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

#define DEFINE_ERFC(T, V)                                                                                             \
  static inline V erfc_tail_##T(V x) {                                                                                \
    V size = x > ERFC_END_##T ? (V)ERFC_END_##T : x;                                                                  \
    V place = (size - ERFC_CENTER_##T) / (size + ERFC_CENTER_##T);                                                    \
    V height = POLYNOMIAL(T, ERFC_##T, place) / (1 + 2 * size);                                                       \
    V square = size * size;                                                                                           \
    return exp_extended_##T(-square, -fma(size, size, -square), height);                                              \
  }                                                                                                                   \


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
  static inline V erfc_##T(V x) {                                                                                     \
    V size = fabs(x);                                                                                                 \
    V tail = erfc_tail_##T(size);                                                                                     \
    return size < ERFC_START_##T ? 1 - erf_##T(x) : x < 0 ? 2 - tail : tail;                                          \
  }                                                                                                                   \
                                                                                                                      \
  static inline V sigmoid_##T(V x) {                                                                                  \
    V e = exp_##T(-fabs(x));                                                                                          \
    V divisor = 1 + e;                                                                                                \
    V quotient = (x < 0 ? e : (V)1) / divisor;                                                                        \
    /* the part of e that the divisor lost, divided by it well enough */                                              \
    V lost = e - (divisor - 1);                                                                                       \
    return multiply_add_##T(quotient, lost * ((V)0.5f * e - 1), quotient);                                            \
  }                                                                                                                   \
  static inline V softplus_##T(V x) { return (x < 0 ? (V)0 : x) + log1p_##T(exp_##T(-fabs(x))); }                     \
  static inline V log_sigmoid_##T(V x) { return (x > 0 ? (V)0 : x) - log1p_##T(exp_##T(-fabs(x))); }                  \
  static inline V silu_##T(V x) { return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(x); }                            \
  /* what the sigmoid rises by: e^-|x| / (1 + e^-|x|)^2. 0 far from the origin, where *value is 0 or 1. */            \
  static inline V sigmoid_slope_##T(V x, V *value) {                                                                  \
    V e = exp_##T(-fabs(x));                                                                                          \
    V divisor = 1 + e;                                                                                                \
    *value = (x < 0 ? e : (V)1) / divisor;                                                                            \
    return e / (divisor * divisor);                                                                                   \
  }                                                                                                                   \
  static inline V silu_derivative_##T(V x) {                                                                          \
    V value;                                                                                                          \
    V slope = sigmoid_slope_##T(x, &value);                                                                           \
    return slope == 0 ? value : multiply_add_##T(x, slope, value);                                                    \
  }                                                                                                                   \
                                                                                                                      \
  static inline V gelu_##T(V x) {                                                                                     \
    V value = (V)0.5f * x * (1 + erf_##T(x * SQRT_HALF_##T));                                                         \
    return x == -INFINITY ? (V)-0.0f : value;                                                                         \
  }                                                                                                                   \
  static inline V gelu_derivative_##T(V x) {                                                                          \
    V density = fabs(x) == INFINITY ? (V)0 : x * NORMAL_HEIGHT_##T * exp_##T((V)-0.5f * x * x);                       \
    return (V)0.5f * (1 + erf_##T(x * SQRT_HALF_##T)) + density;                                                      \
  }                                                                                                                   \
  /* x / 2 (1 + tanh(u)) is x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3) */                                    \
  static inline V gelu_tanh_##T(V x) {                                                                                \
    V u = x * multiply_add_##T(x * x, GELU_CURVE_##T, GELU_SLOPE_##T);                                                \
    return x == -INFINITY ? (V)-0.0f : x * sigmoid_##T(2 * u);                                                        \
  }                                                                                                                   \
  static inline V gelu_tanh_derivative_##T(V x) {                                                                     \
    V square = x * x;                                                                                                 \
    V value;                                                                                                          \
    V slope = sigmoid_slope_##T(2 * x * multiply_add_##T(square, GELU_CURVE_##T, GELU_SLOPE_##T), &value);            \
    V inner = x * multiply_add_##T(square, 6 * GELU_CURVE_##T, 2 * GELU_SLOPE_##T);                                   \
    return slope == 0 ? value : multiply_add_##T(inner, slope, value);                                                \
  }

DEFINE_ACTIVATIONS(float, float_v)
#if HAS_FP64
DEFINE_ACTIVATIONS(double, double_v)
#endif
