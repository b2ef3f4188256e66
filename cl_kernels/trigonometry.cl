// Trigonometric functions on float_v and double_v. Assumes common.cl and functions.cl.

// Angles beyond this are reduced lane by lane with as many bits of 2/pi as it takes
#if HAS_FMA
#define LARGE_ANGLE_FLOAT 1e5f
#else
#define LARGE_ANGLE_FLOAT 6400.0f
#endif

__constant uint TWO_OVER_PI_BITS[] = {0u,          0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                      0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

// x - quadrant * pi/2 within -pi/4 .. pi/4 for any finite x (Payne and Hanek)
static inline float reduce_large_angle_float(float x, int *quadrant) {
  uint bits = as_uint(x);
  uint fraction = (bits & 0x7fffff) | 0x800000;
  // x = fraction * 2^(exponent - 150); bit 0 of the window below has weight 4
  int exponent = (int)((bits >> 23) & 255);
  int position = exponent - 150 + 30;
  int word = position >> 5;
  int shift = position & 31;
  ulong first = ((ulong)TWO_OVER_PI_BITS[word] << 32) | TWO_OVER_PI_BITS[word + 1];
  ulong second = ((ulong)TWO_OVER_PI_BITS[word + 2] << 32) | TWO_OVER_PI_BITS[word + 3];
  ulong window = shift ? (first << shift) | (second >> (64 - shift)) : first;
  uint window_low = (uint)((second << shift) >> 32);
  ulong product = fraction * window + (((ulong)fraction * window_low) >> 32);
  int nearest = (int)((product + (1ul << 61)) >> 62);
  long rest = (long)(product - ((ulong)nearest << 62));
  float high = convert_float_rte(rest);
  float low = convert_float_rte(rest - convert_long(high));
  float r = fma(high, 3.4061217e-19f, fma(high, -9.4783964e-27f, low * 3.4061217e-19f));
  *quadrant = x < 0.0f ? -nearest : nearest;
  r = x < 0.0f ? -r : r;
  return exponent == 255 ? NAN : r;
}

static inline float_v reduce_angle_float(float_v x, int_v *quadrant) {
  float_v shifted = multiply_add_float(x, 0.636619772f, 12582912.0f);
  float_v count = shifted - 12582912.0f;
#if HAS_FMA
  float_v r = fma(count, -1.57079637f, x);
  r = fma(count, 4.37113883e-8f, r);
  r = fma(count, 1.71512451e-15f, r);
#else
  // pi/2 in parts whose products with count are exact
  float_v r = multiply_add_float(count, -1.5703125f, x);
  r = multiply_add_float(count, -4.8351287841796875e-4f, r);
  r = multiply_add_float(count, -3.1385570764541626e-7f, r);
  r = multiply_add_float(count, -6.0771006e-11f, r);
#endif
  *quadrant = as_int_v(shifted);
  if (ANY(!(fabs(x) < LARGE_ANGLE_FLOAT))) {
    float angles[VECTOR_WIDTH], rests[VECTOR_WIDTH];
    int quadrants[VECTOR_WIDTH];
    VSTORE(x, angles);
    VSTORE(r, rests);
    VSTORE(*quadrant, quadrants);
    for (int lane = 0; lane < VECTOR_WIDTH; lane++) {
      if (!(fabs(angles[lane]) < LARGE_ANGLE_FLOAT)) {
        rests[lane] = reduce_large_angle_float(angles[lane], &quadrants[lane]);
      }
    }
    r = VLOAD(rests);
    *quadrant = VLOAD(quadrants);
  }
  return r;
}

// sin of quadrant * pi/2 + r
static inline float_v sin_quadrant_float(float_v r, int_v quadrant) {
  float_v z = r * r;
  float_v s = multiply_add_float(-1.9516978e-04f, z, 8.332176e-03f);
  s = multiply_add_float(s, z, -1.6666655e-01f);
  s = multiply_add_float(s * z, r, r);
  float_v c = multiply_add_float(2.4438108e-05f, z, -1.3887364e-03f);
  c = multiply_add_float(c, z, 4.1666646e-02f);
  c = multiply_add_float(c, z, -0.5f);
  c = multiply_add_float(c, z, 1.0f);
  int_v sign = (quadrant & 2) << 30;
  float_v value = (quadrant & 1) != 0 ? c : s;
  return as_float_v(as_int_v(value) ^ sign);
}

static inline float_v sin_float(float_v x) {
  int_v quadrant;
  float_v r = reduce_angle_float(x, &quadrant);
  return x == 0.0f ? x : sin_quadrant_float(r, quadrant);
}

static inline float_v cos_float(float_v x) {
  int_v quadrant;
  float_v r = reduce_angle_float(x, &quadrant);
  return sin_quadrant_float(r, quadrant + 1);
}

static inline float_v tan_float(float_v x) {
  int_v quadrant;
  float_v r = reduce_angle_float(x, &quadrant);
  float_v z = r * r;
  float_v p = multiply_add_float(4.4248495e-03f, z, -1.2314542e-05f);
  p = multiply_add_float(p, z, 1.0919266e-02f);
  p = multiply_add_float(p, z, 2.1248573e-02f);
  p = multiply_add_float(p, z, 5.4066755e-02f);
  p = multiply_add_float(p, z, 1.33326e-01f);
  p = multiply_add_float(p, z, 3.3333352e-01f);
  float_v t = multiply_add_float(p * z, r, r);
  float_v result = (quadrant & 1) != 0 ? -1.0f / t : t;
  return x == 0.0f ? x : result;
}
