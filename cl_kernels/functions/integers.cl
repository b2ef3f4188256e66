// Integer arithmetic with NumPy's rules, and conversions to integers. Assumes common.cl and exponentials.cl.
//
// Overflow wraps around. x // 0, x % 0 and fmod(x, 0) are 0; INT_MIN // -1 is INT_MIN. A shift by the number of bits
// or more, or by a negative count, shifts all bits out. A negative power is the exact result, truncated.
// Floats are truncated to integers; those out of range give the nearest integer, NaN gives 0.

#define DEFINE_INTEGER_ARITHMETIC(T, V, UNSIGNED_V, AS_V, AS_UNSIGNED_V, BITS)                                        \
    static inline V maximum_##T(V x, V y) { return max(x, y); }                                                       \
    static inline V minimum_##T(V x, V y) { return min(x, y); }                                                       \
    static inline V clip_##T(V x, V low, V high) { return min(max(x, low), high); }                                   \
    static inline V fmod_##T(V x, V y) {                                                                              \
        V quotient = divide_##T(x, y);                                                                                \
        V rest = AS_V((UNSIGNED_V)(AS_UNSIGNED_V(x) - AS_UNSIGNED_V(quotient) * AS_UNSIGNED_V(y)));                   \
        return y == (V)0 ? (V)0 : rest;                                                                               \
    }                                                                                                                 \
    static inline V left_shift_##T(V x, V y) {                                                                        \
        UNSIGNED_V count = AS_UNSIGNED_V(y);                                                                          \
        UNSIGNED_V moved = AS_UNSIGNED_V(x) << (count & (UNSIGNED_V)(BITS - 1));                                      \
        return count >= (UNSIGNED_V)BITS ? (V)0 : AS_V(moved);                                                        \
    }                                                                                                                 \
    static inline V right_shift_##T(V x, V y) {                                                                       \
        UNSIGNED_V count = AS_UNSIGNED_V(y);                                                                          \
        V moved = x >> AS_V((UNSIGNED_V)(count & (UNSIGNED_V)(BITS - 1)));                                            \
        return count >= (UNSIGNED_V)BITS ? (x < (V)0 ? (V)-1 : (V)0) : moved;                                         \
    }                                                                                                                 \
    static inline V power_##T(V x, V y) {                                                                             \
        UNSIGNED_V base = AS_UNSIGNED_V(x);                                                                           \
        UNSIGNED_V result = (UNSIGNED_V)1;                                                                            \
        V negative = y < (V)0 ? (V)1 : (V)0;                                                                          \
        UNSIGNED_V rest = AS_UNSIGNED_V(y);                                                                           \
        /* a negative power of 1 or -1 depends only on the lowest bit of y; other bases give 0 */                     \
        rest = negative != (V)0 ? rest & (UNSIGNED_V)1 : rest;                                                        \
        base = negative != (V)0 && x != (V)1 && x != (V)-1 ? (UNSIGNED_V)0 : base;                                    \
        result = negative != (V)0 && x != (V)1 && x != (V)-1 ? (UNSIGNED_V)0 : result;                                \
        while (ANY(rest != (UNSIGNED_V)0)) {                                                                          \
            result = (rest & (UNSIGNED_V)1) != (UNSIGNED_V)0 ? result * base : result;                                \
            base = base * base;                                                                                       \
            rest = rest >> (UNSIGNED_V)1;                                                                             \
        }                                                                                                             \
        return AS_V(result);                                                                                          \
    }                                                                                                                 \
    static inline V gcd_##T(V x, V y) {                                                                               \
        UNSIGNED_V larger = AS_UNSIGNED_V(abs_##T(x));                                                                \
        UNSIGNED_V smaller = AS_UNSIGNED_V(abs_##T(y));                                                               \
        while (ANY(smaller != (UNSIGNED_V)0)) {                                                                       \
            UNSIGNED_V rest = larger % (smaller == (UNSIGNED_V)0 ? (UNSIGNED_V)1 : smaller);                          \
            larger = smaller == (UNSIGNED_V)0 ? larger : smaller;                                                     \
            smaller = smaller == (UNSIGNED_V)0 ? smaller : rest;                                                      \
        }                                                                                                             \
        return AS_V(larger);                                                                                          \
    }                                                                                                                 \
    static inline V lcm_##T(V x, V y) {                                                                               \
        UNSIGNED_V divisor = AS_UNSIGNED_V(gcd_##T(x, y));                                                            \
        UNSIGNED_V part = AS_UNSIGNED_V(abs_##T(x)) / (divisor == (UNSIGNED_V)0 ? (UNSIGNED_V)1 : divisor);           \
        return AS_V((UNSIGNED_V)(part * AS_UNSIGNED_V(abs_##T(y))));                                                  \
    }

// The truncated quotient, 0 for a zero divisor. Divisors that would trap are replaced before the division.
#define DEFINE_SIGNED(T, V, UNSIGNED_V, AS_V, AS_UNSIGNED_V, BITS)                                                    \
    static inline V divide_##T(V x, V y) {                                                                            \
        V quotient = x / (y == (V)0 || y == (V)-1 ? (V)1 : y);                                                        \
        quotient = y == (V)-1 ? AS_V((UNSIGNED_V)((UNSIGNED_V)0 - AS_UNSIGNED_V(x))) : quotient;                      \
        return y == (V)0 ? (V)0 : quotient;                                                                           \
    }                                                                                                                 \
    static inline V abs_##T(V x) {                                                                                    \
        return x < (V)0 ? AS_V((UNSIGNED_V)((UNSIGNED_V)0 - AS_UNSIGNED_V(x))) : x;                                   \
    }                                                                                                                 \
    static inline V sign_##T(V x) { return x > (V)0 ? (V)1 : x < (V)0 ? (V)-1 : (V)0; }                               \
    DEFINE_INTEGER_ARITHMETIC(T, V, UNSIGNED_V, AS_V, AS_UNSIGNED_V, BITS)                                            \
    static inline V floor_divide_##T(V x, V y) {                                                                      \
        V rest = fmod_##T(x, y);                                                                                      \
        V quotient = divide_##T(x, y);                                                                                \
        return rest != (V)0 && (rest ^ y) < (V)0 ? quotient - (V)1 : quotient;                                        \
    }                                                                                                                 \
    static inline V remainder_##T(V x, V y) {                                                                         \
        V rest = fmod_##T(x, y);                                                                                      \
        return rest != (V)0 && (rest ^ y) < (V)0 ? rest + y : rest;                                                   \
    }

#define DEFINE_UNSIGNED(T, V, BITS)                                                                                   \
    static inline V divide_##T(V x, V y) {                                                                            \
        V quotient = x / (y == (V)0 ? (V)1 : y);                                                                      \
        return y == (V)0 ? (V)0 : quotient;                                                                           \
    }                                                                                                                 \
    static inline V abs_##T(V x) { return x; }                                                                        \
    static inline V sign_##T(V x) { return x != (V)0 ? (V)1 : (V)0; }                                                 \
    DEFINE_INTEGER_ARITHMETIC(T, V, V, (V), (V), BITS)                                                                \
    static inline V floor_divide_##T(V x, V y) { return divide_##T(x, y); }                                           \
    static inline V remainder_##T(V x, V y) { return fmod_##T(x, y); }

DEFINE_SIGNED(char, char_v, uchar_v, as_char_v, as_uchar_v, 8)
DEFINE_SIGNED(short, short_v, ushort_v, as_short_v, as_ushort_v, 16)
DEFINE_SIGNED(int, int_v, uint_v, as_int_v, as_uint_v, 32)
DEFINE_SIGNED(long, long_v, ulong_v, as_long_v, as_ulong_v, 64)
DEFINE_UNSIGNED(uchar, uchar_v, 8)
DEFINE_UNSIGNED(ushort, ushort_v, 16)
DEFINE_UNSIGNED(uint, uint_v, 32)
DEFINE_UNSIGNED(ulong, ulong_v, 64)

#define DEFINE_CAST(FROM, FROM_V, TO, TO_V, MASK_TO, CONVERT, LOWEST, BEYOND, LARGEST)                                \
    static inline TO_V saturate_##TO##_##FROM(FROM_V x) {                                                             \
        TO_V inside = CONVERT(x >= (FROM_V)LOWEST && x < (FROM_V)BEYOND ? x : (FROM_V)0);                             \
        TO_V above = MASK_TO(x >= (FROM_V)BEYOND) ? (TO_V)LARGEST : inside;                                           \
        return MASK_TO(x < (FROM_V)LOWEST) ? (TO_V)((TO)LOWEST) : above;                                              \
    }

#define DEFINE_CASTS(FROM, FROM_V)                                                                                    \
    DEFINE_CAST(FROM, FROM_V, char, char_v, convert_char_v, convert_char_v, -128, 128, 127)                           \
    DEFINE_CAST(FROM, FROM_V, short, short_v, convert_short_v, convert_short_v, -32768, 32768, 32767)                 \
    DEFINE_CAST(FROM, FROM_V, int, int_v, convert_int_v, convert_int_v, INT_MIN, 0x1p31f, INT_MAX)                    \
    DEFINE_CAST(FROM, FROM_V, long, long_v, convert_long_v, convert_long_v, LONG_MIN, 0x1p63f, LONG_MAX)              \
    DEFINE_CAST(FROM, FROM_V, uchar, uchar_v, convert_char_v, convert_uchar_v, 0, 256, 255)                           \
    DEFINE_CAST(FROM, FROM_V, ushort, ushort_v, convert_short_v, convert_ushort_v, 0, 65536, 65535)                   \
    DEFINE_CAST(FROM, FROM_V, uint, uint_v, convert_int_v, convert_uint_v, 0, 0x1p32f, UINT_MAX)                      \
    DEFINE_CAST(FROM, FROM_V, ulong, ulong_v, convert_long_v, convert_ulong_v, 0, 0x1p64f, ULONG_MAX)

DEFINE_CASTS(float, float_v)
#if HAS_FP64
DEFINE_CASTS(double, double_v)
#endif

// x rounded to half, to nearest with ties to even, as storing and loading would do. Does not need cl_khr_fp16.
static inline float_v round_half_float(float_v x) {
    float_v size = fabs(x);
    uint_v bits = as_uint_v(size);
    float_v normal = as_float_v((bits + 0xfff + ((bits >> 13) & 1)) & 0xffffe000);
    // Below 2^-14 halves are 2^-24 apart. So are floats near 0.5: adding 0.5 and subtracting it rounds to them.
    float_v result = size < 0x1p-14f ? (size + 0.5f) - 0.5f : normal;
    result = size >= 65520.0f ? INFINITY : result;
    return size == size ? copysign(result, x) : x;
}
