// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011).
// Assumes common.cl, exponentials.cl, logarithms.cl and trigonometry.cl.
//
// A stream is a sequence of random numbers. It depends only on the seed (the 64-bit key) and the number of the stream,
// not on the device, the vector width or the order of the work. Philox gives a block of four words for each counter.
// 32-bit values: element e takes word (e / 16) % 4 of counter e / 64 * 16 + e % 16.
// 64-bit values: element e takes words 2 k and 2 k + 1, k = (e / 16) % 2, of counter e / 32 * 16 + e % 16.
// So 16 neighbouring elements have neighbouring counters, and the four words of 16 neighbouring counters are 64
// neighbouring elements: a kernel that fills memory can use all four words.
//
// A word is held in 64 bits. The upper half is not defined until word() drops it. All products are then products of
// 32 x 32 bits that give 64, which processors have, and vectors need no shuffles.

#define PRODUCT_32(x, constant) (((x)&0xfffffffful) * constant)

static inline uint_v word(ulong_v x) { return convert_uint_v(x & 0xfffffffful); }

// Writes the block of a counter to words[0..3]
static inline void random_block(ulong_v counter, ulong stream, ulong seed, uint_v *words) {
    ulong_v a = counter;
    ulong_v b = counter >> 32;
    ulong_v c = stream;
    ulong_v d = stream >> 32;
    uint key_low = (uint)seed;
    uint key_high = (uint)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        ulong_v product_a = PRODUCT_32(a, 0xd2511f53ul);
        ulong_v product_c = PRODUCT_32(c, 0xcd9e8d57ul);
        a = (product_c >> 32) ^ b ^ (ulong)key_low;
        b = product_c;
        c = (product_a >> 32) ^ d ^ (ulong)key_high;
        d = product_a;
        key_low += 0x9e3779b9u;
        key_high += 0xbb67ae85u;
    }
    words[0] = word(a);
    words[1] = word(b);
    words[2] = word(c);
    words[3] = word(d);
}

// 32 random bits for each element
static inline uint_v random_bits(ulong_v element, ulong stream, ulong seed) {
    uint_v words[4];
    random_block((element >> 6 << 4) | (element & 15), stream, seed, words);
    int_v which = convert_int_v(element >> 4) & 3;
    uint_v low = (which & 1) != 0 ? words[1] : words[0];
    uint_v high = (which & 1) != 0 ? words[3] : words[2];
    return (which & 2) != 0 ? high : low;
}

// 64 random bits from two words
static inline ulong_v join_words(uint_v low, uint_v high) {
    return (convert_ulong_v(high) << 32) | convert_ulong_v(low);
}

// 64 random bits for each element
static inline ulong_v random_long_bits(ulong_v element, ulong stream, ulong seed) {
    uint_v words[4];
    random_block((element >> 5 << 4) | (element & 15), stream, seed, words);
    int_v second = (convert_int_v(element >> 4) & 1) != 0;
    return join_words(second ? words[2] : words[0], second ? words[3] : words[1]);
}

// Uniform in [0, 1): all 2^24 multiples of 2^-24
static inline float_v uniform_from_bits_float(uint_v bits) { return convert_float_v(bits >> 8) * 0x1p-24f; }

static inline float_v uniform_float(ulong_v element, ulong stream, ulong seed) {
    return uniform_from_bits_float(random_bits(element, stream, seed));
}

// Box and Muller's method: radius times cosine of the angle, or sine if `sine` is 1
static inline float_v normal_from_bits_float(uint_v radius_bits, uint_v angle_bits, int_v sine) {
    float_v u = convert_float_v(radius_bits) * 0x1p-32f + 0x1p-33f;
    float_v radius = sqrt(-2.0f * log_float(u));
    // The upper two bits are the quadrant; the other bits are the angle around its middle
    float_v angle = convert_float_v(as_int_v(angle_bits << 2)) * 3.6572952e-10f;
    int_v quadrant = as_int_v((angle_bits + 0x20000000u) >> 30);
    return radius * sin_quadrant_float(angle, quadrant + 1 - sine);
}

// Standard normal; elements 16 apart share a radius
static inline float_v normal_float(ulong_v element, ulong stream, ulong seed) {
    uint_v words[4];
    random_block((element >> 6 << 4) | (element & 15), stream, seed, words);
    int_v which = convert_int_v(element >> 4) & 3;
    uint_v radius_bits = (which & 2) != 0 ? words[2] : words[0];
    uint_v angle_bits = (which & 2) != 0 ? words[3] : words[1];
    return normal_from_bits_float(radius_bits, angle_bits, which & 1);
}

// The upper 64 bits of x * y
static inline ulong_v multiply_high(ulong_v x, ulong_v y) {
    ulong_v x_high = x >> 32;
    ulong_v y_high = y >> 32;
    ulong_v middle = PRODUCT_32(y, x_high) + (PRODUCT_32(x, (y & 0xfffffffful)) >> 32);
    ulong_v other = PRODUCT_32(x, y_high) + (middle & 0xfffffffful);
    return x_high * y_high + (middle >> 32) + (other >> 32);
}

// Whole numbers in [low, low + count); count 0 stands for 2^64
static inline long_v random_integer(ulong_v element, ulong stream, ulong seed, long low, ulong count) {
    ulong_v bits = random_long_bits(element, stream, seed);
    ulong_v offset = count == 0 ? bits : multiply_high(bits, count);
    return as_long_v(offset + (ulong)low);
}

#if HAS_FP64
// Uniform in [0, 1): all 2^53 multiples of 2^-53
static inline double_v uniform_from_bits_double(ulong_v bits) { return convert_double_v(bits >> 11) * 0x1p-53; }

static inline double_v uniform_double(ulong_v element, ulong stream, ulong seed) {
    return uniform_from_bits_double(random_long_bits(element, stream, seed));
}

static inline double_v normal_from_bits_double(ulong_v radius_bits, ulong_v angle_bits, long_v sine) {
    double_v u = uniform_from_bits_double(radius_bits) + 0x1p-54;
    double_v radius = sqrt(-2.0 * log_double(u));
    double_v angle = convert_double_v(as_long_v(angle_bits << 2)) * 8.515303950216386e-20;
    long_v quadrant = as_long_v((angle_bits + 0x2000000000000000ul) >> 62);
    return radius * sin_quadrant_double(angle, quadrant + 1 - sine);
}

static inline double_v normal_double(ulong_v element, ulong stream, ulong seed) {
    uint_v words[4];
    random_block((element >> 5 << 4) | (element & 15), stream, seed, words);
    long_v sine = as_long_v(element >> 4) & 1;
    return normal_from_bits_double(join_words(words[0], words[1]), join_words(words[2], words[3]), sine);
}
#endif
