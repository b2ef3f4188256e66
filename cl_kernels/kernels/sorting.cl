// Sorting along the middle of three axes: merge sort of (key, index), stable, NaN last, -0.0 and 0.0 equal.
//
// Assumes common.cl. Arrays are row-major (outer, length, inner). A key is an unsigned integer that orders as the element
// does; equal keys keep the order of their indices. First runs are sorted: in CPU shape each by one item, in GPU shape
// by a group in local memory. Then each pass merges pairs of runs; an item merges a chunk of the result, which it finds
// by bisection. Keys and indices go back and forth between two scratch arrays, row by row: (outer, inner, length). The
// last pass writes the first `kept` of each row, as elements and indices: what is not wanted of these is left out.

#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_sort_runs
#define ENTRY_sort_merge
#define KEY uint            // unsigned integer as wide as an element
#define INDEX uint          // type that holds all indices of a row
#define SIGN 0x80000000u    // the sign bit of a KEY
#define LARGEST 0x7f800000u // floats: the bits of infinity
#define KIND 2              // 0: unsigned integers, 1: signed ones, 2: floats
#define DESCENDING 0        // 1: the largest first, NaN still last
#define LAST 1              // 1: this pass writes the results
#define VALUES 1            // 1: elements are wanted
#define ORDER 1             // 1: indices are wanted
#define RUN 32              // CPU shape: elements of a run, 16 times a power of two
#define GROUP 16            // GPU shape: work-items that sort runs
#define PER_ITEM 8          // merge: elements of a work-item, which divide a merged run
#endif

static inline KEY KERNEL(sort_key)(KEY bits) {
#if KIND == 2
    if ((KEY)(bits & (KEY)~SIGN) > (KEY)LARGEST) {
        return (KEY)~(KEY)0;
    }
    if ((KEY)(bits & (KEY)~SIGN) == 0) {
        bits = 0;
    }
    const KEY key = bits & SIGN ? (KEY)~bits : (KEY)(bits | SIGN);
#elif KIND == 1
    const KEY key = bits ^ SIGN;
#else
    const KEY key = bits;
#endif
    return DESCENDING ? (KEY)~key : key;
}

// Where the rows of an array with `n` elements along the axis start: row = (outer index) * inner + (inner index).
#define ROW_START(row, n) ((row) / inner * (n) * inner + (row) % inner)

#if LAST && VALUES && ORDER
#define RESULTS , __global KEY *values, __global long *order
#elif LAST && VALUES
#define RESULTS , __global KEY *values
#elif LAST
#define RESULTS , __global long *order
#else
#define RESULTS , __global KEY *to_keys, __global INDEX *to_order
#endif

// One result: the element `index` of the row comes at `place`.
#if LAST && VALUES && ORDER
#define PUT(place, key, index)                                                                                        \
    values[ROW_START(row, kept) + (place) * inner] = x[ROW_START(row, length) + (long)(index) * inner];               \
    order[ROW_START(row, kept) + (place) * inner] = index;
#elif LAST && VALUES
#define PUT(place, key, index)                                                                                        \
    values[ROW_START(row, kept) + (place) * inner] = x[ROW_START(row, length) + (long)(index) * inner];
#elif LAST
#define PUT(place, key, index) order[ROW_START(row, kept) + (place) * inner] = index;
#else
#define PUT(place, key, index)                                                                                        \
    to_keys[row * length + (place)] = key;                                                                            \
    to_order[row * length + (place)] = index;
#endif

#if defined(ENTRY_sort_runs) && !GPU_SHAPE
// Runs of so few elements are sorted by insertion.
#define INSERTED 16

// An item sorts a run: blocks by insertion, then pairs of blocks are merged from one pair of scratch arrays to the other.
// Unless a run is the whole row, each takes as many steps, so that all end in the same pair, which the caller knows.
__kernel void KERNEL(sort_runs)(
    __global const KEY *x, const long x_offset, const long rows, const long length, const long inner, const long kept,
    __global KEY *keys, __global INDEX *indices, __global KEY *other_keys, __global INDEX *other_indices
#if LAST
    RESULTS
#endif
    ) {
    const long runs = (length + RUN - 1) / RUN;
    const long row = (long)get_global_id(0) / runs;
    const long start = (long)get_global_id(0) % runs * RUN;
    if (row >= rows) {
        return;
    }
    const long count = min((long)RUN, length - start);
    const long base = row * length + start;
    x += x_offset;
    keys += base;
    indices += base;
    other_keys += base;
    other_indices += base;
    for (long i = 0; i < count; i++) {
        const KEY key = KERNEL(sort_key)(x[ROW_START(row, length) + (start + i) * inner]);
        const long block = i / INSERTED * INSERTED;
        long at = i;
        while (at > block && keys[at - 1] > key) {
            keys[at] = keys[at - 1];
            indices[at] = indices[at - 1];
            at--;
        }
        keys[at] = key;
        indices[at] = (INDEX)(start + i);
    }
    const long whole = LAST ? count : RUN;
    for (long width = INSERTED; width < whole; width *= 2) {
        long i = 0;
        for (long first = 0; first < count; first += 2 * width) {
            long left = min(first, count), right = min(first + width, count);
            const long middle = right, end = min(first + 2 * width, count);
            for (; i < end; i++) {
                const int take = right >= end || (left < middle && keys[left] <= keys[right]);
                const long taken = take ? left++ : right++;
                other_keys[i] = keys[taken];
                other_indices[i] = indices[taken];
            }
        }
        __global KEY *const swapped_keys = keys;
        __global INDEX *const swapped_indices = indices;
        keys = other_keys;
        indices = other_indices;
        other_keys = swapped_keys;
        other_indices = swapped_indices;
    }
#if LAST
    const long wanted = min(count, kept);
    for (long i = 0; i < wanted; i++) {
        PUT(i, keys[i], indices[i])
    }
#endif
}
#endif

#if defined(ENTRY_sort_runs) && GPU_SHAPE
// A group sorts 2 * GROUP elements by Batcher's bitonic network, in runs of `run` elements, a power of two. What is
// beyond the end of a row comes last, as it has the largest keys and indices.
__kernel void KERNEL(sort_runs)(
    __global const KEY *x, const long x_offset, const long rows, const long length, const long inner,
    const long kept, const int run RESULTS) {
    __local KEY keys[2 * GROUP];
    __local INDEX indices[2 * GROUP];
    const int item = (int)get_local_id(0);
    const long runs = (length + run - 1) / run;
    const long first = (long)get_group_id(0) * (2 * GROUP / run);
    x += x_offset;
    for (int i = item; i < 2 * GROUP; i += GROUP) {
        const long row = (first + i / run) / runs;
        const long place = (first + i / run) % runs * run + i % run;
        const int inside = row < rows && place < length;
        keys[i] = inside ? KERNEL(sort_key)(x[ROW_START(row, length) + place * inner]) : (KEY)~(KEY)0;
        indices[i] = (INDEX)place;
    }
    for (int size = 2; size <= run; size *= 2) {
        for (int step = size / 2; step > 0; step /= 2) {
            barrier(CLK_LOCAL_MEM_FENCE);
            const int low = item / step * 2 * step + item % step;
            const int high = low + step;
            const KEY low_key = keys[low], high_key = keys[high];
            const INDEX low_index = indices[low], high_index = indices[high];
            const int ordered = low_key < high_key || (low_key == high_key && low_index < high_index);
            const int ascending = size == run || (low & size) == 0;
            if (ordered != ascending) {
                keys[low] = high_key;
                keys[high] = low_key;
                indices[low] = high_index;
                indices[high] = low_index;
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < 2 * GROUP; i += GROUP) {
        const long row = (first + i / run) / runs;
        const long place = (first + i / run) % runs * run + i % run;
        if (row < rows && place < length && i % run < kept) {
            PUT(place, keys[i], indices[i])
        }
    }
}
#endif

#ifdef ENTRY_sort_merge
// An item merges PER_ITEM elements of a pair of sorted runs of `width` elements, of which the first `kept` count.
__kernel void KERNEL(sort_merge)(
    __global const KEY *x, const long x_offset, const long rows, const long length, const long inner,
    const long kept, __global const KEY *from_keys, __global const INDEX *from_order, const long width RESULTS) {
    const long chunks = (length + PER_ITEM - 1) / PER_ITEM;
    const long row = (long)get_global_id(0) / chunks;
    const long start = (long)get_global_id(0) % chunks * PER_ITEM;
    if (row >= rows) {
        return;
    }
    const long pair = start / (2 * width) * (2 * width);
    const long middle = min(pair + width, length);
    const long lefts = min(middle - pair, kept);
    const long rights = min(min(width, length - middle), kept);
    const long before = start - pair;
    const long end = min(min(before + PER_ITEM, lefts + rights), kept);
    if (before >= end) {
        return;
    }
    x += x_offset;
    __global const KEY *left_keys = from_keys + row * length + pair;
    __global const KEY *right_keys = from_keys + row * length + middle;
    long left = max(0L, before - rights);
    long above = min(before, lefts);
    while (left < above) {
        const long half_way = (left + above) / 2;
        if (left_keys[half_way] <= right_keys[before - 1 - half_way]) {
            left = half_way + 1;
        } else {
            above = half_way;
        }
    }
    long right = before - left;
    for (long i = before; i < end; i++) {
        const int take = right >= rights || (left < lefts && left_keys[left] <= right_keys[right]);
        const long taken = take ? pair + left++ : middle + right++;
        const INDEX index = from_order[row * length + taken];
        PUT(pair + i, from_keys[row * length + taken], index)
    }
}
#endif
#undef INSERTED
#undef ROW_START
#undef RESULTS
#undef PUT
