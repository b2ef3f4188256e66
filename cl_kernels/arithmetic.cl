// Arithmetic with NumPy's rules: comparisons, rounding, division, shifts, powers of integers, conversions.
// Assumes common.cl and functions.cl.

// round_@, floor_@, ceil_@, trunc_@, rint_@, abs_@, sqrt_@, copysign_@, nextafter_@ are the device's exact ones.
#define DEFINE_FLOAT_ARITHMETIC(T, V)                                                                                 \
  static inline V maximum_##T(V x, V y) { return x >= y || x != x ? x : y; }                                          \
  static inline V minimum_##T(V x, V y) { return x <= y || x != x ? x : y; }                                          \
  static inline V fmax_##T(V x, V y) { return x >= y || y != y ? x : y; }                                             \
  static inline V fmin_##T(V x, V y) { return x <= y || y != y ? x : y; }                                             \
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
  static inline V fmod_##T(V x, V y) { return fmod(x, y); }                                                           \
  static inline V remainder_##T(V x, V y) {                                                                           \
    V rest = fmod(x, y);                                                                                              \
    V moved = (rest < 0) != (y < 0) ? rest + y : rest;                                                                \
    return rest == 0 ? copysign((V)0, y) : moved;                                                                     \
  }                                                                                                                   \
  static inline V floor_divide_##T(V x, V y) {                                                                        \
    V rest = fmod(x, y);                                                                                              \
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
