// Arithmetic with NumPy's rules: comparisons, rounding, division, shifts, powers of integers, conversions.
// Assumes common.cl and functions.cl.

// x - n y for the whole n that x / y truncates to, exactly: long division with as many quotient bits a step as a
// fraction holds. Every step replaces |x| by its rest against |y| * 2^k, the largest that leaves so many bits.
#define DEFINE_FMOD(T, V, BITS_V, AS_BITS, AS_FLOAT, MASK, FRACTION, BIAS, TINY, LIFT)                       \
  static inline BITS_V exponent_##T(V positive) {                                                                     \
    BITS_V lifted = AS_BITS(positive * LIFT) >> FRACTION;                                                             \
    BITS_V plain = AS_BITS(positive) >> FRACTION;                                                                     \
    return positive < TINY ? lifted - (FRACTION + 1) : plain;                                                         \
  }                                                                                                                   \
  static inline V power_of_two_##T(BITS_V exponent) { return AS_FLOAT((exponent + BIAS) << FRACTION); }               \
  static inline V fmod_##T(V x, V y) {                                                                                \
    V divisor = fabs(y);                                                                                              \
    V rest = fabs(x);                                                                                                 \
    MASK valid = rest < INFINITY && divisor > 0;                                                                      \
    rest = valid ? rest : (V)0;                                                                                       \
    MASK finite = valid && divisor < INFINITY;                                                                        \
    divisor = finite ? divisor : (V)1;                                                                                \
    BITS_V divisor_exponent = exponent_##T(divisor);                                                                  \
    while (ANY(finite && rest >= divisor)) {                                                                          \
      BITS_V excess = exponent_##T(rest) - divisor_exponent - (FRACTION - 1);                                         \
      excess = excess > 0 ? excess : 0;                                                                               \
      BITS_V half_excess = excess >> 1;                                                                               \
      V step = divisor * power_of_two_##T(half_excess) * power_of_two_##T(excess - half_excess);                      \
      V next = fma(-trunc(rest / step), step, rest);                                                                  \
      next = next < 0 ? next + step : next;                                                                           \
      rest = finite ? next : rest;                                                                                    \
    }                                                                                                                 \
    return valid ? copysign(rest, x) : (V)NAN;                                                                        \
  }

DEFINE_FMOD(float, float_v, int_v, as_int_v, as_float_v, mask_float, 23, 127, 1.17549435e-38f, 16777216.0f)
#if HAS_FP64
DEFINE_FMOD(double, double_v, long_v, as_long_v, as_double_v, mask_double, 52, 1023, 2.2250738585072014e-308, 9007199254740992.0)
#endif

// round_@, floor_@, ceil_@, trunc_@, rint_@, abs_@, sqrt_@, copysign_@, nextafter_@ are the device's exact ones.
#define DEFINE_FLOAT_ARITHMETIC(T, V)                                                                                 \
  static inline V maximum_##T(V x, V y) { return x > y || x != x ? x : y; }                                          \
  static inline V minimum_##T(V x, V y) { return x < y || x != x ? x : y; }                                          \
  static inline V fmax_##T(V x, V y) { return x > y || y != y ? x : y; }                                             \
  static inline V fmin_##T(V x, V y) { return x < y || y != y ? x : y; }                                             \
  static inline V clip_##T(V x, V low, V high) { return minimum_##T(maximum_##T(x, low), high); }                     \
  static inline V abs_##T(V x) { return fabs(x); }                                                                    \
  static inline V sign_##T(V x) { return x > 0 ? (V)1 : x < 0 ? (V)-1 : x == 0 ? (V)0 : x; }                          \
  static inline V heaviside_##T(V x, V middle) { return x > 0 ? (V)1 : x < 0 ? (V)0 : x == 0 ? middle : x; }          \
  static inline V rint_##T(V x) { return rint(x); }                                                                   \
  static inline V trunc_##T(V x) { return trunc(x); }                                                                 \
  static inline V floor_##T(V x) { return floor(x); }                                                                 \
  static inline V ceil_##T(V x) { return ceil(x); }                                                                   \
  static inline V copysign_##T(V x, V y) { return copysign(x, y); }                                                   \
  static inline V nextafter_##T(V x, V y) { return nextafter(x, y); }                                                 \
  static inline V remainder_##T(V x, V y) {                                                                           \
    V rest = fmod_##T(x, y);                                                                                           \
    V moved = (rest < 0) != (y < 0) ? rest + y : rest;                                                                \
    return rest == 0 ? copysign((V)0, y) : moved;                                                                     \
  }                                                                                                                   \
  static inline V floor_divide_##T(V x, V y) {                                                                        \
    V rest = fmod_##T(x, y);                                                                                           \
    V quotient = (x - rest) / y;                                                                                      \
    quotient = rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient;                                          \
    V whole = floor(quotient);                                                                                        \
    whole = quotient - whole > (V)0.5f ? whole + 1 : whole;                                                           \
    V nearest = quotient == 0 ? copysign((V)0, x / y) : whole;                                                        \
    return y == 0 ? x / y : nearest;                                                                                  \
  }

DEFINE_FLOAT_ARITHMETIC(float, float_v)
#if HAS_FP64
DEFINE_FLOAT_ARITHMETIC(double, double_v)
#endif
