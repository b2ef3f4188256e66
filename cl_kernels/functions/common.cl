// Types, conversions, loads and stores that every kernel uses. Included once, before everything else.
//
// A value has VECTOR_WIDTH lanes: 16, 8 or 4 in CPU shape, 1 in GPU shape. With 1, `float_v` is plain float and all of
// this is scalar code. A true comparison gives -1 in each lane of a vector, and 1 for a scalar. `?:`, `&&`, `||`, `!`
// and `convert_uchar_v(mask) & 1` work the same for both.

#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 1      // lanes per value
#endif
#ifndef GPU_SHAPE
#define GPU_SHAPE 0         // 1: one work-item per element and work-groups; 0: one work-item per large chunk
#endif
#ifndef HAS_FP64
#define HAS_FP64 0          // 1: the device computes double
#endif

// Vectors of 64-bit lanes are wider than the registers of many processors. Compilers based on clang warn that programs
// for other processors pass them to functions in another way. That does not matter: all functions are in one program.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpsabi"
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#if VECTOR_WIDTH == 1
#define WIDE(name) name
#else
#define WIDE(name) PASTE(name, VECTOR_WIDTH)
#endif

typedef WIDE(char) char_v;
typedef WIDE(uchar) uchar_v;
typedef WIDE(short) short_v;
typedef WIDE(ushort) ushort_v;
typedef WIDE(int) int_v;
typedef WIDE(uint) uint_v;
typedef WIDE(long) long_v;
typedef WIDE(ulong) ulong_v;
typedef WIDE(float) float_v;
#if HAS_FP64
typedef WIDE(double) double_v;
#endif

#define convert_char_v WIDE(convert_char)
#define convert_uchar_v WIDE(convert_uchar)
#define convert_short_v WIDE(convert_short)
#define convert_ushort_v WIDE(convert_ushort)
#define convert_int_v WIDE(convert_int)
#define convert_uint_v WIDE(convert_uint)
#define convert_long_v WIDE(convert_long)
#define convert_ulong_v WIDE(convert_ulong)
#define convert_float_v WIDE(convert_float)
#define convert_double_v WIDE(convert_double)

#define as_char_v WIDE(as_char)
#define as_uchar_v WIDE(as_uchar)
#define as_short_v WIDE(as_short)
#define as_ushort_v WIDE(as_ushort)
#define as_int_v WIDE(as_int)
#define as_uint_v WIDE(as_uint)
#define as_long_v WIDE(as_long)
#define as_ulong_v WIDE(as_ulong)
#define as_float_v WIDE(as_float)
#define as_double_v WIDE(as_double)

// The type of the results of comparisons: an integer type with lanes as wide as those of the compute type.
#define mask_char char_v
#define mask_uchar char_v
#define mask_short short_v
#define mask_ushort short_v
#define mask_int int_v
#define mask_uint int_v
#define mask_long long_v
#define mask_ulong long_v
#define mask_float int_v
#define mask_double long_v

// A 0/1 value of any integer type widened to the mask lanes of a compute type: `convert_mask_float(c) != 0`.
#define convert_mask_char convert_char_v
#define convert_mask_uchar convert_char_v
#define convert_mask_short convert_short_v
#define convert_mask_ushort convert_short_v
#define convert_mask_int convert_int_v
#define convert_mask_uint convert_int_v
#define convert_mask_long convert_long_v
#define convert_mask_ulong convert_long_v
#define convert_mask_float convert_int_v
#define convert_mask_double convert_long_v

// In CPU shape a work-group has one work-item. The attributes say so, so that the compiler makes no code for other
// sizes, and does not vectorise across work-items what is written in vectors already.
#if GPU_SHAPE
#define LOOP_KERNEL __kernel
#else
#define LOOP_KERNEL __kernel __attribute__((vec_type_hint(float_v), reqd_work_group_size(1, 1, 1)))
#endif

// Functions that compilers leave apart instead of writing them out at each call. The ends of rows are read and written
// by such functions, and the long ones of matrix products are: code is generated in up to half of the time. GPUs do
// not call functions.
#if GPU_SHAPE
#define APART static inline
#else
#define APART static inline __attribute__((noinline))
#endif

#if VECTOR_WIDTH == 16
#define LANES(type) ((PASTE(type, 16))(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#elif VECTOR_WIDTH == 8
#define LANES(type) ((PASTE(type, 8))(0, 1, 2, 3, 4, 5, 6, 7))
#elif VECTOR_WIDTH == 4
#define LANES(type) ((PASTE(type, 4))(0, 1, 2, 3))
#else
#define LANES(type) ((type)0)
#endif

// One lane of a value that is the same in all of them, such as a number from the host.
#if VECTOR_WIDTH == 1
#define FIRST_LANE(v) (v)
#else
#define FIRST_LANE(v) ((v).s0)
#endif

#if VECTOR_WIDTH == 1
#define VLOAD(p) (*(p))
#define VSTORE(v, p) (*(p) = (v))
#define VLOAD_HALF(p) vload_half(0, p)
#define VSTORE_HALF(v, p) vstore_half_rte(v, 0, p)
#else
#define VLOAD(p) PASTE(vload, VECTOR_WIDTH)(0, p)
#define VSTORE(v, p) PASTE(vstore, VECTOR_WIDTH)(v, 0, p)
#define VLOAD_HALF(p) PASTE(vload_half, VECTOR_WIDTH)(0, p)
#define VSTORE_HALF(v, p) PASTE(PASTE(vstore_half, VECTOR_WIDTH), _rte)(v, 0, p)
#endif

// Store a whole vector at any address: in one instruction if the compiler is known to support it, else by vstore.
// STREAM_VECTOR stores past the caches: a result larger than the caches would only displace their contents.
#if defined(__clang__) && VECTOR_WIDTH > 1
#define DEFINE_LOOSE(TYPE) typedef PASTE(TYPE, _v) loose_##TYPE __attribute__((aligned(1)));
DEFINE_LOOSE(char)
DEFINE_LOOSE(uchar)
DEFINE_LOOSE(short)
DEFINE_LOOSE(ushort)
DEFINE_LOOSE(int)
DEFINE_LOOSE(uint)
DEFINE_LOOSE(long)
DEFINE_LOOSE(ulong)
DEFINE_LOOSE(float)
#if HAS_FP64
DEFINE_LOOSE(double)
#endif
#define STORE_VECTOR(TYPE, v, p) (*(__global PASTE(loose_, TYPE) *)(p) = (v))
#else
#define STORE_VECTOR(TYPE, v, p) VSTORE(v, p)
#endif
// PoCL's vstore_half requires an address aligned to a whole vector, so it stores to a private vector first.
#if VECTOR_WIDTH == 1
#define STORE_HALF_VECTOR(TYPE, v, p) VSTORE_HALF(v, p)
#else
#define STORE_HALF_VECTOR(TYPE, v, p)                                                                                 \
    ushort_v halves;                                                                                                  \
    VSTORE_HALF(v, (__private half *)&halves);                                                                        \
    STORE_VECTOR(ushort, halves, (__global ushort *)(p))
#endif
#define STREAM_VECTOR STORE_VECTOR
#if defined(__has_builtin) && VECTOR_WIDTH > 1
#if __has_builtin(__builtin_nontemporal_store)
#undef STREAM_VECTOR
#define STREAM_VECTOR(TYPE, v, p)                                                                                     \
    if ((size_t)(p) % sizeof(v) == 0) {                                                                               \
        __builtin_nontemporal_store(v, (__global PASTE(TYPE, _v) *)(p));                                              \
    } else {                                                                                                          \
        STORE_VECTOR(TYPE, v, p);                                                                                     \
    }
#endif
#endif

// The C type of an element in memory, by the name of the stored type. bool and half are stored types only.
#define storage_char char
#define storage_uchar uchar
#define storage_bool uchar
#define storage_short short
#define storage_ushort ushort
#define storage_int int
#define storage_uint uint
#define storage_long long
#define storage_ulong ulong
#define storage_half half
#define storage_float float
#define storage_double double

// For each stored type NAME with compute type TYPE:
//   load_NAME(p)                 VECTOR_WIDTH neighbours
//   load_one_NAME(p)             one element, as a scalar
//   load_strided_NAME(p, s, n)   n <= VECTOR_WIDTH elements with stride s; lanes from n on repeat the first
//   store_NAME(v, p)             VECTOR_WIDTH neighbours
//   stream_NAME(v, p)            the same for a result that is larger than the caches
//   store_strided_NAME(v, p, s, n)   the first n lanes, with stride s
#define DEFINE_ACCESS(NAME, TYPE, LOAD, STORE, STREAM, LOAD_ONE, STORE_ONE)                                           \
    static inline PASTE(TYPE, _v) load_##NAME(__global const storage_##NAME *p) { return LOAD(p); }                   \
    static inline TYPE load_one_##NAME(__global const storage_##NAME *p) { return LOAD_ONE(p); }                      \
    static inline void store_##NAME(PASTE(TYPE, _v) v, __global storage_##NAME *p) { STORE(TYPE, v, p); }             \
    static inline void stream_##NAME(PASTE(TYPE, _v) v, __global storage_##NAME *p) { STREAM(TYPE, v, p); }           \
    static inline PASTE(TYPE, _v) load_strided_##NAME(__global const storage_##NAME *p, long s, int n) {              \
        TYPE lanes[VECTOR_WIDTH];                                                                                     \
        for (int lane = 0; lane < VECTOR_WIDTH; lane++) {                                                             \
            lanes[lane] = LOAD_ONE(p + (lane < n ? lane * s : 0));                                                    \
        }                                                                                                             \
        return VLOAD(lanes);                                                                                          \
    }                                                                                                                 \
    static inline void store_strided_##NAME(PASTE(TYPE, _v) v, __global storage_##NAME *p, long s, int n) {           \
        TYPE lanes[VECTOR_WIDTH];                                                                                     \
        VSTORE(v, lanes);                                                                                             \
        for (int lane = 0; lane < n; lane++) {                                                                        \
            STORE_ONE(lanes[lane], p + lane * s);                                                                     \
        }                                                                                                             \
    }                                                                                                                 \
    APART PASTE(TYPE, _v) load_part_##NAME(__global const storage_##NAME *p, long s, int n) {                         \
        return load_strided_##NAME(p, s, n);                                                                          \
    }                                                                                                                 \
    APART void store_part_##NAME(PASTE(TYPE, _v) v, __global storage_##NAME *p, long s, int n) {                      \
        store_strided_##NAME(v, p, s, n);                                                                             \
    }

#define LOAD_PLAIN(p) (*(p))
#define STORE_PLAIN(v, p) (*(p) = (v))
#define LOAD_ONE_HALF(p) vload_half(0, p)
#define STORE_ONE_HALF(v, p) vstore_half_rte(v, 0, p)

DEFINE_ACCESS(char, char, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(uchar, uchar, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(bool, uchar, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(short, short, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(ushort, ushort, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(int, int, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(uint, uint, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(long, long, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(ulong, ulong, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
DEFINE_ACCESS(half, float, VLOAD_HALF, STORE_HALF_VECTOR, STORE_HALF_VECTOR, LOAD_ONE_HALF, STORE_ONE_HALF)
DEFINE_ACCESS(float, float, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
#if HAS_FP64
DEFINE_ACCESS(double, double, VLOAD, STORE_VECTOR, STREAM_VECTOR, LOAD_PLAIN, STORE_PLAIN)
#endif
