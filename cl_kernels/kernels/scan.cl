// Running sums and products along one axis, in order: out[i] = x[0] + ... + x[i], or from the end with REVERSE.
//
// Assumes common.cl. Arrays are row-major with shape (outer, length, inner). The middle axis is cut into blocks of
// about the square root of its length. The cut depends on the length only, so equal input gives equal bits. A sum is
// made of about 2 * sqrt(length) additions in a row instead of `length`, which keeps it accurate.
// There are three passes: the total of each block, the total of all blocks before each block, the running sums. With a
// single block only the last pass runs. A work-item takes one block of one column, or with IN_VECTORS of VECTOR_WIDTH
// neighbouring columns. With STAGED the blocks lie one after the other in memory (inner is 1): a group copies its blocks
// through local memory, a tile of each at a time, so that neighbouring work-items read and write neighbouring elements.

#ifndef KERNEL
#define KERNEL(n) n
#define ENTRY_scan_totals
#define ENTRY_scan_starts
#define ENTRY_scan_blocks
#define TYPE float          // type of the elements and their sums
#define IN_VECTORS 0        // 1: vectors of neighbouring columns, for inner >= VECTOR_WIDTH
#define PRODUCT 0           // 1: products, 0: sums
#define REVERSE 0           // 1: from the end of the axis
#define STAGED 0            // GPU shape: 1: through local memory, for inner == 1
#define GROUP 64            // STAGED: work-items of a group
#define TILE 32             // STAGED: elements of a block that are in local memory at a time
#endif

#if PRODUCT
#define SCAN_IDENTITY 1
#define SCAN_COMBINE(a, b) ((a) * (b))
#else
#define SCAN_IDENTITY 0
#define SCAN_COMBINE(a, b) ((a) + (b))
#endif
#if REVERSE
#define SCAN_STEP(i) (length - 1 - (i))
#else
#define SCAN_STEP(i) (i)
#endif
#if IN_VECTORS
#define SCAN_LANES VECTOR_WIDTH
#define SCAN_VALUE PASTE(TYPE, _v)
#define SCAN_COUNT_LANES const int lanes = (int)min(inner - column, (long)VECTOR_WIDTH);
#define SCAN_LOAD(p) (lanes == VECTOR_WIDTH ? VLOAD(p) : PASTE(load_strided_, TYPE)(p, 1, lanes))
#define SCAN_STORE(v, p)                                                                                             \
    if (lanes == VECTOR_WIDTH) {                                                                                     \
        VSTORE(v, p);                                                                                                \
    } else {                                                                                                         \
        PASTE(store_strided_, TYPE)(v, p, 1, lanes);                                                                 \
    }
#else
#define SCAN_LANES 1
#define SCAN_VALUE TYPE
#define SCAN_COUNT_LANES
#define SCAN_LOAD(p) (*(p))
#define SCAN_STORE(v, p) *(p) = (v);
#endif

// The place of a work-item: `column` is its first column, `lanes` the number of its columns, `strip` the index of its
// block or row.
#define SCAN_PLACE                                                                                                   \
    const long groups = (inner + SCAN_LANES - 1) / SCAN_LANES;                                                       \
    const long column = (long)get_global_id(0) % groups * SCAN_LANES;                                                \
    SCAN_COUNT_LANES                                                                                                 \
    const long strip = (long)get_global_id(0) / groups;

#if STAGED
// What a group needs to know of its blocks: where each begins in x, and how many elements of it are wanted. The tiles
// are padded, because work-items that walk along their own tiles would meet in the same banks.
#define STAGE                                                                                                        \
    __local TYPE tiles[GROUP * (TILE + 1)];                                                                          \
    __local long begins[GROUP], counts[GROUP];                                                                       \
    const int item = get_local_id(0);                                                                                \
    __local TYPE *tile = tiles + item * (TILE + 1);                                                                  \
    begins[item] = row * length + SCAN_STEP(block * block_length);                                                   \
    counts[item] = row < outer ? min(block_length, length - block * block_length) : 0;
// For each element of the group's tiles that begin `done` elements after the blocks do: in the order of memory.
#define EACH_STAGED(STATEMENT)                                                                                       \
    for (int k = item; k < GROUP * TILE; k += GROUP) {                                                               \
        const int owner = k / TILE, step = k % TILE;                                                                 \
        const long place = begins[owner] + (REVERSE ? -(done + step) : done + step);                                 \
        __local TYPE *staged = tiles + owner * (TILE + 1) + step;                                                    \
        if (done + step < counts[owner]) {                                                                           \
            STATEMENT                                                                                                \
        }                                                                                                            \
    }
#endif

#ifdef ENTRY_scan_totals
// totals[outer, block, inner]; the total of the last block is not needed
__kernel void KERNEL(scan_totals)(
    __global const TYPE *x, const long x_offset, __global TYPE *totals, const long outer, const long length,
    const long inner, const long block_length, const long blocks) {
    SCAN_PLACE
    const long row = strip / blocks;
    const long block = strip % blocks;
#if STAGED
    STAGE
    x += x_offset;
    TYPE total = SCAN_IDENTITY;
    for (long done = 0; done < block_length; done += TILE) {
        barrier(CLK_LOCAL_MEM_FENCE);
        EACH_STAGED(*staged = x[place];)
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int step = 0; step < TILE && done + step < counts[item]; step++) {
            total = SCAN_COMBINE(total, tile[step]);
        }
    }
    if (row < outer && block < blocks - 1) {
        totals[strip] = total;
    }
#else
    if (row >= outer || block == blocks - 1) {
        return;
    }
    x += x_offset + row * length * inner + column;
    SCAN_VALUE total = SCAN_IDENTITY;
    for (long i = block * block_length; i < (block + 1) * block_length; i++) {
        total = SCAN_COMBINE(total, SCAN_LOAD(x + SCAN_STEP(i) * inner));
    }
    SCAN_STORE(total, totals + (row * blocks + block) * inner + column)
#endif
}
#endif

#ifdef ENTRY_scan_starts
// Replaces the total of each block by the total of all blocks before it
__kernel void KERNEL(scan_starts)(
    __global TYPE *totals, const long outer, const long inner, const long blocks) {
    SCAN_PLACE
    if (strip >= outer) {
        return;
    }
    totals += strip * blocks * inner + column;
    SCAN_VALUE before = SCAN_IDENTITY;
    for (long block = 0; block < blocks; block++) {
        const SCAN_VALUE total = block < blocks - 1 ? SCAN_LOAD(totals + block * inner) : before;
        SCAN_STORE(before, totals + block * inner)
        before = SCAN_COMBINE(before, total);
    }
}
#endif

#ifdef ENTRY_scan_blocks
__kernel void KERNEL(scan_blocks)(
    __global const TYPE *x, const long x_offset, __global const TYPE *starts, __global TYPE *out, const long outer,
    const long length, const long inner, const long block_length, const long blocks) {
    SCAN_PLACE
    const long row = strip / blocks;
    const long block = strip % blocks;
#if STAGED
    STAGE
    x += x_offset;
    TYPE sum = SCAN_IDENTITY;
    if (blocks > 1 && row < outer) {
        sum = starts[strip];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (long done = 0; done < block_length; done += TILE) {
        // No barrier stands between the copies to and from memory: they give a work-item the same elements.
        EACH_STAGED(*staged = x[place];)
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int step = 0; step < TILE && done + step < counts[item]; step++) {
            sum = SCAN_COMBINE(sum, tile[step]);
            tile[step] = sum;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        EACH_STAGED(out[place] = *staged;)
    }
#else
    if (row >= outer) {
        return;
    }
    x += x_offset + row * length * inner + column;
    out += row * length * inner + column;
    SCAN_VALUE sum = SCAN_IDENTITY;
    if (blocks > 1) {
        sum = SCAN_LOAD(starts + (row * blocks + block) * inner + column);
    }
    const long end = min((block + 1) * block_length, length);
    for (long i = block * block_length; i < end; i++) {
        sum = SCAN_COMBINE(sum, SCAN_LOAD(x + SCAN_STEP(i) * inner));
        SCAN_STORE(sum, out + SCAN_STEP(i) * inner)
    }
#endif
}
#endif
#undef SCAN_IDENTITY
#undef SCAN_COMBINE
#undef SCAN_STEP
#undef SCAN_LANES
#undef SCAN_VALUE
#undef SCAN_COUNT_LANES
#undef SCAN_LOAD
#undef SCAN_STORE
#undef SCAN_PLACE
#undef STAGE
#undef EACH_STAGED
