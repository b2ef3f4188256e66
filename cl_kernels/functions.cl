// Elementary functions on float_v (and, where the device has it, double_v).
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

// exp(x) = parts * 2^count with |x - count ln 2| <= ln(2)/2. Adding 1.5 * 2^23 rounds to an integer and
// leaves it in the low bits; the 254 is the exponent bias of the two factors of scale_float.
#define EXPONENT_SHIFT_FLOAT 12583166.0f

static inline float_v reduce_exponent_float(float_v x, float_v *count) {
  float_v shifted = multiply_add_float(x, 1.44269504f, EXPONENT_SHIFT_FLOAT);
  float_v whole = shifted - EXPONENT_SHIFT_FLOAT;
  *count = shifted;
  // ln 2 in two parts; the first has few enough bits for an exact product
  float_v rest = multiply_add_float(whole, -0.693359375f, x);
  return multiply_add_float(whole, 2.12194440e-4f, rest);
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
  float_v count = x + EXPONENT_SHIFT_FLOAT;
  float_v r = x - (count - EXPONENT_SHIFT_FLOAT);
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
  float_v low = multiply_add_float(count, -2.12194440e-4f, square * p);
  return multiply_add_float(count, 0.693359375f, f + low);
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

static inline float_v tanh_float(float_v x) {
  float_v size = fabs(x);
  float_v z = x * x;
  float_v p = multiply_add_float(-6.282466e-03f, z, 2.1077752e-02f);
  p = multiply_add_float(p, z, -5.3853855e-02f);
  p = multiply_add_float(p, z, 1.3332602e-01f);
  p = multiply_add_float(p, z, -3.333332e-01f);
  float_v small = multiply_add_float(p * z, size, size);
  float_v large = 1.0f - 2.0f / (exp_float(2.0f * size) + 1.0f);
  return copysign(size < 0.55f ? small : large, x);
}

static inline float_v sigmoid_float(float_v x) {
  float_v e = exp_float(-fabs(x));
  float_v divisor = 1.0f + e;
  float_v quotient = (x < 0.0f ? e : 1.0f) / divisor;
  // the part of e lost in the divisor, divided by it well enough
  float_v lost = e - (divisor - 1.0f);
  return multiply_add_float(quotient, lost * (0.5f * e - 1.0f), quotient);
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
  float_v large = 1.0f - exp_float(size > 3.93f ? -18.0f : -size * q);
  return copysign(size < 1.0f ? small : large, x);
}

// log(x) as high + low with about 2^-33 relative error, for x > 0
static inline float_v log_extended_float(float_v x, float_v *low) {
  float_v count;
  float_v f = split_float(x, &count);
  // s = f / (2 + f) as s + s_low; log(1 + f) = 2 s (1 + s^2 / 3 + s^4 Q)
  float_v divisor = 2.0f + f;
  float_v divisor_low = f - (divisor - 2.0f);
  float_v s = f / divisor;
  float_v s_low = (fma(-s, divisor, f) - s * divisor_low) / divisor;
  float_v z = s * s;
  float_v z_low = fma(s, s, -z) + 2.0f * s * s_low;
  float_v q = multiply_add_float(1.19370796e-01f, z, 1.4262769e-01f);
  q = z * multiply_add_float(q, z, 2.0000196e-01f);
  // w = z * (1/3 + q) in two parts, then 2 s (1 + w)
  float_v u = 0.33333334f + q;
  float_v u_low = (0.33333334f - u) + q - 9.9341075e-9f;
  float_v w = z * u;
  float_v w_low = fma(z, u, -w) + (z * u_low + z_low * u);
  float_v tail = s * w;
  float_v tail_low = fma(s, w, -tail) + (s * w_low + s_low * w);
  float_v sum = s + tail;
  float_v sum_low = (s - sum) + tail + (s_low + tail_low);
  float_v base = count * 0.693359375f;
  float_v high = base + 2.0f * sum;
  // base is 0 or the larger one
  float_v error = count == 0.0f ? 0.0f : (base - high) + 2.0f * sum;
  *low = error + multiply_add_float(count, -2.12194440e-4f, 2.0f * sum_low);
  return high;
}

static inline float_v pow_float(float_v x, float_v y) {
  float_v size = fabs(x);
  float_v low;
  float_v high = log_extended_float(size, &low);
  high = size == 0.0f ? -INFINITY : high;
  high = size == INFINITY ? INFINITY : high;
  float_v power = y * high;
  float_v power_low = fma(y, high, -power) + y * low;
  power_low = fabs(power) < 110.0f ? power_low : 0.0f;
  power = power > 89.0f ? 89.0f : power;
  power = power < -104.0f ? -104.0f : power;
  float_v count;
  float_v r = reduce_exponent_float(power, &count) + power_low;
  float_v p = multiply_add_float(exp_tail_float(r), r, 1.0f);
  float_v result = scale_float(multiply_add_float(p, r, 1.0f), count);
  int_v whole = rint(y) == y;
  float_v half_y = 0.5f * y;
  int_v odd = whole && rint(half_y) != half_y;
  result = odd ? copysign(result, x) : result;
  result = x < 0.0f && !whole && x != -INFINITY ? NAN : result;
  result = x != x || y != y ? NAN : result;
  return x == 1.0f || y == 0.0f || (x == -1.0f && fabs(y) == INFINITY) ? 1.0f : result;
}
