// Fused reductions along the last axes, with the ops that depend on them: softmax, normalisations, losses.
//
// The space is `rows` (kept) x `mid` x `inner` (reduced; `inner` is the last axis after merging). A kernel is a
// sequence of phases over one row, which stays in the cache. A phase reads columns, computes, combines into
// accumulators and stores; the next phase uses its reduced values.
// CPU shape: one work-item per row. GPU shape: one work-group per row, or for short rows a part of one: neighbouring
// work-items read neighbouring elements.
// SPLIT: few long rows are cut into `parts`; each part writes its accumulators, and a second kernel combines them.
// The cut depends on the shape and the device only. An accumulator sums at most 16 terms per lane before they are added
// with compensation. So results are reproducible bit for bit, and at least as exact as a pairwise sum.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_rows 1
#define index_t int                 // int, or long where an index may pass 2^31
#define PARAMETERS __global const float *p0, __global float *q0,  // buffers, offsets, strides; ends in a comma
#define SETUP                       // once per work-item: vectors from scalar arguments
#define ROW_SETUP                   // offsets of each operand from `row`
#define MID_SETUP                   // offsets of each operand from `j`, the index along the outer reduced axes
#define GROUP_SIZE 0                // work-items per row: a power of two; 0: a single work-item per row
#define GROUP_ROWS 1                // with GROUP_SIZE: rows of a work-group
#define SPLIT 0                     // 1: parts of `inner`; 2: parts of `mid`
#define BLOCK_STEPS 16              // terms per accumulator before it is added with compensation
#define PHASES float_v t0 = 0, a0_0; SINGLE_PASS(P0) store_strided_float(t0, q0 + row, 1, 1);
#define P0_START a0_0 = 0;          // before each block of columns
#define P0_FULL(i, u) a0_##u += load_float(p0 + row * inner + i);
#define P0_PART(i, count) a0_0 += load_strided_float(p0 + row * inner + i, 1, count) * convert_float_v(LANES(int) < count);
#define P0_FOLD t0 += a0_0;         // after each block
#endif

#undef FIRST_COLUMN
#undef COLUMN_STEP
#undef OWNED
#if GROUP_SIZE && GROUP_ROWS > 1
#define FIRST_COLUMN (index_t)(get_local_id(0) % GROUP_SIZE)
#define COLUMN_STEP GROUP_SIZE
#define OWNED(stop) (owns ? (stop) : 0)
#elif GROUP_SIZE
#define FIRST_COLUMN (index_t) get_local_id(0)
#define COLUMN_STEP GROUP_SIZE
#define OWNED(stop) (stop)
#else
#define FIRST_COLUMN 0
#define OWNED(stop) (stop)
#define COLUMN_STEP VECTOR_WIDTH
#endif

#ifndef ROWS_PASSES
#define ROWS_PASSES
// One pass over the columns of a row. P##_FULL(i, u) handles a whole vector with accumulators u, P##_PART the rest.
#define PASS(P, WHOLE_VECTORS, BLOCK)                                                                                 \
    for (index_t j = first_mid; j < stop_mid; j++) {                                                                  \
        MID_SETUP                                                                                                     \
        for (index_t block = first_column; block < stop_column; block += BLOCK) {                                     \
            const index_t end = min(block + (BLOCK), stop_column);                                                    \
            index_t i = block + FIRST_COLUMN;                                                                         \
            P##_START                                                                                                 \
            WHOLE_VECTORS(P)                                                                                          \
            REST(P)                                                                                                   \
            P##_FOLD                                                                                                  \
        }                                                                                                             \
    }
#define WHOLE_SINGLE(P)                                                                                               \
    for (; i + VECTOR_WIDTH <= end; i += COLUMN_STEP) {                                                               \
        P##_FULL(i, 0)                                                                                                \
    }
#define WHOLE_UNROLLED(P)                                                                                             \
    for (; i + 4 * VECTOR_WIDTH <= end; i += 4 * VECTOR_WIDTH) {                                                      \
        P##_FULL(i, 0)                                                                                                \
        P##_FULL((i + VECTOR_WIDTH), 1)                                                                               \
        P##_FULL((i + 2 * VECTOR_WIDTH), 2)                                                                           \
        P##_FULL((i + 3 * VECTOR_WIDTH), 3)                                                                           \
    }                                                                                                                 \
    WHOLE_SINGLE(P)
// The same sums in the same order for a body that is too long to be written four times.
#define WHOLE_TURNING(P)                                                                                              \
    while (i + 4 * VECTOR_WIDTH <= end) {                                                                             \
        for (int turn = 0; turn < 4; turn++, i += VECTOR_WIDTH) {                                                     \
            P##_FULL(i, 0)                                                                                            \
            P##_TURN                                                                                                  \
        }                                                                                                             \
    }                                                                                                                 \
    WHOLE_SINGLE(P)
#if VECTOR_WIDTH == 1
#define REST(P)
#else
#define REST(P)                                                                                                       \
    if (i < end) {                                                                                                    \
        const int count = end - i;                                                                                    \
        P##_PART(i, count)                                                                                            \
    }
#endif
#define SINGLE_PASS(P) PASS(P, WHOLE_SINGLE, BLOCK_STEPS * COLUMN_STEP)
#define UNROLLED_PASS(P) PASS(P, WHOLE_UNROLLED, 64 * COLUMN_STEP)
#define TURNING_PASS(P) PASS(P, WHOLE_TURNING, 64 * COLUMN_STEP)
#endif

#ifdef ENTRY_rows
LOOP_KERNEL void KERNEL(rows)(PARAMETERS const index_t rows, const index_t mid, const index_t inner, const index_t parts,
                           const index_t part_length) {
    SETUP
#if GROUP_SIZE
    __local ulong shared[GROUP_SIZE * GROUP_ROWS];
#if GROUP_ROWS > 1
    // Work-items past the last row take part in the barriers: they have that row, and no column of it. A row that has
    // the group to itself needs no such care, which would cost a third more registers.
    const index_t wanted = get_group_id(0) * GROUP_ROWS + get_local_id(0) / GROUP_SIZE;
    const index_t place = min(wanted, rows * parts - 1);
    const int owns = place == wanted;
#else
    const index_t place = get_group_id(0);
    const int owns = 1;
#endif
    {
#elif GPU_SHAPE
    const index_t place = get_global_id(0);
    if (place < rows * parts) {
#else
    const long items = get_global_size(0), item = get_global_id(0), places = (long)rows * parts;
    const index_t last = (index_t)(places * (item + 1) / items);
    for (index_t place = (index_t)(places * item / items); place < last; place++) {
#endif
#if SPLIT
        const index_t row = place / parts;
        const index_t part = place - row * parts;
#else
        const index_t row = place;
#endif
#if SPLIT == 1
        const index_t first_column = part * part_length, stop_column = OWNED(min(first_column + part_length, inner));
#else
        const index_t first_column = 0, stop_column = OWNED(inner);
#endif
#if SPLIT == 2
        const index_t first_mid = part * part_length, stop_mid = min(first_mid + part_length, mid);
#else
        const index_t first_mid = 0, stop_mid = mid;
#endif
        ROW_SETUP
        PHASES
    }
}
#endif
