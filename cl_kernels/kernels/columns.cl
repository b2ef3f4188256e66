// Fused reductions that keep the last axis: sums over a batch, bias gradients, means over leading axes.
//
// The space is `rows` (kept) x `mid` (reduced) x `inner` (kept, the last axis). Lanes and work-items are spread along
// `inner`; each loops over `mid`. CPU shape: a work-item takes four vectors of columns at a time, so that it reads
// whole cache lines. GPU shape: one work-item per column. SPLIT cuts `mid` into parts, as in rows.cl.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_columns 1
#define index_t int                 // int, or long where an index may pass 2^31
#define PARAMETERS __global const float *p0, __global float *q0,  // buffers, offsets, strides; ends in a comma
#define SETUP                       // once per work-item: vectors from scalar arguments
#define ROW_SETUP                   // offsets of each operand from `row`
#define MID_SETUP                   // offsets of each operand from `j`
#define SPLIT 0                     // 1: `mid` is cut into parts
#define BLOCK_STEPS 16              // terms per accumulator before it is added with compensation
#define DECLARE(u) float_v t0_##u = 0, a0_##u = 0;       // totals and accumulators of vector u
#define FULL(i, u) a0_##u += load_float(p0 + (row * mid + j) * inner + i);
#define PART(i, count) a0_0 += load_strided_float(p0 + (row * mid + j) * inner + i, 1, count);
#define FOLD(u) t0_##u += a0_##u; a0_##u = 0;            // after each block of `mid`
#define FINISH(i, u) store_float(t0_##u, q0 + row * inner + i);
#define FINISH_PART(i, count) store_strided_float(t0_0, q0 + row * inner + i, 1, count);
#endif

#ifndef COLUMNS_PASSES
#define COLUMNS_PASSES
// Loop over `mid` in blocks: EACH runs at every step, FOLDS after every block.
#define DOWN(EACH, FOLDS)                                                                                             \
    for (index_t block = first_mid; block < stop_mid; block += BLOCK_STEPS) {                                         \
        const index_t end = min(block + BLOCK_STEPS, stop_mid);                                                       \
        for (index_t j = block; j < end; j++) {                                                                       \
            MID_SETUP                                                                                                 \
            EACH                                                                                                      \
        }                                                                                                             \
        FOLDS                                                                                                         \
    }
#define FOUR_FULL FULL(i, 0) FULL((i + VECTOR_WIDTH), 1) FULL((i + 2 * VECTOR_WIDTH), 2) FULL((i + 3 * VECTOR_WIDTH), 3)
#define FOUR_FOLDS FOLD(0) FOLD(1) FOLD(2) FOLD(3)
#define ONE_FULL FULL(i, 0)
#define ONE_PART PART(i, count)
#endif

#ifdef ENTRY_columns
LOOP_KERNEL void KERNEL(columns)(PARAMETERS const index_t rows, const index_t mid, const index_t inner,
                              const index_t parts, const index_t part_length, const index_t blocks_per_row) {
    SETUP
    const index_t places = rows * parts * blocks_per_row;
#if GPU_SHAPE
    const index_t place = get_global_id(0);
    if (place < places) {
#else
    const long items = get_global_size(0), item = get_global_id(0);
    const index_t last = (index_t)((long)places * (item + 1) / items);
    for (index_t place = (index_t)((long)places * item / items); place < last; place++) {
#endif
        const index_t line = place / blocks_per_row;
        const index_t column = (place - line * blocks_per_row) * (GPU_SHAPE ? 1 : 4 * VECTOR_WIDTH);
#if SPLIT
        const index_t part = line / rows;
        const index_t row = line - part * rows;
        const index_t first_mid = part * part_length, stop_mid = min(first_mid + part_length, mid);
#else
        const index_t row = line;
        const index_t first_mid = 0, stop_mid = mid;
#endif
        ROW_SETUP
#if GPU_SHAPE
        const index_t i = column;
        DECLARE(0)
        DOWN(ONE_FULL, FOLD(0))
        FINISH(i, 0)
#else
        const index_t stop = min(column + 4 * VECTOR_WIDTH, inner);
        index_t i = column;
        if (i + 4 * VECTOR_WIDTH <= stop) {
            DECLARE(0) DECLARE(1) DECLARE(2) DECLARE(3)
            DOWN(FOUR_FULL, FOUR_FOLDS)
            FINISH(i, 0)
            FINISH((i + VECTOR_WIDTH), 1)
            FINISH((i + 2 * VECTOR_WIDTH), 2)
            FINISH((i + 3 * VECTOR_WIDTH), 3)
            i = stop;
        }
        for (; i + VECTOR_WIDTH <= stop; i += VECTOR_WIDTH) {
            DECLARE(0)
            DOWN(ONE_FULL, FOLD(0))
            FINISH(i, 0)
        }
        if (i < stop) {
            const int count = stop - i;
            DECLARE(0)
            DOWN(ONE_PART, FOLD(0))
            FINISH_PART(i, count)
        }
#endif
    }
}
#endif
