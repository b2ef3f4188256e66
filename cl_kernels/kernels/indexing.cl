// Indexing by an array: normalize_index, gather, scatter, put.
//
// Assumes common.cl. Arrays are row-major with shape (outer, length, inner). The middle axis is indexed by int64 from 0
// to length - 1; normalize_index makes these from integers between lowest (0 or -length) and length - 1. There are no
// float atomics: in scatter each output row has one owner, which adds the row's values in the order of the indices. So
// equal input gives equal bits.

#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_normalize_index
#define ENTRY_gather
#define ENTRY_scatter
#define ENTRY_put_nothing
#define ENTRY_put
#define INDEX int           // stored type of the given indices
#define WIDE_INDEX long     // type that holds all values of INDEX: long, ulong for ulong, the float type for floats
#define PER_ITEM 64         // indices of one work-item
#define TYPE float          // stored type; for gather and with SET any type of the same size
#define SET 0               // 1: the last value replaces what was there; 0: values are added to zero
#define GROUP 128           // work-group size of scatter in GPU shape
#define index_t int         // type of places in the arrays of gather and scatter: int if all fit, else long
#endif

#ifdef ENTRY_normalize_index
__kernel void KERNEL(normalize_index)(
    __global const PASTE(storage_, INDEX) *indices, const long indices_offset, __global long *out,
    const long count, const long lowest, const long length, __global int *faults, const int check) {
    const long first = (long)get_global_id(0) * PER_ITEM;
    const long end = min(first + PER_ITEM, count);
    indices += indices_offset;
    for (long i = first; i < end; i++) {
        const WIDE_INDEX given = (WIDE_INDEX)PASTE(load_one_, INDEX)(indices + i);
        const long whole = convert_long_sat(given);
        // The first comparison is false for fractions, NaN and values that long cannot hold.
        const int inside = (WIDE_INDEX)whole == given && whole >= lowest && whole < length;
        if (!inside) {
            faults[check] = 1;
        }
        const long position = inside ? whole : 0;
        out[i] = position < 0 ? position + length : position;
    }
}
#endif

#ifdef ENTRY_gather
#if GPU_SHAPE
// One item per element.
__kernel void KERNEL(gather)(
    __global const TYPE *x, const long x_offset, __global const long *indices, const long indices_offset,
    __global TYPE *out, const index_t outer, const index_t length, const index_t inner, const index_t count,
    const index_t rows_per_item) {
    const index_t element = (index_t)get_global_id(0);
    if (element >= outer * count * inner) {
        return;
    }
    const index_t row = element / inner;
    const index_t block = row / count;
    indices += indices_offset;
    const index_t source = block * length + (index_t)indices[row - block * count];
    x += x_offset;
    out[element] = x[source * inner + (element - row * inner)];
}
#else
// One item per run of output rows.
__kernel void KERNEL(gather)(
    __global const TYPE *x, const long x_offset, __global const long *indices, const long indices_offset,
    __global TYPE *out, const index_t outer, const index_t length, const index_t inner, const index_t count,
    const index_t rows_per_item) {
    const index_t first = (index_t)get_global_id(0) * rows_per_item;
    const index_t end = min(first + rows_per_item, outer * count);
    index_t block = first / count;
    index_t k = first % count;
    x += x_offset;
    indices += indices_offset;
    for (index_t row = first; row < end; row++) {
        __global const TYPE *from = x + (block * length + (index_t)indices[k]) * inner;
        __global TYPE *to = out + row * inner;
        index_t i = 0;
        for (; i + VECTOR_WIDTH <= inner; i += VECTOR_WIDTH) {
            VSTORE(VLOAD(from + i), to + i);
        }
        for (; i < inner; i++) {
            to[i] = from[i];
        }
        k++;
        if (k == count) {
            k = 0;
            block++;
        }
    }
}
#endif
#endif

#ifdef ENTRY_scatter
#if SET
#define SCATTER_START(i) base[i]
#define SCATTER_COMBINE(before, value) (value)
#else
#define SCATTER_START(i) 0
#define SCATTER_COMBINE(before, value) ((before) + (value))
#endif

#if GPU_SHAPE
// One work-group per run of output rows. Each work-item owns some of these rows and columns. The group reads the
// indices tile by tile, and each work-item handles the indices of its rows.
__kernel void KERNEL(scatter)(
    __global const TYPE *values, const long values_offset, __global const long *indices, const long indices_offset,
    __global const TYPE *base, const long base_offset, __global TYPE *out,
    const index_t outer, const index_t length, const index_t inner, const index_t count, const index_t rows_per_owner) {
    __local index_t tile[GROUP];
    const int lane = get_local_id(0);
    const int column_lanes = (int)min(inner, (index_t)GROUP);
    const int row_lanes = GROUP / column_lanes;
    const int my_row = lane / column_lanes;
    const int my_column = lane % column_lanes;
    const index_t first = (index_t)get_group_id(0) * rows_per_owner;
    const index_t end = min(first + rows_per_owner, outer * length);
    values += values_offset;
    base += base_offset;
    indices += indices_offset;
    for (index_t block = first / length; block * length < end; block++) {
        const index_t low = max(first - block * length, (index_t)0);
        const index_t high = min(end - block * length, length);
        if (my_row < row_lanes) {
            for (index_t n = low + my_row; n < high; n += row_lanes) {
                for (index_t i = my_column; i < inner; i += column_lanes) {
                    const index_t place = (block * length + n) * inner + i;
                    out[place] = SCATTER_START(place);
                }
            }
        }
        for (index_t start = 0; start < count; start += GROUP) {
            barrier(CLK_LOCAL_MEM_FENCE);
            if (start + lane < count) {
                tile[lane] = (index_t)indices[start + lane] - low;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
            const int filled = (int)min(count - start, (index_t)GROUP);
            for (int t = 0; t < filled; t++) {
                const index_t n = tile[t];
                if (n < 0 || n >= high - low || (int)(n % row_lanes) != my_row) {
                    continue;
                }
                __global TYPE *to = out + (block * length + low + n) * inner;
                __global const TYPE *from = values + (block * count + start + t) * inner;
                for (index_t i = my_column; i < inner; i += column_lanes) {
                    to[i] = SCATTER_COMBINE(to[i], from[i]);
                }
            }
        }
    }
}
#else
// One work-item per run of output rows; it reads all indices and handles those of its rows.
__kernel void KERNEL(scatter)(
    __global const TYPE *values, const long values_offset, __global const long *indices, const long indices_offset,
    __global const TYPE *base, const long base_offset, __global TYPE *out,
    const index_t outer, const index_t length, const index_t inner, const index_t count, const index_t rows_per_owner) {
    const index_t first = (index_t)get_global_id(0) * rows_per_owner;
    const index_t end = min(first + rows_per_owner, outer * length);
    values += values_offset;
    base += base_offset;
    indices += indices_offset;
    for (index_t place = first * inner; place < end * inner; place++) {
        out[place] = SCATTER_START(place);
    }
    for (index_t block = first / length; block * length < end; block++) {
        const index_t low = max(first - block * length, (index_t)0);
        const index_t high = min(end - block * length, length);
        for (index_t k = 0; k < count; k++) {
            const index_t n = (index_t)indices[k];
            if (n < low || n >= high) {
                continue;
            }
            __global TYPE *to = out + (block * length + n) * inner;
            __global const TYPE *from = values + (block * count + k) * inner;
            index_t i = 0;
            for (; i + VECTOR_WIDTH <= inner; i += VECTOR_WIDTH) {
                VSTORE(SCATTER_COMBINE(VLOAD(to + i), VLOAD(from + i)), to + i);
            }
            for (; i < inner; i++) {
                to[i] = SCATTER_COMBINE(to[i], from[i]);
            }
        }
    }
}
#endif
#undef SCATTER_START
#undef SCATTER_COMBINE
#endif

#ifdef ENTRY_put_nothing
// zeros, into which put then writes
__kernel void KERNEL(put_nothing)(__global TYPE *out, const long length) {
    const long first = (long)get_global_id(0) * PER_ITEM;
    const long end = min(first + PER_ITEM, length);
    for (long i = first; i < end; i++) {
        out[i] = 0;
    }
}
#endif

#ifdef ENTRY_put
// out[positions[i]] = values[i]; no two positions are equal, and negative ones are left out
__kernel void KERNEL(put)(
    __global const TYPE *values, const long values_offset, __global const long *positions, const long positions_offset,
    __global TYPE *out, const long count) {
    const long first = (long)get_global_id(0) * PER_ITEM;
    const long end = min(first + PER_ITEM, count);
    values += values_offset;
    positions += positions_offset;
    for (long i = first; i < end; i++) {
        if (positions[i] >= 0) {
            out[positions[i]] = values[i];
        }
    }
}
#endif
