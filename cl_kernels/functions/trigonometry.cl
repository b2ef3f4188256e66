// Trigonometric functions and their inverses on float_v and double_v: sin, cos, tan, arcsin, arccos, arctan, arctan2,
// sinc, sin_pi (the sine of x pi). Assumes common.cl and exponentials.cl.

// The binary digits of 2/pi after the point, in words of 32 bits from the second word on
__constant uint TWO_OVER_PI[] = {0u,          0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u,
                                 0x3c439041u, 0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau,
                                 0x09d1921cu, 0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u, 0xe99c7026u,
                                 0xb45f7e41u, 0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu,
                                 0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u,
                                 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u,
                                 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu, 0xf0cfbc20u};

// 64 bits of 2/pi, from a bit position of the table on
static inline ulong two_over_pi_window(int position) {
    int word = position >> 5;
    int shift = position & 31;
    ulong window = ((ulong)TWO_OVER_PI[word] << 32) | TWO_OVER_PI[word + 1];
    return shift ? (window << shift) | (TWO_OVER_PI[word + 2] >> (32 - shift)) : window;
}

// x - quadrant * pi/2, from -pi/4 to pi/4, for x of any size (Payne and Hanek). x is an integer of 24 bits times a
// power of two. So only a few bits of 2/pi matter: those that give the quadrant, and the 62 bits after them.
static inline float reduce_large_float(float x, int *quadrant) {
    int exponent = (int)((as_uint(x) >> 23) & 255);
    uint fraction = (as_uint(x) & 0x7fffff) | 0x800000;
    int position = exponent - 120;
    ulong low = ((ulong)fraction * (two_over_pi_window(position + 64) >> 32)) >> 32;
    ulong product = fraction * two_over_pi_window(position) + low;
    int nearest = (int)((product + (1ul << 61)) >> 62);
    long rest = (long)(product - ((ulong)nearest << 62));
    float first = convert_float_rte(rest);
    float second = convert_float_rte(rest - convert_long(first));
    // pi/2 / 2^62 in two parts
    float r = fma(first, 3.4061217e-19f, fma(first, -9.4783964e-27f, second * 3.4061217e-19f));
    *quadrant = x < 0.0f ? -nearest : nearest;
    return exponent == 255 ? NAN : x < 0.0f ? -r : r;
}

// For |x| up to this, the parts of pi/2 in reduce_small are enough
#if HAS_FMA
#define LARGE_ANGLE_float 1e5f
#else
#define LARGE_ANGLE_float 6400.0f
#endif

// x - *quadrant * pi/2 for angles that are not large; the low bits of *quadrant count
static inline float_v reduce_small_float(float_v x, int_v *quadrant) {
    float_v shifted = multiply_add_float(x, 0.636619772f, 12582912.0f);
    float_v count = shifted - 12582912.0f;
    *quadrant = as_int_v(shifted);
#if HAS_FMA
    float_v r = fma(count, -1.57079637f, x);
    r = fma(count, 4.37113883e-8f, r);
    return fma(count, 1.71512451e-15f, r);
#else
    // the products of the first three parts with count are exact
    float_v r = x - count * 1.5703125f;
    r -= count * 4.8351287841796875e-4f;
    r -= count * 3.1385570764541626e-7f;
    return r - count * 6.0771006e-11f;
#endif
}

static inline float_v sin_small_float(float_v r) {
    float_v z = r * r;
    float_v p = multiply_add_float(-1.9516978e-04f, z, 8.332176e-03f);
    p = multiply_add_float(p, z, -1.6666655e-01f);
    return multiply_add_float(p * z, r, r);
}

static inline float_v cos_small_float(float_v r) {
    float_v z = r * r;
    float_v p = multiply_add_float(2.4438108e-05f, z, -1.3887364e-03f);
    p = multiply_add_float(p, z, 4.1666646e-02f);
    p = multiply_add_float(p, z, -0.5f);
    return multiply_add_float(p, z, 1.0f);
}

__constant float TAN_float[] = {4.4248495e-03f, -1.2314542e-05f, 1.0919266e-02f, 2.1248573e-02f,
                                5.4066755e-02f, 1.33326e-01f,    3.3333352e-01f};
__constant float ATAN_float[] = {-1.7936287e-03f, 1.0914639e-02f, -3.1177912e-02f, 5.7957668e-02f, -8.403455e-02f,
                                   1.0952187e-01f,  -1.4264242e-01f, 1.9998549e-01f, -3.33333e-01f};
__constant float ASIN_float[] = {4.224269e-02f, 2.4134275e-02f, 4.5479607e-02f, 7.495224e-02f, 1.6666755e-01f};

static inline float_v tan_quadrant_float(float_v r, int_v quadrant) {
    float_v z = r * r;
    float_v t = multiply_add_float(POLYNOMIAL(float, TAN_float, z) * z, r, r);
    return (quadrant & 1) != 0 ? -1.0f / t : t;
}

#define PI_float 3.14159274f
#define PI_LOW_float -8.74227766e-08f

#if HAS_FP64
static inline double reduce_large_double(double x, long *quadrant) {
    int exponent = (int)((as_ulong(x) >> 52) & 2047);
    ulong fraction = (as_ulong(x) & 0xffffffffffffful) | 0x10000000000000ul;
    int position = exponent - 1045;
    ulong lowest = mul_hi(fraction, two_over_pi_window(position + 128));
    ulong middle = two_over_pi_window(position + 64);
    ulong low = fraction * middle + lowest;
    ulong high = fraction * two_over_pi_window(position) + mul_hi(fraction, middle) + (low < lowest ? 1 : 0);
    ulong nearest = (high + (1ul << 61)) >> 62;
    long rest = (long)(high - (nearest << 62));
    double first = convert_double_rte(rest);
    double second = convert_double_rte(rest - convert_long(first)) + convert_double_rte(low >> 11) * 0x1p-53;
    double r = fma(first, 3.4061215800865545e-19, fma(first, 1.3277647201629795e-35, second * 3.4061215800865545e-19));
    *quadrant = x < 0.0 ? -(long)nearest : (long)nearest;
    return exponent == 2047 ? NAN : x < 0.0 ? -r : r;
}

#define LARGE_ANGLE_double 1e9

static inline double_v reduce_small_double(double_v x, long_v *quadrant) {
    double_v shifted = multiply_add_double(x, 0.6366197723675814, 6755399441055744.0);
    double_v count = shifted - 6755399441055744.0;
    *quadrant = as_long_v(shifted);
    double_v r = multiply_add_double(count, -1.5707963267948966, x);
    r = multiply_add_double(count, -6.123233995736766e-17, r);
    return multiply_add_double(count, 1.4973849048591698e-33, r);
}

__constant double SIN_double[] = {1.589666624619885e-10,  -2.50507559564877e-08, 2.755731367863153e-06,
                                  -0.0001984126982977106, 0.00833333333332237,   -0.16666666666666632};
__constant double COS_double[] = {-1.13595592622192e-11, 2.0875721622396727e-09, -2.75573143406495e-07,
                                  2.4801587289443444e-05, -0.0013888888888874064, 0.0416666666666666, -0.5, 1.0};
__constant double ATAN_double[] = {
    1.3225443093701036e-05, -0.00015216484163098134, 0.000831341776783832, -0.002884979844475253,
    0.0071966331929576716, -0.013900760691186247, 0.021985086537135403, -0.029904066740709005,
    0.036642055311675074, -0.04219186760795712, 0.047223255011487456, -0.05253519621770203, 0.058805280804423245,
    -0.06666404107158198, 0.07692279846039819, -0.0909090700363478, 0.11111111007066628, -0.14285714282576634,
    0.1999999999995149, -0.3333333333333307};
__constant double ASIN_double[] = {
    0.032004547813133916, -0.01635955584417547, 0.019614964765193723, 0.006496104763225348, 0.012176628017397226,
    0.013884098270703952, 0.017359820694896846, 0.022371750309787514, 0.030381959461886116, 0.04464285682040557,
    0.07500000000346646, 0.1666666666666537};

static inline double_v sin_small_double(double_v r) {
    double_v z = r * r;
    return multiply_add_double(POLYNOMIAL(double, SIN_double, z) * z, r, r);
}

static inline double_v cos_small_double(double_v r) {
    double_v z = r * r;
    return POLYNOMIAL(double, COS_double, z);
}

static inline double_v tan_quadrant_double(double_v r, long_v quadrant) {
    double_v s = sin_small_double(r);
    double_v c = cos_small_double(r);
    return (quadrant & 1) != 0 ? -c / s : s / c;
}

#define PI_double 3.141592653589793
#define PI_LOW_double 1.2246467991473532e-16
#endif

#define DEFINE_TRIGONOMETRY(T, V)                                                                                     \
    static inline V reduce_angle_##T(V x, bits_##T##_v *quadrant) {                                                   \
        V r = reduce_small_##T(x, quadrant);                                                                          \
        if (ANY(!(fabs(x) < LARGE_ANGLE_##T))) {                                                                      \
            T angles[VECTOR_WIDTH], rests[VECTOR_WIDTH];                                                              \
            bits_##T quadrants[VECTOR_WIDTH];                                                                         \
            VSTORE(x, angles);                                                                                        \
            VSTORE(r, rests);                                                                                         \
            VSTORE(*quadrant, quadrants);                                                                             \
            for (int lane = 0; lane < VECTOR_WIDTH; lane++) {                                                         \
                if (!(fabs(angles[lane]) < LARGE_ANGLE_##T)) {                                                        \
                    rests[lane] = reduce_large_##T(angles[lane], &quadrants[lane]);                                   \
                }                                                                                                     \
            }                                                                                                         \
            r = VLOAD(rests);                                                                                         \
            *quadrant = VLOAD(quadrants);                                                                             \
        }                                                                                                             \
        return r;                                                                                                     \
    }                                                                                                                 \
    /* sin(quadrant * pi/2 + r) */                                                                                    \
    static inline V sin_quadrant_##T(V r, bits_##T##_v quadrant) {                                                    \
        V value = (quadrant & 1) != 0 ? cos_small_##T(r) : sin_small_##T(r);                                          \
        return as_##T##_v(as_bits_##T(value) ^ ((quadrant & 2) << (sizeof(T) * 8 - 2)));                              \
    }                                                                                                                 \
    static inline V sin_##T(V x) {                                                                                    \
        bits_##T##_v quadrant;                                                                                        \
        V r = reduce_angle_##T(x, &quadrant);                                                                         \
        return x == 0 ? x : sin_quadrant_##T(r, quadrant);                                                            \
    }                                                                                                                 \
    static inline V cos_##T(V x) {                                                                                    \
        bits_##T##_v quadrant;                                                                                        \
        V r = reduce_angle_##T(x, &quadrant);                                                                         \
        return sin_quadrant_##T(r, quadrant + 1);                                                                     \
    }                                                                                                                 \
    static inline V tan_##T(V x) {                                                                                    \
        bits_##T##_v quadrant;                                                                                        \
        V r = reduce_angle_##T(x, &quadrant);                                                                         \
        return x == 0 ? x : tan_quadrant_##T(r, quadrant);                                                            \
    }                                                                                                                 \
                                                                                                                      \
    /* x pi = quadrant * pi/2 + the result, which is exactly 0 if 2 x is an integer. A huge x is even */              \
    static inline V reduce_turn_##T(V x, bits_##T##_v *quadrant) {                                                    \
        V near = fabs(x) < LARGE_ANGLE_##T ? x : x - 2 * rint((V)0.5f * x);                                           \
        V count = rint(2 * near);                                                                                     \
        V rest = near - (V)0.5f * count;                                                                              \
        *quadrant = as_bits_##T(count + QUADRANT_SHIFT_##T);                                                          \
        return multiply_add_##T(rest, PI_##T, rest * PI_LOW_##T);                                                     \
    }                                                                                                                 \
    static inline V sin_pi_##T(V x) {                                                                                 \
        bits_##T##_v quadrant;                                                                                        \
        V r = reduce_turn_##T(x, &quadrant);                                                                          \
        return sin_quadrant_##T(r, quadrant);                                                                         \
    }                                                                                                                 \
    static inline V sinc_##T(V x) { return x == 0 ? (V)1 : sin_pi_##T(x) / (PI_##T * x); }                            \
                                                                                                                      \
    /* the angle of a point, from the smaller coordinate over the larger */                                           \
    static inline V atan2_##T(V y, V x) {                                                                             \
        V height = fabs(y);                                                                                           \
        V width = fabs(x);                                                                                            \
        V larger = fmax(height, width);                                                                               \
        V smaller = fmin(height, width);                                                                              \
        V quotient = larger == 0 ? (V)0 : smaller == INFINITY ? (V)1 : smaller / larger;                              \
        V z = quotient * quotient;                                                                                    \
        V angle = multiply_add_##T(POLYNOMIAL(T, ATAN_##T, z) * z, quotient, quotient);                               \
        angle = height > width ? (PI_##T / 2 - angle) + PI_LOW_##T / 2 : angle;                                       \
        angle = signbit(x) ? (PI_##T - angle) + PI_LOW_##T : angle;                                                   \
        return x != x || y != y ? x + y : copysign(angle, y);                                                         \
    }                                                                                                                 \
    static inline V atan_##T(V x) { return atan2_##T(x, 1); }                                                         \
                                                                                                                      \
    /* arcsin(x) for |x| <= 1/2 */                                                                                    \
    static inline V asin_small_##T(V x, V z) { return multiply_add_##T(POLYNOMIAL(T, ASIN_##T, z) * z, x, x); }       \
    static inline V asin_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V half_rest = (V)0.5f * (1 - size);                                                                           \
        V root = sqrt(half_rest);                                                                                     \
        V root_low = root == 0 ? root : fma(-root, root, half_rest) / (2 * root);                                     \
        V tail = POLYNOMIAL(T, ASIN_##T, half_rest) * half_rest * root;                                               \
        V high = PI_##T / 2 - 2 * root;                                                                               \
        V low = (PI_##T / 2 - high) - 2 * root + PI_LOW_##T / 2;                                                      \
        V outer = high - (2 * (tail + root_low) - low);                                                               \
        return copysign(size < (V)0.5f ? asin_small_##T(size, size * size) : outer, x);                               \
    }                                                                                                                 \
    static inline V acos_##T(V x) {                                                                                   \
        V size = fabs(x);                                                                                             \
        V half_rest = (V)0.5f * (1 - size);                                                                           \
        V outer = 2 * asin_small_##T(sqrt(half_rest), half_rest);                                                     \
        outer = x < 0 ? PI_##T - (outer - PI_LOW_##T) : outer;                                                        \
        return size < (V)0.5f ? PI_##T / 2 - (asin_small_##T(x, x * x) - PI_LOW_##T / 2) : outer;                     \
    }

#define QUADRANT_SHIFT_float 12582912.0f
DEFINE_TRIGONOMETRY(float, float_v)
#if HAS_FP64
#define QUADRANT_SHIFT_double 6755399441055744.0
DEFINE_TRIGONOMETRY(double, double_v)
#endif
