// Fused pointwise work: one pass over an index space, any number of inputs and outputs.
//
// The space is `rows` x `inner`: all dimensions but the last, and the last, after neighbours that step alike were
// merged. The generator (graph/codegen.py) defines what is read, computed and written at an index.
// CPU shape: a work-item owns a run of blocks of one row and walks them in whole vectors, then one partial vector.
// GPU shape: a work-item owns one element.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_pointwise 1
#define index_t int                 // int, or long where an index may pass 2^31
#define PARAMETERS __global const float *p0, __global float *q0,  // buffers, offsets, strides; ends in a comma
#define SETUP                       // once per work-item: scalars to vectors
#define ROW_SETUP                   // offsets of each operand from `row`
#define FULL(i, u) store_float(load_float(p0 + i), q0 + i);            // a whole vector at column i
#define PART(i, count) store_strided_float(load_strided_float(p0 + i, 1, count), q0 + i, 1, count);  // `count` lanes
#endif

#ifdef ENTRY_pointwise
LOOP_KERNEL void KERNEL(pointwise)(PARAMETERS const index_t rows, const index_t inner, const index_t block,
                                const index_t blocks_per_row) {
    SETUP
#if GPU_SHAPE
    const index_t place = get_global_id(0);
    if (place < rows * inner) {
        const index_t row = place / inner;
        const index_t i = place - row * inner;
        ROW_SETUP
        FULL(i, 0)
    }
#else
    const long blocks = (long)rows * blocks_per_row;
    const long items = get_global_size(0), item = get_global_id(0);
    const index_t last = (index_t)(blocks * (item + 1) / items);
    for (index_t place = (index_t)(blocks * item / items); place < last; place++) {
        const index_t row = place / blocks_per_row;
        const index_t first = (place - row * blocks_per_row) * block;
        const index_t stop = min(first + block, inner);
        ROW_SETUP
        index_t i = first;
        for (; i + VECTOR_WIDTH <= stop; i += VECTOR_WIDTH) {
            FULL(i, 0)
        }
        if (i < stop) {
            const int count = stop - i;
            PART(i, count)
        }
    }
#endif
}
#endif
