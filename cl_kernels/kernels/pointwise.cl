// Fused pointwise work: one pass over an index space, any number of inputs and outputs.
//
// The space is `rows` x `inner`: `inner` is the last axis, `rows` all other axes, after merging axes that can be read
// as one. The code generator (clgrad/codegen) defines the reads, computations and writes at an index.
// CPU shape: a work-item owns a run of blocks of one row, and loops over whole vectors, then one partial vector.
// GPU shape: a work-item owns one element.
// pointwise is a kernel. pointwise_part is the same as a function, for a kernel in which several small loops share a
// launch (runtime/program_text.py writes it): this is work-item `item` of the `items` work-items of the loop.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_pointwise 1
#define index_t int                 // int, or long where an index may pass 2^31
#define PARAMETERS __global const float *p0, __global float *q0,  // buffers, offsets, strides; ends in a comma
#define SETUP                       // once per work-item: vectors from scalar arguments
#define ROW_SETUP                   // offsets of each operand from `row`
#define FULL(i, u) store_float(load_float(p0 + i), q0 + i);            // a whole vector at column i
#define PART(i, count) store_strided_float(load_strided_float(p0 + i, 1, count), q0 + i, 1, count);  // `count` lanes
#endif

#if defined(ENTRY_pointwise) || defined(ENTRY_pointwise_part)
#define LOOP_PARAMETERS                                                                                               \
    PARAMETERS const index_t rows, const index_t inner, const index_t block, const index_t blocks_per_row
#ifdef ENTRY_pointwise
LOOP_KERNEL void KERNEL(pointwise)(LOOP_PARAMETERS) {
    const long item = get_global_id(0), items = get_global_size(0);
#else
static void KERNEL(pointwise_part)(LOOP_PARAMETERS, const long item, const long items) {
#endif
    SETUP
#if GPU_SHAPE
    const index_t place = item;
    if (place < rows * inner) {
        const index_t row = place / inner;
        const index_t i = place - row * inner;
        ROW_SETUP
        FULL(i, 0)
    }
#else
    const long blocks = (long)rows * blocks_per_row;
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
#undef LOOP_PARAMETERS
#endif
