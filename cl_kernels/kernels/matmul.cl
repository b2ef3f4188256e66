// Matrix products: c[batch, row, column] = epilogue(sum over k of a[batch, row, k] * b[batch, k, column]).
//
// a and b have a buffer, an element offset and any strides, so transposed, broadcast (stride 0) and reversed operands
// need no copy. c is written once per element by EPILOGUE_STORE, so pointwise work can follow in the same pass.
//
// CPU shape. A work-item owns a block of `item_rows` x `item_panels * PANEL` elements of c, and loops over k in steps
// of BLOCK_K. Its parts fit the levels of the cache:
//  * Registers: a tile of c, ROWS rows by COLUMNS vectors. Each step of k loads COLUMNS vectors of b, broadcasts ROWS
//    elements of a, and does ROWS * COLUMNS multiply-adds. 8 x 2 vectors of 16 hide the latency of the multiplier, and
//    leave half of 32 registers for operands.
//  * First-level cache (32 KiB): a panel of b, BLOCK_K x PANEL elements, packed into private memory with its rows next
//    to each other. Packing gives every layout of b the same speed (a layout with stride 1 along k is transposed in
//    registers), avoids cache collisions of power-of-two strides, and costs one pass over b per block of rows.
//  * Second-level cache: the rows of a, item_rows x BLOCK_K, which are read again for every panel. Packing them too was
//    slower than reading them in place. COPY_A packs them for half, whose elements must be converted.
// The sum over each block of k starts from zero, and is added to the block of c in private memory. So the order of
// additions depends on k only, and the error grows with k / BLOCK_K + BLOCK_K instead of k.
// Neighbouring work-items share columns, so b is read from memory about once.
//
// GPU shape. A work-group owns TILE_ROWS x TILE_COLUMNS elements of c, and loops over k in steps of TILE_K. It copies a
// slice of a and of b to local memory, along the axis with stride 1, so that neighbouring work-items read neighbouring
// elements. Each work-item then multiplies ITEM_ROWS x ITEM_COLUMNS elements in registers. Its rows and columns come in
// groups of four, so that local memory is read four elements at a time.
//
// SPLIT. If c is small and k long, k is cut into parts of `part_length`. The parts are stored in scratch memory, and
// matmul_combine adds them in order. The cut depends on the shape only.

#ifndef KERNEL
#define KERNEL(name) name
#define ENTRY_matmul_tiles 1
#define ENTRY_matmul_combine 1
#define STORAGE float               // the stored type of a, b and c
#define COMPUTE float               // the type of sums
#define MULTIPLY_ADD(x, y, sum) fma(x, y, sum)
#define SPLIT 0                     // 1: store parts to scratch, without the epilogue
#define A_UNIT INNER_AXIS           // which stride of a is 1: INNER_AXIS, OUTER_AXIS (its rows), or NO_AXIS
#define B_UNIT OUTER_AXIS           // which stride of b is 1: INNER_AXIS, OUTER_AXIS (its columns), or NO_AXIS
#define COPY_A 0                    // CPU shape: 1 to convert rows of a before use, not at each use
#define ROWS 8                      // CPU shape: rows of a register tile
#define COLUMNS 2                   // CPU shape: vectors in a row of a register tile
#define TILE_ROWS 64                // GPU shape: a multiple of 4 * GROUP_ROWS
#define TILE_COLUMNS 64             // GPU shape: a multiple of 4 * GROUP_COLUMNS
#define TILE_K 16                   // GPU shape: TILE_K times either side of the tile is a multiple of the group
#define GROUP_ROWS 16               // GPU shape: work-items along the rows of a tile
#define GROUP_COLUMNS 16            // GPU shape: work-items along the columns of a tile
#endif

// Pointwise work on a finished value, and its store. The coordinates of c are the batch, the channel, which is a row,
// and the position, which is a column. `value` is a vector of COMPUTE for VECTOR_WIDTH positions; in the second form
// only `count` lanes are valid. GPU shape: `value` is one element, and only the first form is used.
#ifndef EPILOGUE_STORE
#define DEFAULT_EPILOGUE
#define EPILOGUE_PARAMETERS         // more kernel parameters, beginning with a comma
#define EPILOGUE_STORE(value, batch, channel, position)                                                               \
    PASTE(store_, STORAGE)(value, c + C_INDEX(batch, channel, position))
#define EPILOGUE_STORE_PART(value, batch, channel, position, count)                                                   \
    PASTE(store_part_, STORAGE)(value, c + C_INDEX(batch, channel, position), 1, count)
#endif

// Prologues: if an operand is the result of pointwise work, X_LOAD(target, batch, channel, position) computes a vector
// of it, and X_LOAD_PART(target, batch, channel, position, count) the first `count` lanes. Vectors of a lie along k.
// Those of b lie along k if B_UNIT is INNER_AXIS, and else along its columns. `target` must be no name of a generated
// text (a letter and a number, i, j, row). GPU shape: one element, and only the first form is used.
#ifndef A_LOAD
#define DEFAULT_A
#define A_PARAMETERS                // more kernel parameters, beginning with a comma
#define A_ARGUMENTS                 // their names, beginning with a comma
#endif
#ifndef B_LOAD
#define DEFAULT_B
#define B_PARAMETERS
#define B_ARGUMENTS
#endif

#define STORED PASTE(storage_, STORAGE)
#define VECTOR PASTE(COMPUTE, _v)
#define LOAD PASTE(load_, STORAGE)
#define LOAD_ONE PASTE(load_one_, STORAGE)
#define LOAD_PART PASTE(load_strided_, STORAGE)

#define ADD(x, y) MULTIPLY_ADD((VECTOR)(1), x, y)

// The code has explicit vectors. This keeps Intel's compiler from vectorising across work-items, which takes five times
// as long to compile.
#define CPU_KERNEL __attribute__((vec_type_hint(VECTOR), reqd_work_group_size(1, 1, 1)))
#define GROUP_KERNEL __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1)))

#define PANEL (COLUMNS * VECTOR_WIDTH)
#define BLOCK_K 256
#define LARGEST_ROWS 264            // of a work-item: 256 rounded up to whole tiles
#define LARGEST_PANELS 4            // of a work-item
#define ITEM_ROWS (TILE_ROWS / GROUP_ROWS)
#define ITEM_COLUMNS (TILE_COLUMNS / GROUP_COLUMNS)
#define GROUP_ITEMS (GROUP_ROWS * GROUP_COLUMNS)

#if SPLIT
#define OUTPUT COMPUTE
#define STORE(value, batch, row, column)                                                                              \
    PASTE(store_, COMPUTE)(value, c + C_INDEX((long)part * batches + (batch), row, column))
#define STORE_PART(value, batch, row, column, count)                                                                  \
    PASTE(store_part_, COMPUTE)(value, c + C_INDEX((long)part * batches + (batch), row, column), 1, count)
#else
#define OUTPUT STORED
#define STORE EPILOGUE_STORE
#define STORE_PART EPILOGUE_STORE_PART
#endif

#if defined(ENTRY_matmul_tiles) && !GPU_SHAPE
#if COPY_A || defined(A_LOAD)
#define A(row, i) copy[row][i]
#elif A_UNIT == INNER_AXIS
#define A(row, i) LOAD_ONE(a_rows[row] + (i))
#else
#define A(row, i) LOAD_ONE(a_rows[row] + (i) * a_inner)
#endif

#if B_UNIT == INNER_AXIS
// Transposes VECTOR_WIDTH steps of k, from `first` on, of VECTOR_WIDTH columns, from `column` on; b points to the first
// element. Only `count` steps exist, and columns from `width` on repeat the last one. Interleaving each row of the
// upper half with its counterpart in the lower half, log2(VECTOR_WIDTH) times, transposes a square.
APART void KERNEL(pack_square)(__global const STORED *b, const long b_column, const int batch, const int column,
                               const int first, const int count, const int width, VECTOR *panel B_PARAMETERS) {
    VECTOR squares[2][VECTOR_WIDTH];
    for (int lane = 0; lane < VECTOR_WIDTH; lane++) {
#ifdef B_LOAD
        if (count >= VECTOR_WIDTH) {
            B_LOAD(squares[0][lane], batch, column + min(lane, width - 1), first)
        } else {
            B_LOAD_PART(squares[0][lane], batch, column + min(lane, width - 1), first, count)
        }
#else
        squares[0][lane] = LOAD(b + min(lane, width - 1) * b_column);
#endif
    }
    int from = 0;
    for (int round = 1; round < VECTOR_WIDTH; round *= 2, from = 1 - from) {
        for (int lane = 0; lane < VECTOR_WIDTH / 2; lane++) {
            const VECTOR x = squares[from][lane], y = squares[from][lane + VECTOR_WIDTH / 2];
            VECTOR low, high;
            low.even = x.lo;
            low.odd = y.lo;
            high.even = x.hi;
            high.odd = y.hi;
            squares[1 - from][2 * lane] = low;
            squares[1 - from][2 * lane + 1] = high;
        }
    }
    for (int lane = 0; lane < VECTOR_WIDTH; lane++) {
        panel[lane * COLUMNS] = squares[from][lane];
    }
}
#endif

// Copies `length` steps of k, from `first` on, of one vector of columns, from `column` on, to every COLUMNS-th vector
// of a panel. b points to the first element. Only `width` columns exist; the other lanes may hold anything, since they
// are not stored. b has `remaining` steps from the first one on.
APART void KERNEL(pack_vector)(__global const STORED *b, const long b_inner, const long b_column, const int batch,
                               const int column, const int first, const int length, const int remaining,
                               const int width, VECTOR *panel B_PARAMETERS) {
    int step = 0;
#if B_UNIT == INNER_AXIS && defined(B_LOAD)
    // A panel has room for whole squares, so the last may write more steps than exist.
    for (; step < length; step += VECTOR_WIDTH) {
        KERNEL(pack_square)(b, b_column, batch, column, first + step, length - step, width,
                            panel + step * COLUMNS B_ARGUMENTS);
    }
#elif defined(B_LOAD)
    for (; step < length; step++) {
        VECTOR packed;
        if (width == VECTOR_WIDTH) {
            B_LOAD(packed, batch, first + step, column)
        } else {
            B_LOAD_PART(packed, batch, first + step, column, width)
        }
        panel[step * COLUMNS] = packed;
    }
#elif B_UNIT == INNER_AXIS
    for (; step + VECTOR_WIDTH <= length; step += VECTOR_WIDTH) {
        KERNEL(pack_square)(b + step, b_column, batch, column, first + step, VECTOR_WIDTH, width,
                            panel + step * COLUMNS);
    }
#elif B_UNIT == OUTER_AXIS
    for (const int whole = WHOLE_VECTOR_ROWS(length, remaining, width); step < whole; step++) {
        panel[step * COLUMNS] = LOAD(b + step * b_inner);
    }
#endif
    for (; step < length; step++) {
        panel[step * COLUMNS] = LOAD_PART(b + step * b_inner, b_column, width);
    }
}

// sums (+)= ROWS rows of a, from `first_row` on, times a panel of `length` steps of k, from `first` on; a points to the
// first element. Only `rows` of the rows exist.
APART void KERNEL(multiply_tile)(__global const STORED *a, const long a_row, const long a_inner, const int batch,
                                 const int first_row, const int first, const int rows, const int length,
                                 const VECTOR *panel, const int is_first, VECTOR *sums A_PARAMETERS) {
    VECTOR sum[ROWS][COLUMNS];
    __global const STORED *a_rows[ROWS];
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
        a_rows[row] = a + min(row, rows - 1) * a_row;
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
            sum[row][j] = (VECTOR)(0);
        }
    }
#if COPY_A || defined(A_LOAD)
    COMPUTE copy[ROWS][BLOCK_K];
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < length; i += VECTOR_WIDTH) {
            const int count = min(VECTOR_WIDTH, length - i);
#ifdef A_LOAD
            VECTOR x;
            if (count == VECTOR_WIDTH) {
                A_LOAD(x, batch, first_row + min(row, rows - 1), first + i)
            } else {
                A_LOAD_PART(x, batch, first_row + min(row, rows - 1), first + i, count)
            }
            VSTORE(x, copy[row] + i);
#else
            __global const STORED *x = a_rows[row] + i * a_inner;
            VSTORE(a_inner == 1 && count == VECTOR_WIDTH ? LOAD(x) : LOAD_PART(x, a_inner, count), copy[row] + i);
#endif
        }
    }
#endif
    for (int i = 0; i < length; i++) {
#pragma unroll
        for (int row = 0; row < ROWS; row++) {
            const VECTOR x = (VECTOR)(A(row, i));
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
                sum[row][j] = MULTIPLY_ADD(x, panel[i * COLUMNS + j], sum[row][j]);
            }
        }
    }
#pragma unroll
    for (int row = 0; row < ROWS; row++) {
#pragma unroll
        for (int j = 0; j < COLUMNS; j++) {
            sums[row * COLUMNS + j] = is_first ? sum[row][j] : ADD(sums[row * COLUMNS + j], sum[row][j]);
        }
    }
}

__kernel CPU_KERNEL void KERNEL(matmul_tiles)(MATMUL_PARAMETERS, __global OUTPUT *c, const int item_rows,
                                              const int item_panels, const int places A_PARAMETERS B_PARAMETERS
                                                  EPILOGUE_PARAMETERS) {
    VECTOR panel[BLOCK_K * COLUMNS];
    VECTOR sums[LARGEST_PANELS][LARGEST_ROWS * COLUMNS];
    const int row_blocks = (m + item_rows - 1) / item_rows;
    const int column_blocks = (n + item_panels * PANEL - 1) / (item_panels * PANEL);
    const long items = get_global_size(0), item = get_global_id(0);
    const int last_place = (int)(places * (item + 1) / items);
    for (int place = (int)(places * item / items); place < last_place; place++) {
        const int first_row = place % row_blocks * item_rows;
        const int first_column = place / row_blocks % column_blocks * (item_panels * PANEL);
        const int batch = place / row_blocks / column_blocks % batches;
        const int part = place / row_blocks / column_blocks / batches;
        const int last_row = min(first_row + item_rows, m);
        const int last_column = min(first_column + item_panels * PANEL, n);
        const int first_k = part * part_length, last_k = min(first_k + part_length, k);
        __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
        __global const STORED *b_batch = b + BATCH_OFFSET(b, batch);
        // Runs at least once, so that an empty sum is zero.
        int block = first_k;
        do {
            const int length = min(BLOCK_K, last_k - block);
            for (int column = first_column, p = 0; column < last_column; column += PANEL, p++) {
                for (int j = 0; j < COLUMNS; j++) {
                    const int at = min(column + j * VECTOR_WIDTH, n - 1);
                    KERNEL(pack_vector)(b_batch + block * b_inner + at * b_column, b_inner, b_column, batch, at, block,
                                        length, k - block, min(VECTOR_WIDTH, n - at), panel + j B_ARGUMENTS);
                }
                for (int row = first_row; row < last_row; row += ROWS) {
                    KERNEL(multiply_tile)(a_batch + row * a_row + block * a_inner, a_row, a_inner, batch, row, block,
                                          last_row - row, length, panel, block == first_k,
                                          sums[p] + (row - first_row) * COLUMNS A_ARGUMENTS);
                }
            }
            block += BLOCK_K;
        } while (block < last_k);
        for (int row = first_row; row < last_row; row++) {
            for (int column = first_column; column < last_column; column += VECTOR_WIDTH) {
                const int p = (column - first_column) / PANEL, j = (column - first_column) / VECTOR_WIDTH % COLUMNS;
                const VECTOR value = sums[p][(row - first_row) * COLUMNS + j];
                if (column + VECTOR_WIDTH <= n) {
                    STORE(value, batch, row, column);
                } else {
                    STORE_PART(value, batch, row, column, n - column);
                }
            }
        }
    }
}
#undef A
#endif

#if defined(ENTRY_matmul_tiles) && GPU_SHAPE
#define QUAD PASTE(COMPUTE, 4)

// GPU shape: sets `target` to an element of a[batch] or b[batch].
#ifdef A_LOAD
#define A_ELEMENT(target, row, i) A_LOAD(target, batch, row, i)
#else
#define A_ELEMENT(target, row, i) target = LOAD_ONE(a_batch + (row) * a_row + (i) * a_inner);
#endif
#ifdef B_LOAD
#define B_ELEMENT(target, i, column) B_LOAD(target, batch, i, column)
#else
#define B_ELEMENT(target, i, column) target = LOAD_ONE(b_batch + (column) * b_column + (i) * b_inner);
#endif

__kernel GROUP_KERNEL void KERNEL(matmul_tiles)(
    MATMUL_PARAMETERS, __global OUTPUT *c A_PARAMETERS B_PARAMETERS EPILOGUE_PARAMETERS) {
    // Four elements of padding per step of k: without them, copies along a column would all hit the same memory bank.
    __local QUAD a_tile[TILE_K][TILE_ROWS / 4 + 1];
    __local QUAD b_tile[TILE_K][TILE_COLUMNS / 4 + 1];
    const int item = get_local_id(0);
    const int item_row = item / GROUP_COLUMNS, item_column = item % GROUP_COLUMNS;
    const int column_blocks = (n + TILE_COLUMNS - 1) / TILE_COLUMNS, row_blocks = (m + TILE_ROWS - 1) / TILE_ROWS;
    const int place = get_group_id(0);
    const int first_column = place % column_blocks * TILE_COLUMNS;
    const int first_row = place / column_blocks % row_blocks * TILE_ROWS;
    const int batch = place / column_blocks / row_blocks % batches;
    const int part = place / column_blocks / row_blocks / batches;
    const int first_k = part * part_length, last_k = min(first_k + part_length, k);
    __global const STORED *a_batch = a + BATCH_OFFSET(a, batch);
    __global const STORED *b_batch = b + BATCH_OFFSET(b, batch);
    QUAD sum[ITEM_ROWS][ITEM_COLUMNS / 4];
#pragma unroll
    for (int row = 0; row < ITEM_ROWS; row++) {
#pragma unroll
        for (int j = 0; j < ITEM_COLUMNS / 4; j++) {
            sum[row][j] = (QUAD)(0);
        }
    }
    for (int block = first_k; block < last_k; block += TILE_K) {
#pragma unroll
        for (int step = 0; step < TILE_ROWS * TILE_K / GROUP_ITEMS; step++) {
            const int at = item + step * GROUP_ITEMS;
#if A_UNIT == OUTER_AXIS
            const int i = at / TILE_ROWS, row = at % TILE_ROWS;
#else
            const int i = at % TILE_K, row = at / TILE_K;
#endif
            COMPUTE x = 0;
            if (first_row + row < m && block + i < last_k) {
                A_ELEMENT(x, first_row + row, block + i)
            }
            ((__local COMPUTE *)a_tile[i])[row] = x;
        }
#pragma unroll
        for (int step = 0; step < TILE_COLUMNS * TILE_K / GROUP_ITEMS; step++) {
            const int at = item + step * GROUP_ITEMS;
#if B_UNIT == INNER_AXIS
            const int i = at % TILE_K, column = at / TILE_K;
#else
            const int i = at / TILE_COLUMNS, column = at % TILE_COLUMNS;
#endif
            COMPUTE y = 0;
            if (first_column + column < n && block + i < last_k) {
                B_ELEMENT(y, block + i, first_column + column)
            }
            ((__local COMPUTE *)b_tile[i])[column] = y;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = 0; i < TILE_K; i++) {
            QUAD x[ITEM_ROWS / 4], y[ITEM_COLUMNS / 4];
#pragma unroll
            for (int q = 0; q < ITEM_ROWS / 4; q++) {
                x[q] = a_tile[i][q * GROUP_ROWS + item_row];
            }
#pragma unroll
            for (int j = 0; j < ITEM_COLUMNS / 4; j++) {
                y[j] = b_tile[i][j * GROUP_COLUMNS + item_column];
            }
#pragma unroll
            for (int q = 0; q < ITEM_ROWS / 4; q++) {
#pragma unroll
                for (int j = 0; j < ITEM_COLUMNS / 4; j++) {
                    sum[4 * q][j] = MULTIPLY_ADD((QUAD)(x[q].s0), y[j], sum[4 * q][j]);
                    sum[4 * q + 1][j] = MULTIPLY_ADD((QUAD)(x[q].s1), y[j], sum[4 * q + 1][j]);
                    sum[4 * q + 2][j] = MULTIPLY_ADD((QUAD)(x[q].s2), y[j], sum[4 * q + 2][j]);
                    sum[4 * q + 3][j] = MULTIPLY_ADD((QUAD)(x[q].s3), y[j], sum[4 * q + 3][j]);
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    COMPUTE lanes[ITEM_COLUMNS];
#pragma unroll
    for (int r = 0; r < ITEM_ROWS; r++) {
        const int row = first_row + (r / 4 * GROUP_ROWS + item_row) * 4 + r % 4;
#pragma unroll
        for (int j = 0; j < ITEM_COLUMNS / 4; j++) {
            vstore4(sum[r][j], j, lanes);
        }
        for (int j = 0; j < ITEM_COLUMNS; j++) {
            const int column = first_column + (j / 4 * GROUP_COLUMNS + item_column) * 4 + j % 4;
            if (row < m && column < n) {
                STORE(lanes[j], batch, row, column);
            }
        }
    }
}
#undef QUAD
#undef A_ELEMENT
#undef B_ELEMENT
#endif

// Adds the parts of a product that was split along k.
#ifdef ENTRY_matmul_combine
#if GPU_SHAPE
__kernel
#else
__kernel CPU_KERNEL
#endif
void KERNEL(matmul_combine)(__global const COMPUTE *partial, __global STORED *c, const int m, const int n,
                            const int parts, const long size EPILOGUE_PARAMETERS) {
    const long vectors = (n + VECTOR_WIDTH - 1) / VECTOR_WIDTH, places = size / n * vectors;
    const long items = get_global_size(0), item = get_global_id(0);
    const long last_place = places * (item + 1) / items;
    for (long place = places * item / items; place < last_place; place++) {
        const int column = (int)(place % vectors) * VECTOR_WIDTH;
        const int row = (int)(place / vectors % m), batch = (int)(place / vectors / m);
        const int count = min(VECTOR_WIDTH, n - column);
        __global const COMPUTE *values = partial + C_INDEX(batch, row, column);
        VECTOR value = PASTE(load_strided_, COMPUTE)(values, 1, count);
        for (int part = 1; part < parts; part++) {
            value = ADD(value, PASTE(load_strided_, COMPUTE)(values + part * size, 1, count));
        }
        if (count == VECTOR_WIDTH) {
            EPILOGUE_STORE(value, batch, row, column);
        } else {
            EPILOGUE_STORE_PART(value, batch, row, column, count);
        }
    }
}
#endif

#ifdef DEFAULT_A
#undef DEFAULT_A
#undef A_PARAMETERS
#undef A_ARGUMENTS
#endif
#ifdef DEFAULT_B
#undef DEFAULT_B
#undef B_PARAMETERS
#undef B_ARGUMENTS
#endif
#ifdef DEFAULT_EPILOGUE
#undef DEFAULT_EPILOGUE
#undef EPILOGUE_PARAMETERS
#undef EPILOGUE_STORE
#undef EPILOGUE_STORE_PART
#endif
#undef STORED
#undef VECTOR
#undef LOAD
#undef LOAD_ONE
#undef LOAD_PART
#undef ADD
#undef CPU_KERNEL
#undef GROUP_KERNEL
#undef PANEL
#undef BLOCK_K
#undef LARGEST_ROWS
#undef LARGEST_PANELS
#undef ITEM_ROWS
#undef ITEM_COLUMNS
#undef GROUP_ITEMS
#undef OUTPUT
#undef STORE
#undef STORE_PART
